//! What a workflow asks for, what it is granted, and the question to the person.

pub mod agents;
mod held;
mod providers;
mod screen;
pub mod view;
pub mod words;

use std::io::{BufRead, IsTerminal};

pub use self::held::caps;
pub use self::screen::{Plan, patterns, performers, screen};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::output::{BOLD, note};
use crate::text::paint;

/// What a person answers who lets a run start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This time.
    Once,
    /// Always, as long as nothing changes.
    Always,
}

/// Shows the plan and asks whether to start. `always`: whether that can be remembered.
///
/// # Errors
/// When the person declines, or nobody can be asked.
pub fn ask(plan: &Plan<'_>, always: bool) -> Result<Answer> {
    for line in screen(plan) {
        note(&line);
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::new(Code::ConsentNeeded, "nobody is there to consent to this run")
            .hint("add --yes to start with what policy grants, or run this on a terminal"));
    }
    let choice = if always { "[y/N/a = always]" } else { "[y/N]" };
    note(&format!("{} {choice} ", paint(BOLD, "Grant this and start?")));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read {
        Ok(_) => answer(&line, always),
        Err(_) => None,
    }
    .ok_or_else(|| CliError::new(Code::ConsentDeclined, "the run was declined"))
}

/// What a line says; none: no.
fn answer(line: &str, always: bool) -> Option<Answer> {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(Answer::Once),
        "a" | "always" if always => Some(Answer::Always),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
