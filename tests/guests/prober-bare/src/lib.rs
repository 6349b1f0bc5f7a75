//! Asks for nothing, and tries what it is told to.

use baton_guest::prelude::*;
use serde_json::Value;

#[path = "../../prober/src/act.rs"]
mod act;

pub use act::{Act, Became, Child, Input};

/// Does the acts, none of which it may do.
#[baton_guest::workflow(
    name = "prober-bare",
    description = "Tries what it did not ask for, for tests."
)]
pub async fn run(cx: Cx, input: Input) -> Result<Vec<Value>> {
    act::act(&cx, input).await
}
