//! `baton diff`: two runs held against each other.

mod align;
mod facts;
mod parts;
mod shown;

use baton_core::ids::TaskPath;

use self::align::{Pair, pairs};
use self::facts::Facts;
use self::parts::Part;
use crate::args::{Common, DiffArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::home::{self, Home};
use crate::output::stdout;
use crate::select;

/// Shows in what two runs differ.
///
/// # Errors
/// When there is no such run, or the journal cannot be read.
pub fn run(args: &DiffArgs, common: &Common) -> Result<Exit> {
    let journal = Home::find(common)?.read_existing()?;
    let (a, b) = home::block_on(async {
        let (a, b) =
            (select::run(&*journal, &args.a).await?, select::run(&*journal, &args.b).await?);
        Ok((Facts::read(&*journal, a).await?, Facts::read(&*journal, b).await?))
    })?;
    let difference = Difference::of(&a, &b);
    let text = if args.json { shown::json(&difference)? } else { shown::text(&difference) };
    stdout(&text)?;
    Ok(if difference.is_none() { Exit::Done } else { Exit::Failed })
}

/// In what two runs differ.
pub struct Difference<'a> {
    /// The one.
    pub a: &'a Facts,
    /// The other.
    pub b: &'a Facts,
    /// What is different of the runs themselves.
    pub run: Vec<Part>,
    /// Tasks that are different, in order of their places.
    pub tasks: Vec<Task>,
}

/// A task that is different.
pub struct Task {
    /// How.
    pub change: Change,
    /// Where it is in the one run, if it is there.
    pub a: Option<TaskPath>,
    /// Where it is in the other.
    pub b: Option<TaskPath>,
    /// What is different of it.
    pub parts: Vec<Part>,
}

/// How a task is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the one run has it.
    Removed,
    /// Only the other run has it.
    Added,
    /// Both have it, with differences.
    Changed,
    /// Both have it the same, in different places.
    Moved,
}

impl<'a> Difference<'a> {
    fn of(a: &'a Facts, b: &'a Facts) -> Self {
        let mut tasks = Vec::new();
        for Pair { a: one, b: other } in pairs(a, b) {
            let (change, parts) = match (&one, &other) {
                (Some(one), Some(other)) => {
                    let parts = parts::of_tasks((a, one), (b, other));
                    match (parts.is_empty(), one == other) {
                        (true, true) => continue,
                        (true, false) => (Change::Moved, parts),
                        (false, _) => (Change::Changed, parts),
                    }
                }
                (Some(_), None) => (Change::Removed, Vec::new()),
                (None, _) => (Change::Added, Vec::new()),
            };
            tasks.push(Task { change, a: one, b: other, parts });
        }
        Self { a, b, run: parts::of_runs(a, b), tasks }
    }

    /// Whether there is none. Places alone are none: the order decides them in which tasks end.
    fn is_none(&self) -> bool {
        self.run.is_empty() && self.tasks.iter().all(|task| task.change == Change::Moved)
    }
}
