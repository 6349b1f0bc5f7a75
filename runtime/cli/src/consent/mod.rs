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
pub use self::screen::{Plan, patterns, performers, screen};
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

/// Asks whether to start. No answer is a no.
///
/// # Errors
/// When the person declines, or nobody can be asked.
pub fn ask(choices: Choices) -> Result<Answer> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::new(Code::ConsentNeeded, "nobody is there to consent to this run")
            .hint("add --yes to start with what policy grants, or run this on a terminal"));
    }
    note(&format!("{} {} ", paint(BOLD, "Grant this and start?"), choices.words()));
    answer(&line(), choices)
        .ok_or_else(|| CliError::new(Code::ConsentDeclined, "the run was declined"))
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
    answer(&line(), Choices::default()) == Some(Answer::Once)
}

impl Choices {
    /// The answers, for people.
    fn words(self) -> String {
        let mut words = vec!["y", "N"];
        if self.always {
            words.push("a = always");
        }
        if self.forecast {
            words.push("f = forecast");
        }
        words.extend(["c = edit caps", "s = show the source"]);
        format!("[{}]", words.join(" / "))
    }
}

/// What a line says; none: no.
fn answer(line: &str, choices: Choices) -> Option<Answer> {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(Answer::Once),
        "a" | "always" if choices.always => Some(Answer::Always),
        "f" | "forecast" if choices.forecast => Some(Answer::Forecast),
        "c" | "caps" => Some(Answer::Caps),
        "s" | "source" | "show" => Some(Answer::Source),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
