//! A [`Model`] as lines of text. Pure.

use baton_core::budget::Cap;
use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_core::record::Pause;
use baton_core::report::Level;

use super::model::{Counts, Doing, Event, Model, Phase, Task};
use crate::output::{BAD, BOLD, BUSY, DIM, GOOD, WARN};
use crate::pause::clock;
use crate::render::record::level_word;
use crate::text::{count, dollars, duration, fit, one_line, pad, paint, plural, width};

/// Columns of a bar of progress.
const BAR: u64 = 20;
/// Most columns of a phase's title.
const TITLE_MAX: usize = 28;

/// An event as lines that stay.
#[must_use]
pub fn lines(event: &Option<Event>) -> Vec<String> {
    let Some(event) = event else { return Vec::new() };
    let line = match event {
        Event::Began { name, run } => {
            format!("{} {}", paint(BOLD, &one_line(name)), paint(DIM, run))
        }
        Event::Phase(title) => format!("{} {}", paint(BUSY, "▸"), paint(BOLD, &one_line(title))),
        Event::Log(level, text) => {
            let style = match level {
                Level::Error => BAD,
                Level::Warn => WARN,
                Level::Info | Level::Debug => DIM,
            };
            format!("  {} {}", paint(style, level_word(*level)), one_line(text))
        }
        Event::Failed { task, label, why } => {
            format!("  {} {task} {}: {}", paint(BAD, "✗"), one_line(label), one_line(why))
        }
        Event::Again { task, why } => {
            format!("  {} {task} is tried again: {}", paint(WARN, "↻"), one_line(why))
        }
        Event::NotReused { task, label, why } => {
            let label = one_line(label);
            format!("  {} {task} {label} runs: {}", paint(DIM, "·"), one_line(why))
        }
        Event::MoreNotReused => {
            format!("  {} more run: `baton tree` says why each", paint(DIM, "·"))
        }
        Event::Denied { task, label, what } => {
            format!("  {} {task} {} denied: {}", paint(WARN, "!"), one_line(label), one_line(what))
        }
        Event::MoreDenied => {
            format!("  {} more denied: `baton journal` tells each", paint(WARN, "!"))
        }
        Event::Refused(why) => format!("  {} refused: {}", paint(WARN, "!"), one_line(why)),
        Event::Deferred { task, label, why } => {
            let label = one_line(label);
            format!("  {} {task} {label} waits: {}", paint(WARN, "‖"), one_line(why))
        }
        Event::Paused { why, waits: false } => {
            format!("{} paused: {}", paint(WARN, "‖"), one_line(why))
        }
        Event::Paused { why, waits: true } => format!(
            "{} paused: {}; it goes on by itself then, Ctrl-C leaves it paused",
            paint(WARN, "‖"),
            one_line(why)
        ),
        Event::Resumed(by) => format!("{} resumed by {}", paint(BUSY, "▸"), one_line(by)),
    };
    vec![line]
}

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
    if model.timers > 0 {
        facts.push(plural(model.timers, "timer"));
    }
    facts.extend(consumed(&model.usage, Some(&model.caps.run)));
    facts
}

/// Tokens and money, and how much of each there may be.
fn consumed(usage: &Usage, cap: Option<&Cap>) -> Vec<String> {
    let mut facts = Vec::new();
    let about = if usage.estimated_calls > 0 { "~" } else { "" };
    let of = |cap: Option<u64>, words: fn(u64) -> String| {
        cap.map_or_else(String::new, |cap| format!(" of {}", words(cap)))
    };
    let most = cap.and_then(|cap| cap.tokens);
    if usage.tokens() > 0 {
        facts.push(format!("{about}{}{} tokens", count(usage.tokens()), of(most, count)));
    }
    let most = cap.and_then(|cap| cap.cost_micro_usd);
    if usage.cost_micro_usd > 0 {
        facts.push(format!("{about}{}{}", dollars(usage.cost_micro_usd), of(most, dollars)));
    }
    facts
}

/// What an agent does right now, in a few words.
fn doing(doing: &Doing) -> String {
    match doing {
        Doing::Unknown => String::new(),
        Doing::Waiting => "waits for the model".into(),
        Doing::Thinking(said) => format!("thinks: {}", one_line(said)),
        Doing::Writing(said) => format!("writes: {}", one_line(said)),
        Doing::Tool(name) => format!("runs {}", one_line(name)),
    }
}

/// Columns of a label and of a backend.
const LABEL: usize = 28;
const BACKEND: usize = 28;

/// An agent or tool at work on one line: what it is, for how long, and what it does, of which the
/// end matters most.
fn working(task: &Task, now: Timestamp, columns: usize) -> String {
    let since = duration(now.since(task.started.unwrap_or(now)));
    // A tool without a label is called what it is.
    let backend = task.backend.as_deref().filter(|backend| *backend != task.label);
    let backend = backend.map(one_line).unwrap_or_default();
    let mut line = format!(
        "{}  {}  {}",
        pad(&fit(&one_line(&task.label), LABEL), LABEL),
        pad(&since, 6),
        pad(&fit(&backend, BACKEND), BACKEND)
    );
    let spent = consumed(&task.usage, None).join(" · ");
    for part in [spent, doing(&task.doing)] {
        if !part.is_empty() {
            line.push_str("  ");
            line.push_str(&last(&part, columns.saturating_sub(width(&line))));
        }
    }
    fit(line.trim_end(), columns)
}

/// The end of a text that has no room for all of it.
fn last(text: &str, columns: usize) -> String {
    let Some((verb, said)) = text.split_once(": ").filter(|_| width(text) > columns) else {
        return text.into();
    };
    let room = columns.saturating_sub(width(verb) + 3);
    let mut used = 0;
    let kept = said.char_indices().rev().take_while(|(_, c)| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= room
    });
    let at = kept.last().map_or(said.len(), |(at, _)| at);
    format!("{verb}: …{}", said.get(at..).unwrap_or_default())
}

/// Until when a run waits for a provider.
fn waiting(model: &Model, now: Timestamp) -> Option<String> {
    let Some(Pause::Provider { provider, outage, until, .. }) = &model.paused else { return None };
    let left = match until {
        Some(until) if until.since(now) > 0 => {
            format!("asks again at {} (in {})", clock(*until, now), duration(until.since(now)))
        }
        _ => "asks again soon".into(),
    };
    Some(format!("{}: {}; {left}", one_line(provider), outage.as_str()))
}

/// What is drawn in place: the run, its phases, and the agents at work as far as there is room.
/// At most `rows` less two lines, none wider than `columns`.
#[must_use]
pub fn screen(model: &Model, now: Timestamp, columns: usize, rows: usize) -> Vec<String> {
    if model.title.is_none() {
        return Vec::new();
    }
    // The last column stays free: a terminal may wrap a line that fills it.
    let columns = columns.saturating_sub(1);
    let room = rows.saturating_sub(2).max(1);
    let elapsed = duration(now.since(model.began));
    let head = format!("{elapsed}  {}", facts(&model.total, model).join(" · "));
    let mut out = vec![paint(DIM, &fit(&head, columns))];

    if let Some(line) = waiting(model, now) {
        out.push(format!("  {} {}", paint(WARN, "‖"), fit(&line, columns.saturating_sub(4))));
    }
    for phase in visible(&model.phases, room / 2) {
        out.push(phase_line(phase, model.cap(phase), columns));
    }

    let left = room.saturating_sub(out.len());
    let all = model.working.len();
    let shown = if all <= left { all } else { left.saturating_sub(1) };
    for path in model.working.iter().take(shown) {
        let Some(task) = model.task(path) else { continue };
        let line = working(task, now, columns.saturating_sub(6));
        out.push(format!("    {} {line}", paint(BUSY, "●")));
    }
    if shown < all && left > 0 {
        let line = format!("      and {} more at work", all - shown);
        out.push(paint(DIM, &fit(&line, columns)));
    }
    out
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
