//! A run that begins with the record of another, up to a point, and goes its own way from there.
//!
//! Pure: [`plan`] takes the records of the run and says with which records the fork begins. What ended
//! before the cut is shared as it is. What was open at the cut begins anew: nothing of its attempts is
//! kept. A workflow repeats its recorded commands in the fork as it would when the run is resumed, so
//! the order of commands and of ends is never changed.

mod cut;
mod edit;
mod plan;
mod prefix;
mod repeats;

use crate::handoff::Usage;
use crate::ids::TaskPath;
use crate::json::Json;
use crate::record::{Effect, Record};
use crate::run::RecordError;

pub use plan::plan;

/// Where a fork leaves the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Just before this task ended; where it did not, after everything that is on record. The task
    /// is done again, a workflow with all that is below it.
    At(TaskPath),
    /// After the record with this number.
    After(u64),
}

/// What is different in the fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The task at the cut ends with this output, without being done again.
    Output {
        /// The output. Whether it fits the task's schema is checked by whoever has the means.
        output: Json,
        /// Who says so.
        by: String,
    },
    /// The task at the cut is done again with this. Of an agent: a string is its prompt, an object
    /// has `prompt`, `input` or both. Of a tool or a workflow: its input.
    Input(Json),
    /// Another program repeats what is kept, and goes on.
    Workflow,
}

/// How a fork begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Record of the run up to which it is shared.
    pub at: u64,
    /// Its records from 1, without gaps. The first is that of the run: whoever writes the fork makes
    /// it the fork's own.
    pub records: Vec<Record>,
    /// What of it need not be paid again.
    pub shared: Shared,
    /// What is open at the cut, in order of the paths.
    pub open: Vec<Open>,
    /// What the run did, or began, that must not happen twice and is not shared.
    pub once: Vec<Once>,
    /// Tasks whose end is not what performing them brought, but what a person wrote: here, and in
    /// the runs above.
    pub given: Vec<TaskPath>,
    /// Tasks whose input is not what their workflow asked for, but what a person wrote.
    pub asked: Vec<TaskPath>,
    /// Whether no other program than that of the run's first record made anything of it, or repeats it.
    pub same_program: bool,
    /// The edit in words, for people.
    pub edit: Option<String>,
}

/// What a fork has for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Tasks that ended.
    pub tasks: u64,
    /// What they consumed in the run.
    pub usage: Usage,
}

/// A task that is open where a fork begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The task.
    pub task: TaskPath,
    /// What kind of task.
    pub kind: &'static str,
    /// What people call it.
    pub label: Option<String>,
    /// What a repeat would do outside; none: nobody performs it.
    pub effect: Option<Effect>,
    /// How far it had come in the run.
    pub before: Before,
}

/// How far a task had come in the run that is forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It had not begun.
    Waiting,
    /// It had begun, and has not ended.
    Begun,
    /// It ended later.
    Ended,
}

/// An effect that must not happen twice, and may do so in the fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The task that had it in the run.
    pub task: TaskPath,
    /// What people call it.
    pub label: Option<String>,
    /// It is open at the cut, so that it is certain to happen again. Else the fork may ask for it again.
    pub certain: bool,
    /// Its result can serve in a fork that reuses results of the run.
    pub reusable: bool,
}

/// Why a run cannot be forked like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// There is no such task.
    #[error("the run has no task /{0}")]
    NoTask(TaskPath),
    /// There is no such record.
    #[error("the run has no record {asked}; it has {last}")]
    NoRecord {
        /// The number that was asked for.
        asked: u64,
        /// The number of the last one.
        last: u64,
    },
    /// An agent called it: it cannot be done again without its agent.
    #[error("/{call} is a call of the agent /{agent}")]
    Call {
        /// The call.
        call: TaskPath,
        /// Its agent.
        agent: TaskPath,
    },
    /// An edit of an output or an input is about one task.
    #[error("this edit is of one task, and the cut names none")]
    NoPlace,
    /// Tasks of this kind have nothing of the sort.
    #[error("/{task} is a {kind}, which has no {what} to edit")]
    Kind {
        /// The task.
        task: TaskPath,
        /// Its kind.
        kind: &'static str,
        /// What was to be edited.
        what: &'static str,
    },
    /// The new input or output cannot be used.
    #[error("{0}")]
    Unfit(String),
    /// The records are not those of one run.
    #[error(transparent)]
    Records(#[from] RecordError),
}
