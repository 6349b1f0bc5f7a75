//! Tools: deterministic steps with effects.
//!
//! A [`Toolbox`] performs the calls of one run: tools of components in the sandbox, commands of the
//! operating system, and servers of the Model Context Protocol. What a call may touch was decided
//! before, in core; here it is enforced. Inputs and outputs are checked against the schemas of their
//! tool, and no secret leaves in an answer.

mod certificates;
mod component;
pub mod exec;
mod job;
pub mod mcp;
pub mod secrets;
mod toolbox;

pub use component::ComponentTools;
pub use job::{ToolJob, idempotency_key};
pub use toolbox::{ToolCall, Toolbox, ToolboxParts};
