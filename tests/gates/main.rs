//! Questions to people and messages from them, through the binary: from components and from scripts,
//! to workflows and to agents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod agents;
mod answers;
mod durable;
#[path = "../agents/support.rs"]
#[allow(dead_code, reason = "a part of it is for another suite")]
mod llm;
mod messages;
mod scripts;
mod support;
