//! One page about a run that loads nothing, executes nothing and can be sent to anybody.
//!
//! [`gather()`] reads the journal, [`page()`] writes the page: a pure function of what was gathered.

mod costs;
mod facts;
mod forecast;
mod gather;
mod head;
mod html;
mod ordered;
mod page;
mod people;
mod result;
mod talk;
#[cfg(test)]
mod tests;
mod timeline;
mod tree;

use std::collections::BTreeMap;

use baton_core::handoff::Outcome;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::RunStarted;
use baton_journal::rows::{RunRow, TaskRow};

pub use self::gather::gather;
pub use self::page::page;
use self::people::Act;
use self::talk::{Asked, Talk};
use crate::shapes::moment;
use crate::totals::Totals;
use crate::why::{Finding, Standing};

/// Bytes of text that are shown of one prompt, output, message or turn.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// Bytes of text that are shown of what was said in one task.
const TASK_BYTES_MAX: usize = 128 << 10;
/// Bytes of text that are shown of what was said in all tasks.
const TALK_BYTES_MAX: usize = 8 << 20;
/// Tasks in the tree.
const TASKS_MAX: usize = 3_000;
/// Rows of the timeline.
const LANES_MAX: usize = 400;
/// Rows of a table.
const ROWS_MAX: usize = 500;
/// Messages, answers and orders of people.
const ACTS_MAX: usize = 1_000;

/// Everything that stands on the page.
pub struct Report {
    /// The run.
    pub row: RunRow,
    /// What it began with.
    pub started: Box<RunStarted>,
    /// Its tasks.
    pub tasks: Vec<TaskRow>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// What it consumed.
    pub totals: Totals,
    /// Where it stands.
    pub standing: Standing,
    /// Why it is as it is.
    pub findings: Vec<Finding>,
    /// The same of each task, where there is more to say than how it ended.
    pub why: BTreeMap<TaskPath, Vec<Finding>>,
    /// What tasks were asked.
    pub asked: BTreeMap<TaskPath, Asked>,
    /// What was said in them.
    pub talk: Talk,
    /// Moments at which attempts of tasks failed.
    pub broke: BTreeMap<TaskPath, Vec<Timestamp>>,
    /// What people did.
    pub acts: Vec<Act>,
    /// What people did beyond those.
    pub acts_more: u64,
    /// Wasm engines and owners, as they went on with it.
    pub owners: Vec<Owner>,
}

/// Whoever drove a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Number of the record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The wasm engine.
    pub engine: String,
}

/// The beginning of a text that may be long, and how many bytes were left out.
fn cut(text: &str, max: usize) -> (&str, usize) {
    if text.len() <= max {
        return (text, 0);
    }
    let end = (0..=max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    (text.get(..end).unwrap_or_default(), text.len() - end)
}

/// A moment as people read it, in UTC to the second.
fn when(at: Timestamp) -> String {
    let moment = moment(at);
    let shown = moment.split('.').next().unwrap_or_default();
    shown.replace('T', " ")
}
