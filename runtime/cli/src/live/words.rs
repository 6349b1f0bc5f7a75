//! What a task is, does and consumed, in the few words of a line: the same in the progress of `run`
//! and in `watch`.

use baton_core::budget::Cap;
use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_core::record::Pause;
use baton_journal::rows::State;

use super::model::{Doing, Kind, Model, Task};
use crate::output::{BOLD, BUSY, DIM};
use crate::pause::clock;
use crate::text::{count, dollars, duration, fit, one_line, paint, width};

/// Columns of a label before what its agent says.
const LABEL: usize = 28;

/// What a task does right now, or why it has no result; empty where nobody says.
#[must_use]
pub fn doing(task: &Task, now: Timestamp) -> String {
    if task.ended.is_some() {
        let ended = task.failure.as_deref().unwrap_or(&task.summary);
        let free = if task.free { "(reused) " } else { "" };
        return format!("{free}{}", one_line(ended)).trim_end().to_owned();
    }
    let words = match (task.kind, task.state) {
        (Kind::Gate, _) => {
            let question = task.gate.as_ref().map(|gate| one_line(&gate.question));
            return match task.due {
                Some(due) => format!("{}{}", deadline(due, now), question.unwrap_or_default()),
                None => question.unwrap_or_default(),
            };
        }
        (Kind::Timer, _) => return task.due.map(|due| until(due, now)).unwrap_or_default(),
        (_, State::Queued) => match &task.doing {
            Doing::PutOff(why) => format!("waits: {}", one_line(why)),
            _ => "waits for a place".into(),
        },
        _ => match &task.doing {
            Doing::Unknown | Doing::PutOff(_) => String::new(),
            Doing::Waiting => "waits for the model".into(),
            Doing::Asking(provider, call) => format!("asks {}, call {call}", one_line(provider)),
            Doing::Thinking(said) => format!("thinks: {}", one_line(said)),
            Doing::Writing(said) => format!("writes: {}", one_line(said)),
            Doing::Tool(name) => format!("runs {}", one_line(name)),
        },
    };
    match task.attempt {
        0 | 1 => words,
        attempt if words.is_empty() => format!("attempt {attempt}"),
        attempt => format!("attempt {attempt}: {words}"),
    }
}

fn until(due: Timestamp, now: Timestamp) -> String {
    match due.since(now) {
        0 => "due".into(),
        left => format!("due in {}", duration(left)),
    }
}

fn deadline(due: Timestamp, now: Timestamp) -> String {
    match due.since(now) {
        0 => "the deadline is over: ".into(),
        left => format!("within {}: ", duration(left)),
    }
}

/// Tokens and money, and how much of each there may be.
#[must_use]
pub fn consumed(usage: &Usage, cap: Option<&Cap>) -> Vec<String> {
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

/// Until when a run waits for a provider.
#[must_use]
pub fn waiting(model: &Model, now: Timestamp) -> Option<String> {
    let Some(Pause::Provider { provider, outage, until, .. }) = &model.paused else { return None };
    let left = match until {
        Some(until) if until.since(now) > 0 => {
            format!("asks again at {} (in {})", clock(*until, now), duration(until.since(now)))
        }
        _ => "asks again soon".into(),
    };
    Some(format!("{}: {}; {left}", one_line(provider), outage.as_str()))
}

/// A line for each agent that speaks, with the end of what it says, in order of their paths; on the last
/// of `most` lines how many there are besides.
#[must_use]
pub fn speakers(model: &Model, now: Timestamp, columns: usize, most: usize) -> Vec<String> {
    let all = model.working.iter().filter_map(|path| model.task(path));
    let all: Vec<&Task> = all.filter(|task| !task.speech.parts.is_empty()).collect();
    let shown = if all.len() > most { most.saturating_sub(1) } else { all.len() };
    let line = |task: &&Task| {
        let (path, label) = (format!("/{}", task.path), fit(&one_line(&task.label), LABEL));
        let head = format!("{} {} {}  ", paint(BUSY, "●"), paint(BOLD, &path), paint(DIM, &label));
        let room = columns.saturating_sub(width(&head) + 1);
        format!("{head}{}", fit(&last(&doing(task, now), room), room))
    };
    let mut lines: Vec<String> = all.iter().take(shown).map(line).collect();
    if all.len() > shown {
        lines.push(paint(DIM, &format!("  and {} more speak", all.len() - shown)));
    }
    lines
}

/// The end of what somebody says, where there is no room for all of it.
#[must_use]
pub fn last(text: &str, columns: usize) -> String {
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
