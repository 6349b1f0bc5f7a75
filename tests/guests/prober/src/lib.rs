//! Asks for everything, and tries what it is told to.

use baton_guest::prelude::*;
use serde_json::Value;

mod act;

pub use act::{Act, Became, Child, Input};

/// Does the acts, or lets a child do them.
#[baton_guest::workflow(
    name = "prober",
    description = "Tries one capability after the other, for tests.",
    read("**"),
    agents,
    workflows("prober"),
    tools("probe-tool/*"),
    exec("/bin/echo **")
)]
pub async fn run(cx: Cx, input: Input) -> Result<Vec<Value>> {
    act::act(&cx, input).await
}
