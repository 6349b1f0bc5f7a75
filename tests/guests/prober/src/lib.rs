//! Asks for everything, and tries what it is told to.

use baton_guest::prelude::*;
use serde_json::Value;

mod act;

pub use act::{Act, Became, Child, Input};

/// Does the acts, or lets a child do them.
#[baton_guest::workflow(
    name = "prober",
    description = "Tries one capability after the other, for tests. Beside it there is another one, \
                   whose requests a test makes narrower by writing another text of the same length \
                   over this one, so that it is not told from this one by anything else. It goes on.",
    read("**"),
    agents,
    workflows("prober", "narrow"),
    tools("probe-tool/*"),
    exec("/bin/echo **")
)]
pub async fn run(cx: Cx, input: Input) -> Result<Vec<Value>> {
    act::act(&cx, input).await
}
