//! Open questions in words. Pure.

use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_journal::rows::RunRow;

use super::OpenGate;
use crate::output::{BOLD, DIM, WARN};
use crate::pause::clock;
use crate::text::{duration, fit, one_line, paint, wrap};

/// Columns that a line of a block is set in.
const INDENT: &str = "    ";
/// Lines of the details that are shown.
const DETAILS_MAX: usize = 12;

/// A gate as a block of lines: what is asked, where, until when, and how to answer; or, where an answer
/// lies there that nobody has taken yet, which, and how to go on.
#[must_use]
pub fn block(gate: &OpenGate, answered: Option<&str>, now: Timestamp, columns: usize) -> String {
    let mut out = question(gate, columns);
    let mut facts = vec![gate.id(), one_line(&gate.name)];
    facts.extend(gate.spec.options.label.as_deref().map(one_line));
    facts.extend(gate.spec.options.phase.as_deref().map(one_line));
    facts.push(format!("asked {} ago", duration(now.since(gate.since))));
    line(&mut out, &paint(DIM, &facts.join(" · ")));
    for told in more(gate, now, columns) {
        line(&mut out, &told);
    }
    let next = match answered {
        None => one_line(&gate.command()),
        Some(answered) => {
            line(&mut out, &format!("{answered}, and not delivered yet"));
            format!("baton resume {}", gate.run)
        }
    };
    line(&mut out, &paint(BOLD, &next));
    out
}

/// The question, on as many lines as it takes.
#[must_use]
pub fn question(gate: &OpenGate, columns: usize) -> String {
    let mut out = String::new();
    let room = columns.saturating_sub(3);
    for (index, part) in wrap(&one_line(&gate.spec.question), room).iter().enumerate() {
        let lead = if index == 0 { paint(WARN, "?") } else { " ".into() };
        out.push_str(&format!("{lead} {}\n", paint(BOLD, part.trim_end())));
    }
    out
}

/// What a person should know beside the question: details, choices, the schema, the deadline.
#[must_use]
pub fn more(gate: &OpenGate, now: Timestamp, columns: usize) -> Vec<String> {
    let options = &gate.spec.options;
    let room = columns.saturating_sub(INDENT.len() + 1);
    let mut lines = Vec::new();
    let details: Vec<String> = options
        .details
        .iter()
        .flat_map(|details| details.lines())
        .flat_map(|line| wrap(&one_line(line), room))
        .collect();
    lines.extend(details.iter().take(DETAILS_MAX).cloned());
    if details.len() > DETAILS_MAX {
        lines.push(format!("… `baton show {}` shows all", gate.id()));
    }
    if !options.choices.is_empty() {
        lines.push(fit(&format!("choices: {}", one_line(&options.choices.join(", "))), room));
    }
    if let Some(schema) = &options.schema {
        lines.push(fit(&format!("data: {}", one_line(schema.as_str())), room));
    }
    if let Some(due) = gate.due {
        let at = clock(due, now);
        let then = match &options.default {
            // Whoever drives the run says so in a moment; where nobody does, nothing happens yet.
            Some(default) if due <= now => {
                format!("the deadline passed at {at}: the answer is {}", default_words(default))
            }
            None if due <= now => format!("the deadline passed at {at}: the gate fails"),
            Some(default) => format!("at {at} the answer is {}", default_words(default)),
            None => format!("at {at} it is too late: the gate fails then"),
        };
        lines.push(fit(&then, room));
    }
    lines
}

/// The answer at the deadline.
fn default_words(default: &Json) -> String {
    match default.as_str() {
        "true" => "yes".into(),
        "false" => "no".into(),
        other => one_line(other),
    }
}

/// A run that waits for a message.
#[must_use]
pub fn message(row: &RunRow, now: Timestamp) -> String {
    let mut out = format!("{} {}\n", paint(WARN, "?"), paint(BOLD, "waits for a message"));
    let since = duration(now.since(row.updated));
    let facts = format!("{} · {} · since {since}", row.run, one_line(&row.name));
    line(&mut out, &paint(DIM, &facts));
    line(&mut out, &paint(BOLD, &format!("baton send {} TEXT", row.run)));
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(INDENT);
    out.push_str(text.trim_end());
    out.push('\n');
}
