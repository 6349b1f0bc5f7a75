//! Why a run or task is as it is, from its records alone.

mod cause;
mod explain;
mod show;
mod story;
#[cfg(test)]
mod tests;

use baton_core::ids::{RunId, TaskPath, Timestamp};

pub use self::cause::{Cause, Telling};
pub use self::explain::explain;
pub use self::show::{WhyShape, heading, text};
pub use self::story::Story;

/// What records do not tell of a run.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The run.
    pub run: RunId,
    /// Whether a living process drives it.
    pub owned: bool,
    /// The present moment.
    pub now: Timestamp,
    /// Agents at work at once where the run itself does not say how many.
    pub places: u32,
}

/// One statement, and the records that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about; the root: the run.
    pub task: TaskPath,
    /// Why.
    pub cause: Cause,
    /// Numbers of records as `baton journal` shows them, ascending; none: it sums up others.
    pub records: Vec<u64>,
}
