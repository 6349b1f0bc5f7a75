//! A host that answers by what the prompts say, and writes down what it was asked.
//!
//! A prompt is `ok:TEXT`, `json:JSON`, `fail:KIND:CODE:MESSAGE[:DETAIL]` or
//! `refuse:KIND:CODE:MESSAGE`; anything else is answered with itself. Before that may stand
//! `d=MS;` (how long it takes) and `tok=N;` (output tokens). A workflow's input is read in the
//! same way if it is a string, and is its output otherwise. So is a tool's. A gate is answered as its
//! question says, and who listens hears of Ada three times before anything else ends.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;

use baton_script_runner::bindings::baton::runtime::files::{
    Content, FileError, FileErrorKind, Listing, Matches, Selection,
};
use baton_script_runner::bindings::baton::runtime::report::Level;
use baton_script_runner::bindings::baton::runtime::tasks::{
    AgentSpec, Completion, Delivery, Message, Usage, WaitError, WorkflowSpec,
};
use baton_script_runner::bindings::baton::runtime::tools::{ToolInfo, ToolSpec};
use baton_script_runner::bindings::baton::runtime::types::{
    Failure, FailureKind, Handoff, Refusal, RefusalKind,
};
use baton_script_runner::host::Host;
use serde_json::Value as Json;

/// The host.
#[derive(Default)]
pub struct Scripted {
    /// What was asked, a line each.
    pub log: RefCell<String>,
    now: Cell<u64>,
    tasks: Cell<u64>,
    open: RefCell<Vec<Open>>,
    messages: Cell<u64>,
}

struct Open {
    due: u64,
    task: u64,
    outcome: Result<Handoff, Failure>,
    output_tokens: u64,
}

impl Scripted {
    fn note(&self, line: &str) {
        let _ = writeln!(self.log.borrow_mut(), "{line}");
    }

    fn task(&self, delay: u64, outcome: Result<Handoff, Failure>, output_tokens: u64) -> u64 {
        let task = self.tasks.get() + 1;
        self.tasks.set(task);
        let due = self.now.get() + delay;
        self.open.borrow_mut().push(Open { due, task, outcome, output_tokens });
        task
    }

    fn answer(&self, said: &str) -> Result<u64, Refusal> {
        let (mut said, mut delay, mut tokens) = (said, 0, 0);
        while let Some((setting, rest)) = said.split_once(';') {
            match setting.split_once('=') {
                Some(("d", ms)) => delay = ms.parse().unwrap(),
                Some(("tok", count)) => tokens = count.parse().unwrap(),
                _ => break,
            }
            said = rest;
        }
        let mut parts = said.splitn(5, ':');
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let outcome = match part().as_str() {
            "refuse" => {
                let (kind, code, message) = (refusal_kind(&part()), part(), part());
                return Err(Refusal { kind, code, message, hint: String::new() });
            }
            "fail" => {
                let (kind, code, message, detail) = (failure_kind(&part()), part(), part(), part());
                let detail = if detail.is_empty() { "{}".to_owned() } else { detail };
                Err(Failure { kind, code, message, detail })
            }
            "ok" => Ok(handoff(Json::from(said.strip_prefix("ok:").unwrap()).to_string())),
            "json" => Ok(handoff(said.strip_prefix("json:").unwrap().to_owned())),
            _ => Ok(handoff(Json::from(said).to_string())),
        };
        Ok(self.task(delay, outcome, tokens))
    }
}

fn handoff(output: String) -> Handoff {
    let summary = "did it".to_owned();
    Handoff { summary, output, evidence: vec![], artifacts: vec![], follow_ups: vec![] }
}

fn refusal_kind(word: &str) -> RefusalKind {
    match word {
        "denied" => RefusalKind::Denied,
        "limit" => RefusalKind::Limit,
        "budget" => RefusalKind::Budget,
        "not-found" => RefusalKind::NotFound,
        _ => RefusalKind::Invalid,
    }
}

fn failure_kind(word: &str) -> FailureKind {
    match word {
        "cancelled" => FailureKind::Cancelled,
        "timed-out" => FailureKind::TimedOut,
        "limit" => FailureKind::Limit,
        "refused" => FailureKind::Refused,
        "invalid-output" => FailureKind::InvalidOutput,
        "in-doubt" => FailureKind::InDoubt,
        "internal" => FailureKind::Internal,
        _ => FailureKind::Failed,
    }
}

fn denied() -> FileError {
    FileError {
        kind: FileErrorKind::Denied,
        code: "no-grant".into(),
        message: "not granted".into(),
    }
}

impl Host for Scripted {
    fn spawn_agent(&self, spec: &AgentSpec) -> Result<u64, Refusal> {
        let AgentSpec { prompt, schema, options, .. } = spec;
        let schema = schema.as_deref().unwrap_or("-");
        self.note(&format!("agent {prompt:?} schema {schema} options {options}"));
        let options: Json = serde_json::from_str(options).unwrap();
        let refusal = |kind, code: &str, message: &str| {
            let (code, message) = (code.to_owned(), message.to_owned());
            Err(Refusal { kind, code, message, hint: String::new() })
        };
        match options["agent_type"].as_str() {
            None | Some("Explore") => {}
            Some(_) => {
                let message = "no such agent type; there are: Explore";
                return refusal(RefusalKind::NotFound, "unknown-agent-type", message);
            }
        }
        if !options["isolation"].is_null() {
            let message = "the only isolation is `worktree`";
            return refusal(RefusalKind::Invalid, "isolation", message);
        }
        self.answer(prompt)
    }

    fn spawn_workflow(&self, spec: &WorkflowSpec) -> Result<u64, Refusal> {
        let WorkflowSpec { name, input, options } = spec;
        self.note(&format!("workflow {name} input {input} options {options}"));
        if name == "nowhere" {
            return self.answer("refuse:not-found:unknown-workflow:`nowhere` is not there");
        }
        match serde_json::from_str(input).unwrap() {
            Json::String(said) => self.answer(&said),
            _ => self.answer(&format!("json:{input}")),
        }
    }

    fn spawn_tool(&self, spec: &ToolSpec) -> Result<u64, Refusal> {
        let ToolSpec { name, input, options } = spec;
        self.note(&format!("tool {name} input {input} options {options}"));
        if name == "exec" {
            return self.answer(
                "json:{\"status\":1,\"stdout\":\"\",\"stderr\":\"no\",\"truncated\":false}",
            );
        }
        match serde_json::from_str(input).unwrap() {
            Json::String(said) => self.answer(&said),
            _ => self.answer(&format!("json:{input}")),
        }
    }

    fn tools(&self) -> Vec<ToolInfo> {
        vec![ToolInfo {
            name: "code/search".into(),
            description: "Searches.".into(),
            input: Some("{\"type\":\"object\"}".into()),
            output: None,
        }]
    }

    fn ask(&self, question: &str, options: &str) -> Result<u64, Refusal> {
        self.note(&format!("ask {question:?} options {options}"));
        self.answer(question)
    }

    fn listen(&self) {
        self.note("listen");
        self.messages.set(3);
    }

    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal> {
        self.note(&format!("sleep {milliseconds}"));
        Ok(self.task(milliseconds, Ok(handoff("null".into())), 0))
    }

    fn wait_any(&self) -> Result<Delivery, WaitError> {
        if let left @ 1.. = self.messages.get() {
            self.messages.set(left - 1);
            let text = format!("message {}", 4 - left);
            return Ok(Delivery::Message(Message { sender: "Ada".into(), text }));
        }
        let mut open = self.open.borrow_mut();
        let next = (0..open.len()).min_by_key(|at| (open[*at].due, open[*at].task));
        let Open { due, task, outcome, output_tokens } =
            open.remove(next.ok_or(WaitError::NothingToWaitFor)?);
        self.now.set(self.now.get().max(due));
        let usage = Usage {
            agents: 1,
            input_tokens: output_tokens * 2,
            output_tokens,
            cached_tokens: 0,
            cost_micro_usd: 0,
        };
        Ok(Delivery::Completion(Completion { task, outcome, usage }))
    }

    fn cancel(&self, task: u64) {
        self.note(&format!("cancel {task}"));
        let now = self.now.get();
        for open in self.open.borrow_mut().iter_mut().filter(|open| open.task == task) {
            open.due = now;
            open.outcome = Err(Failure {
                kind: FailureKind::Cancelled,
                code: "cancelled".into(),
                message: "cancelled by its parent".into(),
                detail: "{}".into(),
            });
        }
    }

    fn phase(&self, title: &str) {
        self.note(&format!("phase {title}"));
    }

    fn log(&self, level: Level, text: &str) {
        let level = format!("{level:?}").to_lowercase();
        self.note(&format!("{} {text}", level.trim_start_matches("level::")));
    }

    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String> {
        self.note(&format!("artifact {name} {media_type} {} bytes", bytes.len()));
        if name.contains('/') {
            return Err("the name has a path separator".into());
        }
        Ok("sha256:00".into())
    }

    fn read(&self, path: &str) -> Result<Content, FileError> {
        self.note(&format!("read {path}"));
        match path {
            "a.json" => Ok(Content { bytes: br#"{"a":[1]}"#.to_vec(), digest: "sha256:00".into() }),
            "a.bin" => Ok(Content { bytes: vec![0xff], digest: "sha256:00".into() }),
            _ => Err(denied()),
        }
    }

    fn list(&self, selection: &Selection) -> Result<Listing, FileError> {
        self.note(&format!(
            "list {:?} {:?} {}",
            selection.include, selection.exclude, selection.options
        ));
        Ok(Listing { entries: vec![], truncated: true })
    }

    fn search(&self, pattern: &str, selection: &Selection) -> Result<Matches, FileError> {
        self.note(&format!("search {pattern} {:?} {}", selection.include, selection.options));
        Err(denied())
    }

    fn now_ms(&self) -> u64 {
        1_700_000_000_000 + self.now.get()
    }

    fn random(&self) -> [u8; 16] {
        [7; 16]
    }
}
