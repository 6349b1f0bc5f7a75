//! Matching what a guest attempts against what was recorded.

mod cursor;
mod kind;

use std::fmt;

use crate::digest::Digest;
use crate::ids::TaskPath;

pub use cursor::Cursor;
pub(crate) use cursor::Moment;
pub(crate) use kind::{
    CANCEL, END, FILES, GATE, LISTEN, REFUSED, REPORT, SLEEP, SPAWN_AGENT, SPAWN_TOOL,
    SPAWN_WORKFLOW, WAIT, kind_of_work, same_kind, summary_of_request, summary_of_work,
};

/// A guest attempted something else than its journal says. The run stops before any new effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Divergence {
    /// The workflow that diverged.
    pub workflow: TaskPath,
    /// Position among the commands of that workflow, from 1.
    pub position: u64,
    /// Sequence number of the record it should have repeated; none past the end of the record.
    pub seq: Option<u64>,
    /// What was recorded.
    pub recorded: Attempt,
    /// What was attempted.
    pub attempted: Attempt,
}

/// One side of a divergence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Kind of the command, such as `spawn-agent`.
    pub kind: &'static str,
    /// The command in words.
    pub summary: String,
    /// Digest of its content.
    pub digest: Digest,
    /// Fuel that was burnt before it.
    pub fuel: u64,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({}, fuel {})", self.kind, self.summary, self.digest.short(), self.fuel)
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workflow, position, seq, recorded, attempted } = self;
        write!(f, "the replay diverged at command {position} of workflow /{workflow}")?;
        if let Some(seq) = seq {
            write!(f, " (record {seq})")?;
        }
        write!(f, "\n  recorded:  {recorded}\n  attempted: {attempted}")?;
        let differing: Vec<&str> = [
            ("kind", recorded.kind != attempted.kind),
            ("content", recorded.digest != attempted.digest),
            ("fuel", recorded.fuel != attempted.fuel),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
        write!(f, "\n  differs in: {}", differing.join(", "))
    }
}
