//! Why a script ended without a result, with the place in its file.

use serde_json::{Map, Value as Json, json};

use baton_script_source::{FRAME_WIDTH, Finding, Position, Prepared};

use crate::bindings::baton::runtime::types::{Failure, FailureKind};
use crate::machine::Thrown;

/// Frames of a stack that are kept.
const FRAMES_MAX: usize = 32;

/// A frame of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Name of the function, `<anonymous>` if it has none.
    pub function: String,
    /// File, line and column, none for functions of the engine.
    pub place: Option<(String, u32, u32)>,
}

/// The frames in QuickJS's text of a stack. A name of a function may hold anything; one with
/// ` (` in it is taken for shorter than it is.
pub fn frames(stack: &str) -> impl Iterator<Item = Frame> {
    stack.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("at ")?;
        let (function, place) = match line.split_once(" (") {
            Some((function, place)) => (function, place.strip_suffix(')')?),
            None => ("<anonymous>", line),
        };
        Some(Frame { function: function.to_owned(), place: place_of(place) })
    })
}

fn place_of(text: &str) -> Option<(String, u32, u32)> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?, column.parse().ok()?))
}

/// The script whose failures are told.
pub struct Told<'a> {
    /// Path of the script.
    pub path: &'a str,
    /// Its text.
    pub source: &'a str,
    /// What was executed.
    pub prepared: &'a Prepared,
}

impl Told<'_> {
    /// Frames of a stack that belong to the script, in places of its file.
    pub fn stack(&self, stack: &str) -> Vec<(String, Position)> {
        frames(stack)
            .filter_map(|frame| {
                let (file, line, column) = frame.place?;
                let place = self.prepared.original(line, column);
                (file == self.path).then_some((frame.function, place))
            })
            .take(FRAMES_MAX)
            .collect()
    }

    /// `path:line:column` of the first frame that belongs to the script, or nothing.
    pub fn place(&self, stack: &str) -> String {
        let first = self.stack(stack).into_iter().next();
        first.map_or_else(String::new, |(_, at)| format!("{}:{}:{}", self.path, at.line, at.column))
    }

    /// A frame in words.
    pub fn shown(&self, (function, at): &(String, Position)) -> String {
        format!("{function} ({}:{}:{})", self.path, at.line, at.column)
    }

    /// Where an error comes from, in brackets: its place in this script, and before that the one in
    /// the nested workflow that threw it.
    fn origin(&self, facts: &Json, at: Option<Position>) -> String {
        let here = at.map(|at| format!("{}:{}:{}", self.path, at.line, at.column));
        let child = &facts["workflow"];
        let (Some(path), Some(line)) = (child["path"].as_str(), child["line"].as_u64()) else {
            return here.map_or_else(String::new, |here| format!(" ({here})"));
        };
        let name = child["name"].as_str().unwrap_or_default();
        let started = here.map_or_else(String::new, |here| format!(" started at {here}"));
        format!(" ({path}:{line}:{}, workflow `{name}`{started})", child["column"])
    }

    /// The failure of a script that threw. `facts` is what the prelude says about the error.
    pub fn error(&self, facts: &Json, pending: &[usize]) -> Failure {
        let text = |key: &str| facts[key].as_str().unwrap_or_default().to_owned();
        let (name, message) = (text("name"), text("message"));
        let stack = self.stack(&text("stack"));
        let mut detail = self.detail(stack.first().map(|(_, at)| *at), pending);
        let shown: Vec<String> = stack.iter().map(|frame| self.shown(frame)).collect();
        let mut words =
            if message.is_empty() { name.clone() } else { format!("{name}: {message}") };
        words.push_str(&self.origin(facts, stack.first().map(|(_, at)| *at)));
        if facts["workflow"].is_object() {
            detail.insert("workflow".into(), facts["workflow"].clone());
        }
        if let Some(agent) = facts["agent"].as_object() {
            let told = |key: &str| {
                agent.get(key).map(|value| match value {
                    Json::String(text) => text.clone(),
                    other => other.to_string(),
                })
            };
            let told = |key: &str| told(key).unwrap_or_default();
            // Errors that calls are rejected with name their call themselves.
            if told("outcome") != name {
                words.push_str(&format!(
                    ", after agent `{}` (task {}) gave {}",
                    told("label"),
                    told("task"),
                    told("outcome")
                ));
            }
            detail.insert("agent".into(), facts["agent"].clone());
        }
        detail.insert("name".into(), name.into());
        detail.insert("message".into(), message.into());
        detail.insert("stack".into(), shown.into());
        failed("script-error", words, detail)
    }

    /// The failure of a script that changed the language until the functions of the dialect failed.
    pub fn disturbed(&self, thrown: &Thrown) -> Failure {
        let stack = self.stack(&thrown.stack);
        let mut detail = self.detail(stack.first().map(|(_, at)| *at), &[]);
        detail.insert("name".into(), "Error".into());
        detail.insert("message".into(), thrown.message.as_str().into());
        let message = format!(
            "a function of the dialect failed, because the script changed a part of the language \
             that it rests on: {}",
            thrown.message
        );
        failed("script-error", message, detail)
    }

    /// The failure of a script that waits for what can never come.
    pub fn stuck(&self, pending: &[usize]) -> Failure {
        let places = self.awaits(pending);
        let shown: Vec<String> =
            places.iter().map(|at| format!("{}:{}:{}", self.path, at.line, at.column)).collect();
        let at = match shown.as_slice() {
            [] => "on a promise that it returned".to_owned(),
            [one] => format!("at the `await` of {one}"),
            more => format!("at the `await`s of {}", more.join(", ")),
        };
        let message = format!(
            "the script waits {at}, and nothing can end the wait: no agent, workflow or timer is open"
        );
        failed("script-stuck", message, self.detail(places.first().copied(), pending))
    }

    /// The failure of a script whose result is not JSON.
    pub fn result(&self, path: &str, problem: &str) -> Failure {
        let mut detail = self.detail(None, &[]);
        detail.insert("value".into(), path.into());
        let message = format!("the result of the script is not JSON: {path} is {problem}");
        failed("script-result", message, detail)
    }

    fn awaits(&self, pending: &[usize]) -> Vec<Position> {
        pending.iter().filter_map(|index| self.prepared.awaits.get(*index).copied()).collect()
    }

    fn detail(&self, at: Option<Position>, pending: &[usize]) -> Map<String, Json> {
        let mut detail = Map::new();
        detail.insert("path".into(), self.path.into());
        if let Some(at) = at {
            detail.insert("line".into(), at.line.into());
            detail.insert("column".into(), at.column.into());
            let frame = baton_script_source::frame(self.source, at, FRAME_WIDTH);
            detail.insert("frame".into(), frame.into());
        }
        detail.insert("awaits".into(), json!(self.awaits(pending)));
        detail
    }
}

/// The failure of a script that does not start. There is at least one finding.
pub fn refused(path: &str, findings: &[Finding]) -> Failure {
    let mut detail = Map::new();
    detail.insert("path".into(), path.into());
    let mut message = format!("the script {path} is refused");
    if let Some(first) = findings.first() {
        let Finding { line, column, message: words, .. } = first;
        message.push_str(&format!(": {words} ({path}:{line}:{column})"));
        detail.insert("line".into(), (*line).into());
        detail.insert("column".into(), (*column).into());
        detail.insert("frame".into(), json!(first.frame));
    }
    detail.insert("errors".into(), json!(findings));
    failed("script-refused", message, detail)
}

/// A failure of the script itself.
pub fn failed(code: &str, message: String, detail: Map<String, Json>) -> Failure {
    Failure {
        kind: FailureKind::Failed,
        code: code.to_owned(),
        message,
        detail: Json::Object(detail).to_string(),
    }
}

/// A failure of the runner.
pub fn internal(words: &str) -> Failure {
    Failure {
        kind: FailureKind::Internal,
        code: "script-runner".into(),
        message: format!("the script runner failed: {words}"),
        detail: "{}".into(),
    }
}

#[cfg(test)]
mod tests;
