//! A [`Model`] as lines of text. Pure.

use baton_core::ids::Timestamp;
use baton_core::report::Level;

use super::model::{Counts, Event, Model, Phase};
use crate::output::{BAD, BOLD, BUSY, DIM, GOOD, WARN};
use crate::render::record::level_word;
use crate::text::{count, dollars, duration, fit, one_line, pad, paint, plural};

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
        Event::Paused(why) => format!("{} paused: {}", paint(WARN, "‖"), one_line(why)),
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
    if model.usage.tokens() > 0 {
        facts.push(format!("{} tokens", count(model.usage.tokens())));
    }
    if model.usage.cost_micro_usd > 0 {
        facts.push(dollars(model.usage.cost_micro_usd));
    }
    facts
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

    for phase in visible(&model.phases, room / 2) {
        out.push(phase_line(phase, columns));
    }

    let left = room.saturating_sub(out.len());
    let all = model.working.len();
    let shown = if all <= left { all } else { left.saturating_sub(1) };
    for path in model.working.iter().take(shown) {
        let Some(task) = model.task(path) else { continue };
        let since = duration(now.since(task.started.unwrap_or(now)));
        // A tool without a label is called what it is.
        let backend = task.backend.as_deref().filter(|backend| *backend != task.label);
        let backend = backend.map(one_line).unwrap_or_default();
        let line =
            format!("{}  {}  {backend}", pad(&fit(&one_line(&task.label), 40), 40), pad(&since, 6));
        out.push(format!(
            "    {} {}",
            paint(BUSY, "●"),
            fit(line.trim_end(), columns.saturating_sub(6))
        ));
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

fn phase_line(phase: &Phase, columns: usize) -> String {
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
    let text = format!("{}  {facts}", pad(&fit(&title, TITLE_MAX), TITLE_MAX));
    format!("  {} {}", paint(style, sign), fit(&text, columns.saturating_sub(4)))
}

#[cfg(test)]
mod tests;
