//! What is said before a fork begins, and the question about what must not happen twice.

use std::io::{BufRead as _, IsTerminal as _};

use baton_core::fork::{Before, Once, Open, Plan};
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::Effect;
use serde::Serialize;

use super::Parent;
use crate::args::BeginArgs;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::output::{BOLD, DIM, WARN, note, stdout};
use crate::render::detailed;
use crate::shapes::{self, UsageShape};
use crate::text::{one_line, paint, plural};

/// Tasks that are told one by one.
const TOLD_MAX: usize = 8;

/// A fork that would be, of `--dry-run --json`.
#[derive(Serialize)]
struct Shape<'a> {
    run: &'a RunId,
    at: u64,
    records: u64,
    shared: SharedShape,
    open: Vec<OpenShape<'a>>,
    twice: Vec<OnceShape<'a>>,
    edit: Option<&'a str>,
}

#[derive(Serialize)]
struct SharedShape {
    tasks: u64,
    usage: UsageShape,
}

#[derive(Serialize)]
struct OpenShape<'a> {
    task: String,
    kind: &'a str,
    label: Option<&'a str>,
    effect: Option<Effect>,
    before: &'static str,
}

#[derive(Serialize)]
struct OnceShape<'a> {
    task: String,
    label: Option<&'a str>,
    certain: bool,
}

/// Says what is shared and what is done again: to people, or as JSON where nothing else follows.
///
/// # Errors
/// When standard output cannot be written.
pub fn say(
    parent: &Parent,
    plan: &Plan,
    except: Option<&[TaskPath]>,
    begin: &BeginArgs,
) -> Result<()> {
    let run = &parent.row.run;
    if begin.dry_run && begin.result.json {
        return stdout(&shapes::line(&shape(run, plan, except))?);
    }
    let shared = plan.records.len() as u64;
    let agents = plan.shared.usage.agents;
    let spent = detailed(&plan.shared.usage);
    let spent = if spent.is_empty() { String::new() } else { format!(" · {spent}") };
    note(&format!(
        "{} {run} at record {}: {} of {} shared, {}{spent} not paid again",
        paint(BOLD, "forks"),
        plan.at,
        plural(shared, "record"),
        parent.row.records.max(plan.at),
        plural(agents, "agent"),
    ));
    if let Some(edit) = &plan.edit {
        note(&format!("  {} {}", paint(BOLD, "edited:"), one_line(edit)));
    }
    let begun = |open: &&Open| open.before != Before::Waiting && open.kind != "workflow";
    let again: Vec<&Open> = plan.open.iter().filter(begun).collect();
    let waiting =
        plan.open.iter().filter(|open| open.before == Before::Waiting && open.effect.is_some());
    for open in again.iter().take(TOLD_MAX) {
        let how = if open.before == Before::Ended { "had ended" } else { "was at work" };
        let reused = if except.is_some_and(|except| !within(&open.task, except)) {
            ", unless its result serves"
        } else {
            ""
        };
        let label = open.label.as_deref().map(|label| format!(" {}", one_line(label)));
        note(&format!(
            "  {} /{} {}{} {}",
            paint(DIM, "again:"),
            open.task,
            open.kind,
            label.unwrap_or_default(),
            paint(DIM, &format!("({how}{reused})"))
        ));
    }
    if again.len() > TOLD_MAX {
        let more = plural((again.len() - TOLD_MAX) as u64, "more task");
        note(&format!("  {} {more}: --dry-run --json lists them", paint(DIM, "again:")));
    }
    match waiting.count() as u64 {
        0 => {}
        waiting => {
            note(&format!("  {} {} not begun", paint(DIM, "goes on:"), plural(waiting, "task")))
        }
    }
    for once in plan.twice(except) {
        note(&format!("  {} {}", paint(WARN, "twice:"), sentence(once)));
    }
    Ok(())
}

/// Asks about what must not happen twice and would.
///
/// # Errors
/// When the person declines, or nobody can be asked.
pub fn ask(plan: &Plan, except: Option<&[TaskPath]>, yes: bool) -> Result<()> {
    let twice = plan.twice(except).count() as u64;
    if twice == 0 || yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        let message = format!("{} would happen a second time", plural(twice, "effect"));
        return Err(CliError::new(Code::Twice, message).hint(
            "--yes lets them happen; --at a later place shares what they did; --reuse takes results that serve",
        ));
    }
    note(&format!("{} [y/N] ", paint(BOLD, "Let that happen a second time?")));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" if read.is_ok() => Ok(()),
        _ => Err(CliError::new(Code::ConsentDeclined, "the fork was declined")),
    }
}

/// Says the id of a fork that was written.
pub fn made(id: &RunId) {
    note(&format!("{} {id}", paint(BOLD, "fork")));
}

fn sentence(once: &Once) -> String {
    let label = once.label.as_deref().map(one_line).unwrap_or_default();
    let when =
        if once.certain { "happens a second time" } else { "may be asked for a second time" };
    format!("/{} {label}: it must not happen twice, and {when}", once.task)
}

fn within(task: &TaskPath, any: &[TaskPath]) -> bool {
    any.iter().any(|other| task.is_within(other))
}

fn shape<'a>(run: &'a RunId, plan: &'a Plan, except: Option<&'a [TaskPath]>) -> Shape<'a> {
    let id = |task: &TaskPath| format!("{run}/{task}");
    Shape {
        run,
        at: plan.at,
        records: plan.records.len() as u64,
        shared: SharedShape { tasks: plan.shared.tasks, usage: (&plan.shared.usage).into() },
        open: plan
            .open
            .iter()
            .map(|open| OpenShape {
                task: id(&open.task),
                kind: open.kind,
                label: open.label.as_deref(),
                effect: open.effect,
                before: match open.before {
                    Before::Waiting => "waiting",
                    Before::Begun => "begun",
                    Before::Ended => "ended",
                },
            })
            .collect(),
        twice: plan
            .twice(except)
            .map(|once| OnceShape {
                task: id(&once.task),
                label: once.label.as_deref(),
                certain: once.certain,
            })
            .collect(),
        edit: plan.edit.as_deref(),
    }
}
