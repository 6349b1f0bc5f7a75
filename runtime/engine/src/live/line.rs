//! One line of a file: JSON, such as `{"task":"3","after":12,"text":"I look"}`.

use std::borrow::Cow;

use baton_agents::backend::Activity;
use baton_core::ids::TaskPath;
use serde::{Deserialize, Serialize};

use super::Said;

/// A line. Without any of the last three, the agent waits for its model.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    task: Cow<'a, TaskPath>,
    after: u64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    from: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thinking: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tool: Option<Cow<'a, str>>,
}

/// Writes a line with its end.
pub(super) fn write(said: &Said, out: &mut Vec<u8>) {
    let mut line = Line {
        task: Cow::Borrowed(&said.task),
        after: said.after,
        from: said.from,
        text: None,
        thinking: None,
        tool: None,
    };
    match &said.activity {
        Activity::Waiting => {}
        Activity::Text(text) => line.text = Some(text.into()),
        Activity::Thinking(text) => line.thinking = Some(text.into()),
        Activity::Tool(name) => line.tool = Some(name.into()),
    }
    // Texts and numbers can always be written, and memory takes them.
    if serde_json::to_writer(&mut *out, &line).is_ok() {
        out.push(b'\n');
    }
}

/// Reads a line; none: it is none that this release understands.
pub(super) fn read(line: &[u8]) -> Option<Said> {
    let Line { task, after, from, text, thinking, tool } = serde_json::from_slice(line).ok()?;
    let activity = match (text, thinking, tool) {
        (Some(text), ..) => Activity::Text(text.into_owned()),
        (None, Some(text), _) => Activity::Thinking(text.into_owned()),
        (None, None, Some(name)) => Activity::Tool(name.into_owned()),
        (None, None, None) => Activity::Waiting,
    };
    Some(Said { task: task.into_owned(), after, from, activity })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_nothing(number: &u64) -> bool {
    *number == 0
}
