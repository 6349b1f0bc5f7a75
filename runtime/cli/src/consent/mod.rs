//! What a workflow asks for, what it is granted, and the question to the person.

pub mod agents;
pub mod edit;
mod held;
mod providers;
mod screen;
pub mod source;
pub mod view;
pub mod words;

use std::io::{BufRead, IsTerminal};

pub use self::held::{caps, held};
pub use self::screen::{Plan, patterns, performers, screen, takes_root};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::output::{BOLD, note};
use crate::text::paint;

/// What a person answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Start, this time.
    Once,
    /// Start, and always, as long as nothing changes.
    Always,
    /// Tell first what it will come to.
    Forecast,
    /// Other caps first.
    Caps,
    /// Show first what it is made of.
    Source,
}

/// What can be answered beside yes and no.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices {
    /// Whether a yes can be remembered.
    pub always: bool,
    /// Whether there can be a forecast, and none was shown.
    pub forecast: bool,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// Yes, or something that was offered beside it.
    Is(Answer),
    /// No, or nothing.
    No,
    /// Nothing that was offered.
    Unclear,
}

/// Asks whether to start, until the answer is clear. No answer is a no.
///
/// # Errors
/// When the person declines, or nobody can be asked.
pub fn ask(choices: Choices) -> Result<Answer> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::new(Code::ConsentNeeded, "nobody is there to consent to this run")
            .hint("add --yes to start with what policy grants, or run this on a terminal"));
    }
    loop {
        note(&format!("{} {} ", paint(BOLD, "Grant this and start?"), choices.words()));
        match said(&line(), choices) {
            Said::Is(answer) => return Ok(answer),
            Said::No => return Err(CliError::new(Code::ConsentDeclined, "the run was declined")),
            Said::Unclear => note("that is none of the answers; Enter alone declines"),
        }
    }
}

/// A line that a person types; empty where there is none.
pub fn line() -> String {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(_) => line,
        Err(_) => String::new(),
    }
}

/// Whether a person says yes to a question. Where nobody is there, it is not asked.
pub fn is_yes(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    note(&format!("{} [y/N] ", paint(BOLD, question)));
    said(&line(), Choices::default()) == Said::Is(Answer::Once)
}

impl Choices {
    /// The answers, for people.
    fn words(self) -> String {
        let mut words = Vec::new();
        if self.always {
            words.push("a = always");
        }
        if self.forecast {
            words.push("f = forecast");
        }
        words.extend(["c = caps", "s = source"]);
        // With the question it fits into 80 columns.
        format!("[y / N, {}]", words.join(", "))
    }
}

fn said(line: &str, choices: Choices) -> Said {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Said::Is(Answer::Once),
        "a" | "always" if choices.always => Said::Is(Answer::Always),
        "f" | "forecast" if choices.forecast => Said::Is(Answer::Forecast),
        "c" | "caps" => Said::Is(Answer::Caps),
        "s" | "source" | "show" => Said::Is(Answer::Source),
        // The end of the input is an empty line too.
        "" | "n" | "no" => Said::No,
        _ => Said::Unclear,
    }
}

#[cfg(test)]
mod tests;
