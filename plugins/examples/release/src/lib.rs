//! Release notes that nobody publishes unseen: an agent writes them, a person decides.

use std::time::Duration;

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// Answers that a person may give. No answer is a no.
const PUBLISH: &str = "publish";
const REVISE: &str = "revise";

/// How long a person has for each draft.
const DEADLINE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What is released.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// The version.
    pub version: String,
    /// What has changed, a line each.
    pub changes: Vec<String>,
    /// Drafts at the most.
    #[serde(default = "three")]
    pub drafts: u32,
}

fn three() -> u32 {
    3
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The notes, if they are to be published.
    pub notes: Option<String>,
    /// Who decided, and what they said.
    pub decided: String,
}

/// Writes notes until a person likes them.
#[baton_guest::workflow(
    name = "release",
    description = "Has release notes written, and asks a person before they count.",
    phases("Write", "Decide"),
    agents
)]
pub async fn run(cx: Cx, input: Input) -> Result<Handoff<Output>> {
    let Input { version, changes, drafts } = input;
    let mut wishes = String::new();
    for draft in 1..=drafts {
        cx.report().phase("Write");
        let prompt = format!(
            "Write release notes for version {version}, as Markdown, from these changes:\n\n- {}{wishes}",
            changes.join("\n- ")
        );
        let notes = cx.agent(prompt).label(format!("draft {draft}")).await?;

        cx.report().phase("Decide");
        let answer = cx
            .gate(format!("Publish the notes of {version}?"))
            .details(&notes)
            .choices([PUBLISH, REVISE])
            .deadline(DEADLINE)
            .default(false)
            .label(format!("draft {draft}"))
            .await?;
        let note = answer.note.unwrap_or_default();
        let decided = format!("{}: {note}", answer.by);
        match answer.choice.as_deref().filter(|_| answer.approved) {
            Some(PUBLISH) => {
                let summary = format!("The notes of {version} may be published.");
                return Ok(Handoff::new(Output { notes: Some(notes), decided }).summary(summary));
            }
            Some(REVISE) => {
                wishes =
                    format!("\n\nThis draft was not good enough:\n\n{notes}\n\nBecause: {note}");
            }
            _ => {
                let summary = format!("The notes of {version} stay unpublished.");
                return Ok(Handoff::new(Output { notes: None, decided }).summary(summary));
            }
        }
    }
    Err(Error::new("no-draft", format!("{drafts} drafts, and none was good enough")))
}

#[cfg(test)]
mod tests;
