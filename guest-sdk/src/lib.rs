//! Write Baton guests in Rust: workflows that spawn agents, and agents that perform tasks.
//!
//! # A workflow
//!
//! ```
//! use baton_guest::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Input {
//!     topics: Vec<String>,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Note {
//!     text: String,
//! }
//!
//! #[baton_guest::workflow(
//!     name = "notes",
//!     description = "One note per topic.",
//!     phases("Write"),
//!     agents,
//!     budget(agents = 50)
//! )]
//! async fn run(cx: Cx, input: Input) -> Result<Handoff<Vec<Note>>> {
//!     cx.report().phase("Write");
//!     let calls = input.topics.iter().map(|topic| {
//!         cx.agent(format!("Write a note about {topic}.")).schema::<Note>().label(topic)
//!     });
//!     let notes = try_join_all(calls).await?;
//!     Ok(Handoff::new(notes).summary("All notes are written."))
//! }
//! # fn main() {}
//! ```
//!
//! # An agent
//!
//! ```
//! use baton_guest::prelude::*;
//!
//! #[baton_guest::agent(name = "line-counter", description = "Counts lines.", read("**/*.md"))]
//! fn perform(cx: AgentCx, task: Task<String>) -> Result<usize> {
//!     Ok(cx.files().read_text(&task.input)?.lines().count())
//! }
//! # fn main() {}
//! ```
//!
//! # Tools
//!
//! ```
//! use baton_guest::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! /// What to count.
//! #[derive(Deserialize, Schema)]
//! pub struct Count {
//!     /// Path inside the root.
//!     path: String,
//! }
//!
//! #[derive(Serialize, Schema)]
//! pub struct Counted {
//!     lines: usize,
//! }
//!
//! #[baton_guest::tools(name = "count", description = "Counts things.", read("**/*.md"))]
//! pub mod tools {
//!     use super::*;
//!
//!     /// Counts the lines of a file.
//!     pub fn lines(input: Count) -> Result<Counted, ToolError> {
//!         let text = std::fs::read_to_string(&input.path)?;
//!         Ok(Counted { lines: text.lines().count() })
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! A tool is ordinary Rust over the standard library: files through `std::fs` (`/` is the granted
//! root, and the working directory), variables through `std::env`, requests through [`http`], and
//! stand-ins for secrets through [`secret`]. What was not granted is not there.
//!
//! # The package of a guest
//!
//! One guest is one package with `crate-type = ["cdylib", "rlib"]`, compiled for
//! `wasm32-wasip2` with the profile `guest`. The macro writes the custom section `baton:manifest`
//! and the export of its world. Natively the same package is an ordinary library, so that it can
//! be checked and tested; [`testing`] has a host in memory.
//!
//! # Models
//!
//! A call may say what performs it. What it says holds unless the operator decides otherwise with
//! `--agent`, and a model that the run does not know refuses the call before anything is spent.
//!
//! ```no_run
//! # use baton_guest::prelude::*;
//! # async fn example(cx: Cx) -> Result<()> {
//! let answer = cx
//!     .agent("Is this sentence English? Answer yes or no: Le chat dort.")
//!     .ladder(["small", "large"])
//!     .challenger("small", "The answer is wrong.")
//!     .max_turns(4)
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! # People
//!
//! ```no_run
//! # use baton_guest::prelude::*;
//! # async fn example(cx: Cx) -> Result<()> {
//! let answer = cx.gate("Go on?").choices(["all", "the first ten"]).await?;
//! if answer.approved && answer.choice.as_deref() == Some("all") {
//!     log!(cx, "{} wants all", answer.by);
//! }
//! let mut messages = cx.messages();
//! let message = messages.next().await;
//! log!(cx, "{}: {}", message.sender, message.text);
//! # Ok(()) }
//! ```
//!
//! Both are durable: the run may be killed, moved or left alone for weeks meanwhile. Both are
//! answered from any terminal: `baton approve`, `baton reject`, `baton send`.
//!
//! # What to know
//!
//! - A call does nothing until it is awaited or given to a pattern. From its first poll it is a
//!   task; dropping it before it has ended cancels the task.
//! - Waiting happens in one place, below all futures of the workflow. Tasks are numbered in the
//!   order in which they were first polled, and the patterns poll in the order of their arguments,
//!   so a replay spawns the same tasks under the same numbers.
//! - A workflow must not depend on anything that a replay could show differently. Time, random
//!   numbers and the order of a `HashMap` are made repeatable by the host.

// The expansion of the macros names this crate, in its own tests too.
#[cfg(test)]
extern crate self as baton_guest;

mod agent;
mod budget;
mod call;
mod context;
mod entry;
mod error;
mod executor;
mod failure;
mod files;
mod gate;
mod handoff;
mod host;
mod message;
mod model;
mod report;
mod sleep;
mod task;
mod within;
mod workflow;

pub mod http;
pub mod patterns;
#[doc(hidden)]
pub mod schema;
#[doc(hidden)]
pub mod tool;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[cfg(target_arch = "wasm32")]
mod export;

pub use agent::{AgentCall, HandoffFuture, OutputFuture};
pub use baton_guest_macros::{Schema, agent, tools, workflow};
pub use budget::{Amounts, Budget};
pub use call::{AgentExecCall, AgentToolCall, ExecCall, ExecOutput, ToolCall, ToolInfo};
pub use context::{AgentCx, Cx};
pub use error::{Error, Result, TaskError};
pub use failure::{Failure, FailureKind, Refusal, RefusalKind};
pub use files::{
    Content, Entry, EntryKind, FileError, FileErrorKind, Files, Found, Listing, Matches, Selection,
};
pub use gate::{GateAnswer, GateCall};
pub use handoff::{Artifact, Evidence, Handoff, IntoHandoff, LineRange, Usage};
pub use message::{Message, MessageFuture, Messages};
pub use report::{Level, Report};
pub use schema::{Schema, schema_of};
pub use schemars;
pub use sleep::Sleep;
pub use task::{Task, TaskOptions};
pub use tool::{ToolError, ToolErrorKind, secret};
pub use within::Within;
pub use workflow::WorkflowCall;

/// What most guests need.
pub mod prelude {
    pub use schemars::JsonSchema;

    pub use crate::patterns::{
        Limit, Retry, Ruling, Verdict, converge, join_all, pipeline, race, race_ok, retry,
        try_join_all, verify,
    };
    pub use crate::{
        AgentCx, Cx, Error, Evidence, ExecOutput, FailureKind, GateAnswer, Handoff, IntoHandoff,
        Result, Schema, Task, TaskError, ToolError, Within, log,
    };
}

/// What the expansion of the macros uses. Not for anything else.
#[doc(hidden)]
#[cfg(target_arch = "wasm32")]
pub mod component {
    pub use wit_bindgen;

    pub use crate::export::{perform, perform_async, run};
    pub use crate::host::component::{bindings, tool_end};
}

#[cfg(test)]
mod tests;
