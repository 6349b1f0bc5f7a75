//! A tree of workflows: each runs itself as its children, and the leaves ask an agent.

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// Shape of the tree below this workflow.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// Levels of workflows below this one; 0 asks an agent.
    pub depth: u32,
    /// Children of each workflow.
    pub width: u32,
}

impl Default for Input {
    fn default() -> Self {
        Self { depth: 1, width: 2 }
    }
}

/// Counts the leaves that were reached.
#[baton_guest::workflow(
    name = "nest",
    description = "Runs itself as its children; the leaves ask one agent each.",
    agents,
    workflows("nest")
)]
pub async fn run(cx: Cx, input: Option<Input>) -> Result<u64> {
    let input = input.unwrap_or_default();
    let Some(below) = input.depth.checked_sub(1) else {
        let _: String = cx.agent("Say that you were here.").await?;
        return Ok(1);
    };
    let child = Input { depth: below, ..input };
    let children = (0..input.width).map(|_| cx.workflow("nest", &child).output::<u64>());
    Ok(try_join_all(children).await?.into_iter().sum())
}
