//! Counts the lines of the files it is asked about.

use std::collections::BTreeMap;

use baton_guest::prelude::*;
use serde::Deserialize;

/// What to count, beside the prompt.
#[derive(Deserialize)]
pub struct Input {
    /// A glob pattern.
    pub files: String,
}

/// An agent performs one task per instance. It sees the files it asks for here, as far as its task
/// and the operator let it.
#[baton_guest::agent(
    name = "__NAME__",
    description = "Counts the lines of Markdown files.",
    read("**/*.md")
)]
pub fn perform(cx: AgentCx, task: Task<Input>) -> Result<Handoff<BTreeMap<String, usize>>> {
    let mut counts = BTreeMap::new();
    for entry in cx.files().list([task.input.files])?.entries {
        let lines = cx.files().read_text(&entry.path)?.lines().count();
        counts.insert(entry.path, lines);
    }
    let evidence: Vec<_> = counts
        .keys()
        .map(|path| Evidence::file(path, "its lines were counted"))
        .collect();
    let summary = format!("Counted {} files.", counts.len());
    Ok(Handoff::new(counts).summary(summary).evidence(evidence))
}

#[cfg(test)]
mod tests {
    use baton_guest::testing::Script;
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_counted_by_file() {
        let host = Script::new()
            .file("a.md", "one\ntwo\n")
            .file("b/c.md", "")
            .file("d.txt", "x");
        let task = Task::new("Count.", json!({ "files": "**/*.md" }));
        let end = host.perform_json(task, perform);
        assert_eq!(
            end.map(|handoff| handoff.output),
            Ok(json!({ "a.md": 2, "b/c.md": 0 }))
        );
    }
}
