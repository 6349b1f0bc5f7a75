//! One note per topic, written by agents in parallel.

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// What to write about.
#[derive(Deserialize)]
pub struct Input {
    /// One agent writes about each of these.
    pub topics: Vec<String>,
}

/// What an agent writes. It is held to the schema of this type.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// A title of a few words.
    pub title: String,
    /// The note.
    pub text: String,
}

/// A workflow repeats what it did when it is resumed: everything it sees comes through `cx`.
#[baton_guest::workflow(
    name = "__NAME__",
    description = "Has one note written about each topic.",
    phases("Write"),
    agents,
    budget(agents = 50)
)]
pub async fn run(cx: Cx, input: Input) -> Result<Handoff<Vec<Note>>> {
    cx.report().phase("Write");
    let calls = input.topics.iter().map(|topic| {
        cx.agent(format!("Write a note about {topic}."))
            .schema::<Note>()
            .label(topic)
    });
    let notes = try_join_all(calls).await?;
    let summary = format!("{} notes are written.", notes.len());
    Ok(Handoff::new(notes).summary(summary))
}

#[cfg(test)]
mod tests {
    use baton_guest::testing::Script;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_topic_gets_a_note() {
        let host = Script::new()
            .agents(|request| json!({ "title": request.options["label"], "text": request.prompt }));
        let end = host.run_json(&json!({ "topics": ["limits", "tests"] }), run);
        let notes = end.map(|handoff| handoff.output);
        assert_eq!(
            notes,
            Ok(json!([
                { "title": "limits", "text": "Write a note about limits." },
                { "title": "tests", "text": "Write a note about tests." },
            ]))
        );
    }

    #[test]
    fn an_agent_that_fails_ends_the_workflow() {
        let host = Script::new();
        let end = host.run_json(&json!({ "topics": ["limits"] }), run);
        assert!(end.is_err());
    }
}
