//! Events as lines that stay.

use baton_core::report::Level;

use crate::live::model::Event;
use crate::output::{BAD, BOLD, BUSY, DIM, GOOD, WARN};
use crate::render::record::level_word;
use crate::text::{one_line, paint};

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
        Event::Asked { task, question } => {
            format!("  {} /{task} asks: {}", paint(WARN, "?"), one_line(question))
        }
        Event::Answered { task, how } => {
            format!("  {} {task} {}", paint(GOOD, "✓"), one_line(how))
        }
        Event::Message { to, by, text } => {
            let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
            format!("  {} {}{to}: {}", paint(BUSY, "»"), one_line(by), one_line(text))
        }
        Event::Restarted { task, label, by } => {
            let (label, by) = (one_line(label), one_line(by));
            format!("  {} {task} {label} begins anew: by {by}", paint(WARN, "↻"))
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
