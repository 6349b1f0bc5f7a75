//! `baton tree`.

use std::collections::BTreeMap;

use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::record::Pause;
use baton_journal::rows::{RunRow, TaskRow};

use super::{state, usage, why};
use crate::output::{BAD, BOLD, DIM, WARN};
use crate::pause::words;
use crate::reuse::Decision;
use crate::text::{duration, fit, one_line, paint};

/// What is said of a phase that was not reached.
const NOT_STARTED: &str = "not started";

/// What rows do not tell.
#[derive(Clone, Copy)]
pub struct More<'a> {
    /// What became of agent tasks in a run that reuses another.
    pub decisions: &'a BTreeMap<TaskPath, Decision>,
    /// Titles of declared phases that were not reached.
    pub to_come: &'a [String],
    /// Why the run is paused, if it is.
    pub pause: Option<&'a Pause>,
    /// The finished run that it follows up, if it follows one.
    pub follows: Option<&'a RunId>,
}

/// The tasks of a run as a tree, grouped by phase below each workflow.
#[must_use]
pub fn tree(
    run: &RunRow,
    tasks: &[TaskRow],
    more: More<'_>,
    now: Timestamp,
    columns: usize,
) -> String {
    let mut children: BTreeMap<TaskPath, Vec<&TaskRow>> = BTreeMap::new();
    for task in tasks {
        if let Some(parent) = task.path.parent() {
            children.entry(parent).or_default().push(task);
        }
    }
    let (sign, word, style) = state(run.state, run.owned);
    let until = if run.owned && !run.state.is_final() { now } else { run.updated };
    let mut head = format!(
        "{} {} {}  {}  {}",
        paint(style, sign),
        paint(BOLD, &one_line(&run.name)),
        paint(DIM, run.run.as_str()),
        paint(style, word),
        duration(until.since(run.created)),
    );
    let consumed = usage(&run.usage);
    if !consumed.is_empty() {
        head.push_str(&format!("  {}", paint(DIM, &consumed)));
    }
    let More { decisions, to_come, pause, follows } = more;
    if let Some(reason) = pause {
        head.push_str(&format!("  {}", paint(WARN, &one_line(&words(reason, now)))));
    }
    if let Some(run) = follows {
        head.push_str(&format!("  {}", paint(DIM, &format!("follows {run}"))));
    }
    let mut out = format!("{head}\n");
    let drawing = Drawing { children, decisions, owned: run.owned, until, columns };
    drawing.below(&TaskPath::root(), "", &mut out);
    for title in to_come {
        let title = fit(&one_line(title), columns.saturating_sub(NOT_STARTED.len() + 4));
        out.push_str(&format!("○ {} {}\n", paint(BOLD, &title), paint(DIM, NOT_STARTED)));
    }
    out
}

struct Drawing<'a> {
    children: BTreeMap<TaskPath, Vec<&'a TaskRow>>,
    decisions: &'a BTreeMap<TaskPath, Decision>,
    owned: bool,
    /// Until when open tasks count: now, or until the last record where nobody drives the run.
    until: Timestamp,
    columns: usize,
}

/// What hangs below a workflow: a task, or a phase with its tasks.
enum Branch<'a> {
    Task(&'a TaskRow),
    Phase(&'a str, Vec<&'a TaskRow>),
}

impl Drawing<'_> {
    fn below(&self, parent: &TaskPath, indent: &str, out: &mut String) {
        let tasks = self.children.get(parent).map(Vec::as_slice).unwrap_or_default();
        let branches = branches(tasks);
        for (index, branch) in branches.iter().enumerate() {
            let last = index + 1 == branches.len();
            match branch {
                Branch::Task(task) => self.task(task, indent, last, out),
                Branch::Phase(title, tasks) => {
                    let title =
                        fit(&one_line(title), self.columns.saturating_sub(indent.len() + 4));
                    out.push_str(&format!("{indent}{}{}\n", corner(last), paint(BOLD, &title)));
                    let deeper = format!("{indent}{}", trunk(last));
                    for (index, task) in tasks.iter().enumerate() {
                        self.task(task, &deeper, index + 1 == tasks.len(), out);
                    }
                }
            }
        }
    }

    fn task(&self, task: &TaskRow, indent: &str, last: bool, out: &mut String) {
        let (sign, word, style) = state(task.state, self.owned);
        let number = task.path.number().unwrap_or_default();
        let label = task.label.as_deref().map_or_else(|| task.kind.clone(), one_line);
        let mut facts = vec![word.to_owned()];
        if let Some(started) = task.started {
            let until = task.ended.unwrap_or(self.until);
            facts.push(duration(until.since(started)));
        }
        // Before the backend: a line may have no room for both.
        if let Some(decision) = self.decisions.get(&task.path) {
            facts.push(one_line(&decision.words()));
        }
        // A tool without a label is called what it is.
        if let Some(backend) = &task.backend
            && task.label.as_ref() != Some(backend)
        {
            facts.push(one_line(backend));
        }
        if task.attempts > 1 {
            facts.push(format!("{} attempts", task.attempts));
        }
        let consumed = usage(&baton_core::handoff::Usage { agents: 0, ..task.usage });
        if !consumed.is_empty() {
            facts.push(consumed);
        }
        let facts = facts.join("  ");
        let failure = task.failure.as_ref();
        let failure = failure.map(|(code, message)| why(code, message));

        let lead = format!("{indent}{}", corner(last));
        let room = self.columns.saturating_sub(crate::text::width(&lead) + 3);
        let name = fit(&format!("{number} {label}"), room);
        let room = room.saturating_sub(crate::text::width(&name) + 2);
        let facts = fit(&facts, room);
        let room = room.saturating_sub(crate::text::width(&facts) + 2);
        let mut line = format!("{lead}{} {name}  {}", paint(style, sign), paint(DIM, &facts));
        if let Some(failure) = failure {
            line.push_str(&format!("  {}", paint(BAD, &fit(&failure, room))));
        }
        out.push_str(line.trim_end());
        out.push('\n');
        self.below(&task.path, &format!("{indent}{}", trunk(last)), out);
    }
}

/// Tasks in order, those of a phase together where its first one stands.
fn branches<'a>(tasks: &[&'a TaskRow]) -> Vec<Branch<'a>> {
    let mut branches: Vec<Branch<'a>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for task in tasks {
        let Some(title) = task.phase.as_deref() else {
            branches.push(Branch::Task(task));
            continue;
        };
        let place = *places.entry(title).or_insert_with(|| {
            branches.push(Branch::Phase(title, Vec::new()));
            branches.len() - 1
        });
        if let Some(Branch::Phase(_, members)) = branches.get_mut(place) {
            members.push(task);
        }
    }
    branches
}

fn corner(last: bool) -> &'static str {
    if last { "└─ " } else { "├─ " }
}

fn trunk(last: bool) -> &'static str {
    if last { "   " } else { "│  " }
}
