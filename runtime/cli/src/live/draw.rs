//! A [`Model`] as lines of text. Pure.

mod events;

use baton_core::budget::Cap;
use baton_core::gate::GateSpec;
use baton_core::ids::{TaskPath, Timestamp};

pub use self::events::lines;
use super::model::{Counts, Kind, Model, Phase, Task};
use super::words::{consumed, doing, last, waiting};
use crate::output::{BAD, BOLD, BUSY, DIM, GOOD, WARN};
use crate::text::{duration, fit, one_line, pad, paint, plural, width};

/// Columns of a bar of progress.
const BAR: u64 = 20;
/// Most columns of a phase's title.
const TITLE_MAX: usize = 28;

/// The counts of a run on one plain line.
#[must_use]
pub fn counts(model: &Model) -> String {
    format!("  {}", facts(&model.total, model).join(", "))
}

fn facts(counts: &Counts, model: &Model) -> Vec<String> {
    let mut facts = Vec::new();
    if counts.spawned > 0 || model.tools.spawned == 0 {
        facts.push(format!("{} of {} done", counts.ended, plural(counts.spawned, "agent")));
    }
    facts.push(format!("{} at work", model.working.len()));
    if model.reused > 0 {
        facts.push(format!("{} reused", model.reused));
    }
    if counts.failed > 0 {
        facts.push(format!("{} failed", counts.failed));
    }
    let tools = &model.tools;
    if tools.spawned > 0 {
        let failed = match tools.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        facts.push(format!("{} of {}{failed}", tools.ended, plural(tools.spawned, "tool call")));
    }
    if !model.gates.is_empty() {
        facts.push(format!("{} to answer", plural(model.gates.len() as u64, "question")));
    }
    if model.timers > 0 {
        facts.push(plural(model.timers, "timer"));
    }
    facts.extend(consumed(&model.usage, Some(&model.caps.run)));
    facts
}

/// Columns of a label.
const LABEL: usize = 28;
/// Columns of a backend where there is much room, and where there is little.
const BACKEND: (usize, usize) = (28, 18);
/// From how many columns on there is much.
const WIDE: usize = 100;

/// An agent or tool at work on one line: what it is, for how long, and what it does, of which the
/// end matters most.
fn working(task: &Task, now: Timestamp, columns: usize) -> String {
    let since = duration(now.since(task.started.unwrap_or(now)));
    // A tool without a label is called what it is.
    let backend = task.backend.as_deref().filter(|backend| *backend != task.label);
    let backend = backend.map(one_line).unwrap_or_default();
    let room = if columns < WIDE { BACKEND.1 } else { BACKEND.0 };
    let mut line = format!(
        "{}  {}  {}",
        pad(&fit(&one_line(&task.label), LABEL), LABEL),
        pad(&since, 6),
        pad(&fit(&backend, room), room)
    );
    let spent = consumed(&task.usage, None).join(" · ");
    for part in [spent, doing(task, now)] {
        if !part.is_empty() {
            line.push_str("  ");
            line.push_str(&last(&part, columns.saturating_sub(width(&line))));
        }
    }
    fit(line.trim_end(), columns)
}

/// What is drawn in place: the run, its phases, and below each its agents at work and open gates as
/// far as there is room. At most `rows` less two lines, none wider than `columns`.
#[must_use]
pub fn screen(model: &Model, now: Timestamp, columns: usize, rows: usize) -> Vec<String> {
    beside(model, now, (columns, rows), None)
}

/// The same where one of the open gates stands on the terminal already.
#[must_use]
pub fn beside(
    model: &Model,
    now: Timestamp,
    (columns, rows): (usize, usize),
    asked: Option<&TaskPath>,
) -> Vec<String> {
    let Some((_, run)) = &model.title else { return Vec::new() };
    // The last column stays free: a terminal may wrap a line that fills it.
    let columns = columns.saturating_sub(1);
    let room = rows.saturating_sub(2).max(1);
    let elapsed = duration(now.since(model.began));
    let head = format!("{elapsed}  {}", facts(&model.total, model).join(" · "));
    let mut out = vec![paint(DIM, &fit(&head, columns))];

    if let Some(line) = waiting(model, now) {
        out.push(format!("  {} {}", paint(WARN, "‖"), fit(&line, columns.saturating_sub(4))));
    } else if let Some(by) = &model.pausing {
        let line = format!("pause ordered by {}: what is at work ends first", one_line(by));
        out.push(format!("  {} {}", paint(WARN, "‖"), fit(&line, columns.saturating_sub(4))));
    }
    let phases: Vec<&Phase> = visible(&model.phases, room / 2).collect();
    let open = Open::choose(model, asked, room.saturating_sub(out.len() + phases.len()));
    let below = |chosen: &dyn Fn(&Task) -> bool, out: &mut Vec<String>| {
        for task in open.shown.iter().copied().filter(|task| chosen(task)) {
            task_lines(task, run, now, columns, out);
        }
    };
    for phase in &phases {
        out.push(phase_line(phase, model.cap(phase), columns));
        below(&|task: &Task| in_phase(model, task, phase), &mut out);
    }
    below(&|task: &Task| !phases.iter().any(|phase| in_phase(model, task, phase)), &mut out);
    if open.hidden > 0 && out.len() < room {
        let line = format!("      and {} more at work", open.hidden);
        out.push(paint(DIM, &fit(&line, columns)));
    }
    out
}

/// Whether a task is one of a phase's.
fn in_phase(model: &Model, task: &Task, phase: &Phase) -> bool {
    let own = task.phase.and_then(|own| model.phases.get(own));
    own.is_some_and(|own| std::ptr::eq(own, phase))
}

/// Which tasks are shown one by one.
struct Open<'a> {
    shown: Vec<&'a Task>,
    /// How many are at work beside them.
    hidden: usize,
}

impl<'a> Open<'a> {
    /// Open gates first, for they wait for the one who looks, then what is at work, on at most `room`
    /// lines. What an agent calls is told by the agent.
    fn choose(model: &'a Model, asked: Option<&TaskPath>, room: usize) -> Self {
        let gates = model.gates.iter().filter(|path| Some(*path) != asked);
        let gates: Vec<&Task> = gates.filter_map(|path| model.task(path)).collect();
        let working = model.working.iter().filter_map(|path| model.task(path));
        let own =
            |task: &&Task| model.at(task.parent).is_none_or(|above| above.kind != Kind::Agent);
        let working: Vec<&Task> = working.filter(own).collect();
        let mut shown: Vec<&Task> = gates.into_iter().take(room / GATE_LINES).collect();
        let left = room - shown.len() * GATE_LINES;
        let all = working.len();
        let most = if all <= left { all } else { left.saturating_sub(1) };
        shown.extend(working.into_iter().take(most));
        shown.sort_by(|a, b| a.path.cmp(&b.path));
        Self { shown, hidden: all - most }
    }
}

/// Lines of an open gate: its question, and the command that answers it.
const GATE_LINES: usize = 2;

fn task_lines(task: &Task, run: &str, now: Timestamp, columns: usize, out: &mut Vec<String>) {
    let room = columns.saturating_sub(6);
    let Some(gate) = &task.gate else {
        out.push(format!("    {} {}", paint(BUSY, "●"), working(task, now, room)));
        return;
    };
    let question = format!("/{} {}", task.path, doing(task, now));
    out.push(format!("    {} {}", paint(WARN, "?"), paint(BOLD, &fit(&question, room))));
    let command = answer(run, task, gate);
    out.push(format!("      {}", paint(DIM, &fit(&command, room))));
}

/// The command that answers a gate.
fn answer(run: &str, task: &Task, gate: &GateSpec) -> String {
    let mut command = format!("baton approve {run}/{}", task.path);
    if !gate.options.choices.is_empty() {
        let choices: Vec<String> = gate.options.choices.iter().map(|text| one_line(text)).collect();
        command.push_str(&format!(" --choice '{}'", choices.join("|")));
    }
    if gate.options.schema.is_some() {
        command.push_str(" --data JSON");
    }
    command.push_str(", or baton reject");
    command
}

/// The phases for which there is room; the rest is for agents at work. Of those that have begun the
/// newest matter most, of those to come the next.
fn visible(phases: &[Phase], max: usize) -> impl Iterator<Item = &Phase> {
    let begun = phases.iter().filter(|phase| phase.begun).count();
    let mut hidden = begun.saturating_sub(max);
    let mut to_come = max.saturating_sub(begun);
    phases.iter().filter(move |phase| {
        let left = if phase.begun { &mut hidden } else { &mut to_come };
        let counted = *left > 0;
        *left = left.saturating_sub(1);
        counted != phase.begun
    })
}

fn phase_line(phase: &Phase, cap: Option<&Cap>, columns: usize) -> String {
    let counts = &phase.counts;
    let (style, sign) = if counts.working > 0 {
        (BUSY, "●")
    } else if counts.ended < counts.spawned || counts.spawned == 0 {
        (DIM, "○")
    } else if counts.failed > 0 {
        (BAD, "✗")
    } else {
        (GOOD, "✓")
    };
    let title = if phase.title.is_empty() { "agents".into() } else { one_line(&phase.title) };
    if !phase.begun {
        let text = format!("{}  not started", pad(&fit(&title, TITLE_MAX), TITLE_MAX));
        return format!("  {} {}", paint(style, sign), fit(&text, columns.saturating_sub(4)));
    }
    let (done, total) = match phase.progress {
        Some((done, Some(total))) if counts.spawned == 0 => (done, total),
        _ => (counts.ended, counts.spawned),
    };
    let filled = BAR.saturating_mul(done.min(total)).checked_div(total).unwrap_or(0).min(BAR);
    let bar: String = (0..BAR).map(|cell| if cell < filled { '█' } else { '░' }).collect();
    let mut facts = format!("{bar} {done}/{total}");
    if counts.working > 0 {
        facts.push_str(&format!("  {} at work", counts.working));
    }
    if counts.failed > 0 {
        facts.push_str(&format!("  {} failed", counts.failed));
    }
    // Without a cap the sum above says enough.
    for part in consumed(&phase.usage, cap).iter().filter(|_| cap.is_some()) {
        facts.push_str(&format!("  {part}"));
    }
    let text = format!("{}  {facts}", pad(&fit(&title, TITLE_MAX), TITLE_MAX));
    format!("  {} {}", paint(style, sign), fit(&text, columns.saturating_sub(4)))
}

#[cfg(test)]
mod tests;
