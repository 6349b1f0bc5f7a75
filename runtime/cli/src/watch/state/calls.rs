//! The tools that a task called: those that are tasks of their own, and those that are built into agents
//! with models, whose calls are part of the conversation.

use baton_agents::model::{TurnContent, file_read, is_builtin};
use baton_core::handoff::Outcome;
use baton_core::json::Json;
use baton_models::{Message, Part, ToolResult};

/// Calls that are kept, the newest ones.
const CALLS_MAX: usize = 2_000;
/// Characters that are kept of what a built-in tool was given or brought.
const CHARS_MAX: usize = 4_000;

/// A call of a tool by the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The task of the call, or the call of the model that asked for it.
    pub by: String,
    /// The tool; untrusted.
    pub tool: String,
    /// What it was given; untrusted.
    pub input: String,
    /// How it ended; none: it is at work, or nobody heard.
    pub end: Option<End>,
    /// Its name in the conversation, of a built-in tool, and the file that it reads.
    built_in: Option<(String, Option<String>)>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As a task does.
    Task(Outcome),
    /// With this answer to the model; untrusted.
    Answer(String),
    /// It failed, and the model was told this; untrusted.
    Failed(String),
    /// The model was told, and what is not on record yet.
    Told,
}

/// The calls of one task, in order.
#[derive(Debug, Default)]
pub struct Calls {
    all: Vec<ToolCall>,
    /// Earlier ones that are no longer kept.
    pub cut: usize,
}

impl Calls {
    /// All that are kept.
    #[must_use]
    pub fn all(&self) -> &[ToolCall] {
        &self.all
    }

    /// A call that is a task of its own begins.
    pub fn began(&mut self, task: String, tool: String, input: &Json) {
        let input = input.to_string();
        self.push(ToolCall { by: task, tool, input, end: None, built_in: None });
    }

    /// A task ended. Whether it is one of the calls.
    pub fn ended(&mut self, task: &str, outcome: &Outcome) -> bool {
        let call = self.all.iter_mut().find(|call| call.built_in.is_none() && call.by == task);
        let found = call.is_some();
        call.into_iter().for_each(|call| call.end = Some(End::Task(outcome.clone())));
        found
    }

    /// Takes in a call of a model: what became of the tools that were called before, and those that it
    /// calls. The files that were read.
    pub fn turned(&mut self, number: u32, turn: &TurnContent) -> Vec<String> {
        let mut files = Vec::new();
        for message in &turn.said {
            if let Message::Tools(results) = message {
                files.extend(results.iter().filter_map(|result| self.answered(result)));
            }
        }
        for part in &turn.answer {
            if let Part::ToolCall { id, name, input } = part
                && is_builtin(name)
            {
                self.push(ToolCall {
                    by: format!("call {number}"),
                    tool: name.clone(),
                    input: beginning(input.as_str()),
                    end: None,
                    built_in: Some((id.clone(), file_read(name, input))),
                });
            }
        }
        files
    }

    /// The model is asked again: it is told what became of the tools that it called.
    pub fn asked(&mut self) {
        for call in self.all.iter_mut().filter(|call| call.built_in.is_some()) {
            call.end.get_or_insert(End::Told);
        }
    }

    /// A built-in tool answered; the file that was read.
    fn answered(&mut self, result: &ToolResult) -> Option<String> {
        let is_it = |call: &&mut ToolCall| {
            let id = call.built_in.as_ref().map(|(id, _)| id);
            let open = matches!(call.end, None | Some(End::Told));
            open && call.tool == result.name && id == Some(&result.id)
        };
        let call = self.all.iter_mut().rev().find(is_it)?;
        let content = beginning(&result.content);
        if result.failed {
            call.end = Some(End::Failed(content));
            return None;
        }
        call.end = Some(End::Answer(content));
        call.built_in.as_ref().and_then(|(_, file)| file.clone())
    }

    fn push(&mut self, call: ToolCall) {
        self.all.push(call);
        if self.all.len() > CALLS_MAX {
            self.all.remove(0);
            self.cut += 1;
        }
    }
}

fn beginning(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_core::handoff::{Failure, FailureKind};
    use serde_json::{Value, json};

    use super::*;

    fn turn(value: Value) -> TurnContent {
        let mut whole = json!({ "v": 1, "backend": "p:m", "attempt": 1, "usage": {}, "ms": 1 });
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    fn call(id: &str, name: &str, input: Value) -> Part {
        Part::ToolCall { id: id.into(), name: name.into(), input: input.into() }
    }

    fn result(id: &str, name: &str, content: &str, failed: bool) -> ToolResult {
        ToolResult { id: id.into(), name: name.into(), content: content.into(), failed }
    }

    #[test]
    fn built_in_tools_are_told_with_what_became_of_them() {
        let mut calls = Calls::default();
        let asked = TurnContent {
            answer: vec![
                Part::Text { text: "I look".into() },
                call("a", "read_file", json!({ "path": "./src/lib.rs", "first": 3 })),
                call("b", "read_file", json!({ "path": "gone.md" })),
                call("c", "search", json!({ "expression": "fn " })),
                // Others are tasks, or hand in.
                call("d", "git__log", json!({})),
                call("e", "submit_result", json!({})),
            ],
            ..turn(json!({}))
        };
        assert!(calls.turned(1, &asked).is_empty());
        calls.began("/1/1".into(), "git/log".into(), &json!({ "n": 1 }).into());
        let tools = |calls: &Calls| -> Vec<String> {
            calls.all().iter().map(|call| format!("{} {}", call.by, call.tool)).collect()
        };
        let expected = ["call 1 read_file", "call 1 read_file", "call 1 search", "/1/1 git/log"];
        assert_eq!(tools(&calls), expected);
        assert!(calls.all().iter().all(|call| call.end.is_none()));

        let failure = Failure::new(FailureKind::Failed, "x", "no");
        assert!(calls.ended("/1/1", &Outcome::Failed(failure.clone())));
        assert!(!calls.ended("/1", &Outcome::Failed(failure.clone())));
        calls.asked();
        let told: Vec<bool> = calls.all().iter().map(|call| call.end == Some(End::Told)).collect();
        assert_eq!(told, [true, true, true, false]);
        let told = TurnContent {
            said: vec![Message::Tools(vec![
                result("a", "read_file", "1 fn main", false),
                result("b", "read_file", "there is no such file", true),
                result("c", "search", &"long ".repeat(2_000), false),
                result("d", "git__log", "", false),
            ])],
            // The same id again.
            answer: vec![call("a", "read_file", json!({ "path": "b" }))],
            ..turn(json!({}))
        };
        assert_eq!(calls.turned(2, &told), ["src/lib.rs"]);
        let ends: Vec<Option<End>> = calls.all().iter().map(|call| call.end.clone()).collect();
        assert_eq!(ends[0], Some(End::Answer("1 fn main".into())));
        assert_eq!(ends[1], Some(End::Failed("there is no such file".into())));
        assert!(matches!(&ends[2], Some(End::Answer(text)) if text.chars().count() == 4_001));
        assert_eq!(ends[3], Some(End::Task(Outcome::Failed(failure))));
        assert_eq!(ends[4], None);
    }

    #[test]
    fn the_newest_calls_are_kept() {
        let mut calls = Calls::default();
        for number in 0..CALLS_MAX + 5 {
            calls.began(format!("/1/{number}"), "t".into(), &json!(1).into());
        }
        assert_eq!((calls.all().len(), calls.cut), (CALLS_MAX, 5));
        assert_eq!(calls.all()[0].by, "/1/5");
    }
}
