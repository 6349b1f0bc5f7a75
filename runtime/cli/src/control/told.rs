//! What a command that acts on a run says at its end.

use std::collections::BTreeMap;

use baton_core::ids::{RunId, TaskId, TaskPath};
use serde::Serialize;

use super::Fate;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{note, stdout};
use crate::shapes;

/// An order and what became of it.
pub struct Told<'a> {
    /// The run.
    pub run: &'a RunId,
    /// The task, if it is about one.
    pub task: Option<&'a TaskPath>,
    /// The phase, if it is about one.
    pub phase: Option<&'a str>,
    /// The order in one word.
    pub order: &'static str,
    /// What became of it.
    pub fate: Fate,
    /// What is true now that it was obeyed, in one sentence.
    pub done: String,
    /// What will be done when somebody goes on with the run, after "when … goes on, ".
    pub later: String,
    /// What to do next, for people, where it was obeyed.
    pub next: Option<String>,
    /// Open tasks that were cancelled, by kind.
    pub cancelled: Option<BTreeMap<String, u64>>,
}

/// The same, of commands that act with `--json`.
#[derive(Serialize)]
struct Shape<'a> {
    run: &'a RunId,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a str>,
    order: &'static str,
    outcome: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<&'a BTreeMap<String, u64>>,
}

impl<'a> Told<'a> {
    /// An order about a run, or about one of its tasks.
    #[must_use]
    pub fn new(
        run: &'a RunId,
        task: Option<&'a TaskPath>,
        order: &'static str,
        fate: Fate,
    ) -> Self {
        Self {
            run,
            task,
            phase: None,
            order,
            fate,
            done: String::new(),
            later: String::new(),
            next: None,
            cancelled: None,
        }
    }

    /// The id of what it is about.
    #[must_use]
    pub fn id(&self) -> String {
        id(self.run, self.task)
    }

    /// What is said: a sentence and what to do.
    fn words(&self) -> (String, Option<String>) {
        let run = self.run;
        match &self.fate {
            Fate::Obeyed => (self.done.clone(), self.next.clone()),
            Fate::Already(why) => (why.clone(), self.next.clone()),
            Fate::Refused(why) => (
                format!("{}: {why}", self.id()),
                Some(format!("`baton tree {run}` shows how it stands")),
            ),
            Fate::Kept => (
                format!("nobody drives {run} now; when somebody goes on with it, {}", self.later),
                Some(format!("`baton resume {run}` goes on")),
            ),
            Fate::Pending => (
                format!("the order is in the journal; the owner of {run} has not obeyed yet"),
                Some(format!("`baton journal -f {run}` shows when it does")),
            ),
        }
    }

    /// Says it: as JSON on standard output, or in words on standard error.
    ///
    /// # Errors
    /// When the owner could not do it.
    pub fn show(&self, json: bool) -> Result<Exit> {
        let (message, hint) = self.words();
        if json {
            stdout(&shapes::line(&Shape {
                run: self.run,
                task: self.task.map(|path| id(self.run, Some(path))),
                phase: self.phase,
                order: self.order,
                outcome: self.fate.word(),
                message: &message,
                hint: hint.as_deref(),
                cancelled: self.cancelled.as_ref(),
            })?)?;
        }
        if matches!(self.fate, Fate::Refused(_)) {
            let error = CliError::new(Code::Order, message);
            return Err(match hint {
                Some(hint) => error.hint(hint),
                None => error,
            });
        }
        if !json {
            note(&match hint {
                Some(hint) => format!("{message} ({hint})"),
                None => message,
            });
        }
        Ok(Exit::Done)
    }
}

fn id(run: &RunId, task: Option<&TaskPath>) -> String {
    let path = task.cloned().unwrap_or_default();
    TaskId { run: run.clone(), path }.to_string()
}
