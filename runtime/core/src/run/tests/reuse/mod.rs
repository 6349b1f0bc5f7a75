//! Keys of agent tasks, the index of a run, and runs that use it.

mod claims;
mod conditions;
mod keys;
mod runs;
mod steered;

use super::fixture::{Bench, agent_with, started, tokens};
use crate::digest::Digest;
use crate::files::FileRequest;
use crate::handoff::{Handoff, Outcome};
use crate::ids::{TaskId, TaskPath};
use crate::json::Json;
use crate::record::{Reuse, RunStarted, Snapshot};
use crate::reuse::{Call, Condition, Index, Miss, Seen, Terms};

pub const PINNED: &str = r#"{"backend":"component:pinned"}"#;

pub fn terms(granted: bool, stale: bool) -> Terms {
    Terms { granted, base: None, stale, steered: false }
}

/// A place in a run that agents may be asked in.
pub fn at(path: &str) -> TaskPath {
    path.parse().unwrap()
}

pub fn done(text: &str) -> Outcome {
    Outcome::Done(Handoff { output: Json::from(serde_json::json!(text)), ..Handoff::default() })
}

/// A run with a directory whose agents are asked for with these prompts and backends.
pub struct Old(pub Bench);

impl Old {
    pub fn new() -> Self {
        Self::of(started())
    }

    pub fn of(run: RunStarted) -> Self {
        Self(Bench::of(RunStarted { root: Some("/root".into()), ..run }))
    }

    pub fn asks(&mut self, prompt: &str, options: &str) -> TaskPath {
        let number = self.0.spawn(agent_with(prompt, options));
        TaskPath::root().child(number)
    }

    pub fn ends(&mut self, task: &TaskPath, outcome: Outcome) {
        self.0.start(&task.to_string());
        let at = self.0.later();
        self.0.run.task_ended(task, outcome, tokens(1), at);
        self.0.flush();
    }

    pub fn reads(&mut self, task: &TaskPath, paths: &[&str], complete: bool) {
        let reads = paths.iter().map(|path| seen(path)).collect();
        let at = self.0.later();
        self.0.run.agent_read(task, reads, complete, at);
        self.0.flush();
    }

    pub fn snapshot(&mut self, snapshot: Snapshot) {
        let at = self.0.later();
        self.0.run.snapshot(snapshot, at);
        self.0.flush();
    }

    /// An agent that was asked, read nothing, and answered with its prompt.
    pub fn answered(&mut self, prompt: &str) -> TaskPath {
        let task = self.asks(prompt, PINNED);
        self.reads(&task, &[], true);
        self.ends(&task, done(prompt));
        task
    }

    pub fn index(&self) -> Index {
        Index::new(self.0.journal.clone(), terms(true, false)).unwrap()
    }
}

pub fn seen(path: &str) -> Seen {
    let request = FileRequest::Read { path: path.into() };
    Seen { request, digest: Digest::of(path.as_bytes()) }
}

pub fn state(text: &str) -> Snapshot {
    let digest = Some(Digest::of(text.as_bytes()));
    Snapshot { digest, files: 1, bytes: 1, problem: None }
}

/// A call of another run with the same agents.
pub fn call(path: &str, prompt: &str, options: &str) -> Call {
    let mut bench = Bench::new();
    let number = bench.spawn(agent_with(prompt, options));
    let call = Call::of(&bench.run, &TaskPath::root().child(number)).unwrap();
    Call { path: at(path), ..call }
}

pub fn claim(index: &mut Index, call: &Call) -> Result<TaskPath, Miss> {
    index.claim(call, |_, _| Ok(())).map(|entry| entry.path().clone())
}

/// A condition in words; a state by its name.
pub fn in_words(condition: &Condition<'_>) -> String {
    match condition {
        Condition::Nothing => "nothing".into(),
        Condition::Reads(reads) => format!("{} reads", reads.len()),
        Condition::Snapshot(then) => ["1", "2"]
            .into_iter()
            .find(|name| then.equals(&state(name)))
            .map_or_else(|| "another state".into(), |name| format!("state {name}")),
    }
}

/// What a condition comes to, in words.
pub fn condition(index: &mut Index, options: &str) -> String {
    let mut found = String::new();
    let claimed = index.claim(&call("1", "a", options), |_, condition| {
        found = in_words(&condition);
        Ok(())
    });
    match claimed {
        Ok(_) => found,
        Err(miss) => miss.to_string(),
    }
}

pub fn reusing(stale: bool) -> RunStarted {
    let run = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG".parse().unwrap();
    let root = Some("/root".into());
    RunStarted {
        reuse: Some(Reuse { run, stale, steered: false, except: Vec::new() }),
        root,
        ..started()
    }
}

pub fn from(path: &str) -> TaskId {
    TaskId { run: "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG".parse().unwrap(), path: at(path) }
}
