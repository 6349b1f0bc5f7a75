//! Reads a workflow script: checks it, reads its `meta`, lists what it uses, and makes the text
//! that the engine executes.
//!
//! A script is parsed as strict JavaScript by a real parser; every check looks at the syntax
//! tree, never at the text, so that words in strings and comments are harmless. Nothing of a
//! script is executed here. The crate needs no clock, no file and no randomness.
//!
//! [`inspect`] is for people and programs that look at a script, [`prepare`] for the runner.

mod depth;
mod draft;
mod edits;
mod frame;
mod inspect;
mod instrument;
mod meta;
mod parse;
mod position;
mod prepare;
mod redeclared;
mod report;
mod survey;
mod typescript;

#[cfg(test)]
mod tests;

pub use frame::{FRAME_WIDTH, frame};
pub use inspect::inspect;
pub use meta::{Meta, Phase};
pub use position::Position;
pub use prepare::{Prepared, prepare};
pub use report::{
    AgentUse, Code, Finding, Inspection, NameUse, PortabilityUse, ToolUse, WorkflowUse,
};

/// The most bytes of UTF-8 that a script may have, a byte-order mark included. The dialect's
/// number; a larger file is refused before it is parsed.
pub const SOURCE_BYTES_MAX: usize = 524_288;
