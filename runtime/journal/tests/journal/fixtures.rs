//! Records to write and places to write them to.

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::record::{Body, Effect, Record, RunStarted, Start, Work};
use baton_core::spec::AgentSpec;
use baton_journal::memory::MemoryJournal;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{Blob, Journal};
use serde_json::json;
use tempfile::TempDir;

/// A place where several processes share a journal.
pub trait Home {
    /// A new process on it. Dropping it is the death of that process.
    fn open(&self) -> Box<dyn Journal>;
}

impl Home for MemoryJournal {
    fn open(&self) -> Box<dyn Journal> {
        Box::new(self.sibling())
    }
}

impl Home for TempDir {
    fn open(&self) -> Box<dyn Journal> {
        Box::new(SqliteJournal::open(self.path()).unwrap())
    }
}

/// The `n`-th run of a test.
pub fn run_id(n: u128) -> RunId {
    RunId::from_ulid(ulid::Ulid::from(n))
}

/// The component that every run of the tests is made of.
pub fn component() -> Blob {
    Blob::new(b"component".to_vec())
}

pub fn record(seq: u64, body: Body) -> Record {
    Record { seq, at: Timestamp(1_000 + seq), body }
}

/// The first record of a run.
pub fn started(run: &RunId, name: &str) -> Record {
    started_in(run, name, None)
}

/// The first record of a run in a batch.
pub fn started_in(run: &RunId, name: &str, place: Option<(&str, u64)>) -> Record {
    let mut facts = json!({
        "format": 1,
        "run": run,
        "program": {"name": name, "component": component().digest},
        "input": {"question": "why"},
        "seed": Digest::of(b"seed"),
        "scope": {},
    });
    if let Some((batch, line)) = place {
        facts["batch"] = json!({"batch": batch, "line": line});
    }
    let facts: RunStarted = serde_json::from_value(facts).unwrap();
    record(1, Body::RunStarted(Box::new(facts)))
}

pub fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

pub fn usage(tokens: u64) -> Usage {
    Usage { agents: 1, input_tokens: tokens, ..Usage::default() }
}

pub fn spawned(seq: u64, task: &str, prompt: &str) -> Record {
    let mut spec = AgentSpec { prompt: prompt.to_owned(), ..AgentSpec::default() };
    spec.options.label = Some(format!("label of {task}"));
    spec.options.phase = Some("phase".to_owned());
    let work = Work::Agent { spec, backend: "component:x".to_owned(), effect: Effect::Read };
    spawned_work(seq, task, work)
}

pub fn spawned_work(seq: u64, task: &str, work: Work) -> Record {
    let digest = Digest::of(task.as_bytes());
    record(seq, Body::Spawned { task: path(task), digest, fuel: 7, work: Box::new(work) })
}

pub fn begun(seq: u64, task: &str, attempt: u32) -> Record {
    record(seq, Body::Started { tasks: vec![Start { task: path(task), attempt }] })
}

pub fn completed(seq: u64, task: &str, tokens: u64) -> Record {
    let outcome = Outcome::Done(Handoff { summary: "fine".to_owned(), ..Handoff::default() });
    record(
        seq,
        Body::Completed { task: path(task), outcome, usage: usage(tokens), reused_from: None },
    )
}

pub fn failed(seq: u64, task: &str, kind: FailureKind, tokens: u64) -> Record {
    let outcome = Outcome::Failed(failure(kind));
    record(
        seq,
        Body::Completed { task: path(task), outcome, usage: usage(tokens), reused_from: None },
    )
}

pub fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "some-code", "it broke")
}

pub fn finished(seq: u64, outcome: Outcome, tokens: u64) -> Record {
    record(seq, Body::Finished { outcome, usage: usage(tokens) })
}

/// Records 2, 3 and 4: one agent from its spawn to its end.
pub fn one_agent() -> Vec<Record> {
    vec![spawned(2, "1", "do it"), begun(3, "1", 1), completed(4, "1", 10)]
}

/// Tests that every journal must pass: each case is a function of a place that holds one.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&baton_journal::memory::MemoryJournal::new()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&tempfile::tempdir().unwrap()).await;
            })*
        }
    };
}
pub(crate) use on_both;
