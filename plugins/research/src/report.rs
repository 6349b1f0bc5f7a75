//! The result.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::claim::{Claim, Told};

/// What the workflow returns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// What was asked.
    pub question: String,
    /// The answer in Markdown; `[n]` names a claim.
    pub answer: String,
    /// Claims that the answer names.
    pub citations: Vec<Claim>,
    /// Claims that stand and that the answer does not name.
    pub unused: Vec<Claim>,
    /// Claims that did not survive the check.
    pub refuted: Vec<Claim>,
    /// Claims none of whose quotes was found, with the reasons.
    pub unfounded: Vec<(Told, Vec<String>)>,
    /// What stays open.
    pub open: Vec<String>,
    /// Sub-questions that were looked into.
    pub sub_questions: Vec<String>,
    /// Agents that brought nothing, and why.
    pub failed: Vec<(String, String)>,
}

impl Report {
    /// The result in a sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let mut text = format!(
            "{} claims from {} sub-questions; {} refuted, {} without their quotes, {} questions open.",
            self.citations.len() + self.unused.len(),
            self.sub_questions.len(),
            self.refuted.len(),
            self.unfounded.len(),
            self.open.len()
        );
        if !self.failed.is_empty() {
            let _ = write!(text, " NOT COMPLETE: {} agents brought nothing.", self.failed.len());
        }
        text
    }

    /// The result for people.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n{}\n", self.question, self.answer.trim());
        if !self.citations.is_empty() {
            out.push_str("\n## Sources\n");
        }
        for claim in &self.citations {
            let _ = writeln!(out, "\n[{}] {}", claim.number, claim.statement);
            for source in &claim.sources {
                let quote = source.quote.split_whitespace().collect::<Vec<_>>().join(" ");
                let place = if source.is_page() {
                    source.place.clone()
                } else {
                    format!("`{}:{}`", source.place, source.line)
                };
                let _ = writeln!(out, "- {place}: “{quote}”");
            }
        }
        list(&mut out, "Open", self.open.iter().cloned());
        list(
            &mut out,
            "Refuted",
            self.refuted
                .iter()
                .map(|claim| format!("{} ({})", claim.statement, claim.refuted.join("; "))),
        );
        list(
            &mut out,
            "Without their quotes",
            self.unfounded
                .iter()
                .map(|(told, why)| format!("{} ({})", told.statement, why.join("; "))),
        );
        list(
            &mut out,
            "Brought nothing",
            self.failed.iter().map(|(who, why)| format!("{who}: {why}")),
        );
        out
    }
}

fn list(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    for (at, item) in items.enumerate() {
        if at == 0 {
            let _ = write!(out, "\n## {title}\n\n");
        }
        let _ = writeln!(out, "- {item}");
    }
}

/// Numbers that an answer names in brackets.
#[must_use]
pub fn cited(answer: &str) -> Vec<usize> {
    let mut numbers = Vec::new();
    for part in answer.split('[').skip(1) {
        let Some((inside, _)) = part.split_once(']') else { continue };
        for word in inside.split(',') {
            if let Ok(number) = word.trim().parse()
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        }
    }
    numbers.sort_unstable();
    numbers
}
