//! Questions to people that are open in runs.

mod answer;
mod shape;
mod standing;
pub mod words;

use baton_core::gate::GateSpec;
use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::record::{Body, Work};
use baton_journal::rows::{RunRow, TaskRow};
use baton_journal::store::Journal;

pub use self::answer::{Given, check, data};
pub use self::shape::{GateShape, MessageShape};
pub use self::standing::mark;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::text::one_line;
use crate::{records, select};

/// The kind of a task that is a gate.
pub const KIND: &str = "gate";
/// Gates that an error names.
const NAMED_MAX: usize = 5;

/// A question that nobody has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGate {
    /// The run.
    pub run: RunId,
    /// Name of its workflow.
    pub name: String,
    /// The task.
    pub task: TaskPath,
    /// What is asked.
    pub spec: GateSpec,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub due: Option<Timestamp>,
}

impl OpenGate {
    /// The id as people write it.
    #[must_use]
    pub fn id(&self) -> String {
        TaskId { run: self.run.clone(), path: self.task.clone() }.to_string()
    }

    /// The command that says yes.
    #[must_use]
    pub fn command(&self) -> String {
        approve(&self.id(), &self.spec)
    }
}

/// The command that says yes to the gate of an id.
#[must_use]
pub fn approve(id: &str, spec: &GateSpec) -> String {
    let choice = match spec.options.choices.first() {
        Some(choice) => format!(" --choice {}", shell_words::quote(&one_line(choice))),
        None => String::new(),
    };
    let data = if spec.options.schema.is_some() { " --data JSON" } else { "" };
    format!("baton approve {id}{choice}{data}")
}

/// The open gates of a run, in order of their paths.
///
/// # Errors
/// Those of the journal.
pub async fn open(journal: &dyn Journal, row: &RunRow) -> Result<Vec<OpenGate>> {
    if row.state.is_final() {
        return Ok(Vec::new());
    }
    let tasks = journal.tasks(&row.run).await?;
    let is_open = |task: &&TaskRow| task.kind == KIND && !task.state.is_final();
    let open: Vec<TaskPath> = tasks.iter().filter(is_open).map(|task| task.path.clone()).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let mut gates = Vec::new();
    records::after(journal, &row.run, 1, |record| {
        if let Body::Spawned { task, work, .. } = record.body
            && let Work::Gate { spec, due } = *work
            && open.contains(&task)
        {
            let (run, name) = (row.run.clone(), row.name.clone());
            gates.push(OpenGate { run, name, task, spec, since: record.at, due });
        }
        Ok(())
    })
    .await?;
    gates.sort_by(|one, other| one.task.cmp(&other.task));
    Ok(gates)
}

/// The open gate that a person named: a task, or a run with a single one.
///
/// # Errors
/// When there is none, it is answered already, or several could be meant.
pub async fn named(journal: &dyn Journal, text: &str) -> Result<(RunRow, OpenGate)> {
    let (row, path) = select::task(journal, text).await?;
    let mut gates = open(journal, &row).await?;
    if path.is_root() {
        return match (gates.pop(), gates.is_empty()) {
            (Some(gate), true) => Ok((row, gate)),
            (Some(last), false) => {
                gates.push(last);
                Err(several(&row, &gates))
            }
            (None, _) => Err(none(&row)),
        };
    }
    if let Some(place) = gates.iter().position(|gate| gate.task == path) {
        return Ok((row, gates.swap_remove(place)));
    }
    let tasks = journal.tasks(&row.run).await?;
    let Some(task) = tasks.iter().find(|task| task.path == path) else {
        return Err(select::no_task(&row.run, &path));
    };
    let id = TaskId { run: row.run.clone(), path };
    let message = match task.kind.as_str() {
        KIND => format!("{id} is answered already: {}", task.state.as_str()),
        kind => format!("{id} is no gate but a {kind}"),
    };
    let hint = format!("`baton show {id}` says more; `baton ls --waiting` lists what is asked");
    Err(CliError::new(Code::NoGate, message).hint(hint))
}

fn none(row: &RunRow) -> CliError {
    let run = &row.run;
    let message = if row.state.is_final() {
        format!("{run} has ended: nothing is asked in it")
    } else {
        format!("nothing is asked in {run}")
    };
    CliError::new(Code::NoGate, message).hint("`baton ls --waiting` lists what is asked")
}

fn several(row: &RunRow, gates: &[OpenGate]) -> CliError {
    let message = format!("{} asks {} questions", row.run, gates.len());
    let lines = gates.iter().take(NAMED_MAX);
    let mut lines: Vec<String> =
        lines.map(|gate| format!("{}  {}", gate.id(), one_line(&gate.spec.question))).collect();
    if gates.len() > NAMED_MAX {
        lines.push(format!("and {} more", gates.len() - NAMED_MAX));
    }
    CliError::new(Code::NoGate, message)
        .frame(lines.join("\n"))
        .hint("name one of them; `baton ls --waiting` lists all")
}

#[cfg(test)]
mod tests;
