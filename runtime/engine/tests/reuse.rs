//! Runs that use the results of others, with real guests over a real journal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_core::budget::{Cap, Caps};
use baton_core::digest::Digest;
use baton_core::ids::{RunId, TaskPath};
use baton_core::json::Json;
use baton_core::manifest::Manifest;
use baton_core::record::{BackendChoice, Body, Program, Record, Reuse};
use baton_core::reuse::Miss;
use baton_core::scope::{PathScope, Scope};
use baton_engine::{Engine, EngineConfig, EngineError, NewRun, ResumeOptions, RunReport};
use baton_host::{Host, HostConfig};
use baton_journal::error::JournalError;
use baton_journal::rows::State;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{Blob, Journal};
use serde_json::{Value, json};

struct Bench {
    journal: Arc<dyn Journal>,
    engine: Engine,
    _home: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(home.path()).unwrap());
        let host = Arc::new(Host::new(HostConfig { cache_dir: None, live_max: 64 }).unwrap());
        let engine = Engine::new(EngineConfig {
            journal: Arc::clone(&journal),
            host,
            supervisor: Supervisor { program: "/nonexistent".into(), args: Vec::new() },
            worktrees: home.path().join("worktrees"),
            live: None,
            concurrency: 16,
            backend_concurrency: Vec::new(),
            runs: 8,
            recorder: None,
            stand_in: None,
            policy: None,
        });
        Self { journal, engine, _home: home }
    }

    async fn run(&self, new: NewRun) -> RunReport {
        let report = self.engine.start(new).await.unwrap().wait().await;
        assert!(report.error.is_none(), "{report:?}");
        report
    }

    /// A run of `hello` that greets, and may use the results of another run.
    async fn greet(&self, names: &[&str], reuse: Option<&RunId>) -> RunReport {
        let new = hello(&json!({ "names": names }));
        self.run(NewRun { reuse: reuse.map(plain), ..new }).await
    }

    async fn records(&self, run: &RunId) -> Vec<Record> {
        self.journal.records(run, 0, 100_000).await.unwrap()
    }

    /// Labels of agents that were performed, with the reason.
    async fn performed(&self, run: &RunId) -> BTreeMap<String, Miss> {
        let mut labels = BTreeMap::new();
        let mut performed = BTreeMap::new();
        for record in self.records(run).await {
            match record.body {
                Body::Spawned { task, work, .. } => {
                    labels.insert(task, work.label().unwrap_or_default().to_owned());
                }
                Body::NotReused { task, reason } => {
                    performed.insert(labels[&task].clone(), reason);
                }
                _ => {}
            }
        }
        performed
    }
}

fn plain(run: &RunId) -> Reuse {
    Reuse { run: run.clone(), stale: false, steered: false, except: Vec::new() }
}

fn bytes(name: &str) -> Arc<[u8]> {
    baton_plugins::find(name).unwrap().bytes.into()
}

/// A run of a plugin with these agents.
fn workflow(name: &str, agents: &[&str], input: &Value) -> NewRun {
    let component = bytes(name);
    let program = Program {
        agents: agents.iter().map(|name| ((*name).into(), Digest::of(&bytes(name)))).collect(),
        ..Program::new(name, Digest::of(&component))
    };
    let parts = agents.iter().map(|name| Blob::new(bytes(name)));
    let parts = parts.chain([Blob::new(component)]).collect();
    NewRun {
        scope: Scope { agents: true, workflows: true, ..Scope::default() },
        by: "test".into(),
        ..NewRun::new(program, parts, Json::from(input.clone()))
    }
}

/// A cap on agents alone.
fn capped(most: u64) -> Caps {
    Caps::of_run(Cap { agents: Some(most), ..Cap::default() })
}

fn hello(input: &Value) -> NewRun {
    let all = Some("component:echo-agent".into());
    let backends = BackendChoice { all, ..BackendChoice::default() };
    NewRun { backends, ..workflow("hello", &["echo-agent"], input) }
}

/// An audit of a directory.
fn audit(root: &Path) -> NewRun {
    let new = workflow("docs-audit", &["docs-auditor"], &json!({}));
    let manifest = baton_host::inspect(&bytes("docs-audit")).unwrap().manifest.unwrap();
    let Manifest { agents, .. } = manifest;
    NewRun {
        program: Program { agent_types: agents, ..new.program },
        scope: Scope { read: Some(PathScope::default()), ..new.scope },
        root: Some(root.to_owned()),
        ..new
    }
}

fn output(report: &RunReport) -> Value {
    report.outcome.as_ref().unwrap().handoff().unwrap().output.value()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_calls_are_not_made_again() {
    let bench = Bench::new();
    let names = ["a", "b", "c", "c"];
    let first = bench.greet(&names, None).await;
    assert_eq!((first.reused, first.usage.agents), (0, 4));
    let second = bench.greet(&names, Some(&first.run)).await;
    assert_eq!(second.state, State::Done);
    assert_eq!((second.reused, second.usage.agents, second.usage.tokens()), (4, 0, 0));
    assert_eq!(output(&second), output(&first));
    for record in bench.records(&second.run).await {
        assert!(!matches!(record.body, Body::Started { .. }), "nothing was started");
    }
    // A result that was reused can be reused again.
    let third = bench.greet(&names, Some(&second.run)).await;
    assert_eq!((third.reused, output(&third)), (4, output(&first)));
    assert!(bench.journal.verify().await.unwrap().damage.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_changed_is_performed() {
    let bench = Bench::new();
    let first = bench.greet(&["a", "b", "c"], None).await.run;
    type Case = (&'static [&'static str], &'static [&'static str]);
    let table: &[Case] = &[
        (&["c", "a", "b"], &[]),
        (&["a", "x", "c"], &["x"]),
        (&["x", "a", "b", "c"], &["x"]),
        (&["b"], &[]),
        (&["a", "a"], &["a"]),
    ];
    for (names, performed) in table {
        let report = bench.greet(names, Some(&first)).await;
        let found = bench.performed(&report.run).await;
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), *performed, "{names:?}");
        assert_eq!(report.reused as usize, names.len() - performed.len());
        assert_eq!(report.usage.agents as usize, performed.len());
        let greetings: Vec<String> = names.iter().map(|n| format!("Say hello to {n}.")).collect();
        assert_eq!(output(&report)["greetings"], json!(greetings));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caps_count_only_what_is_not_reused() {
    let bench = Bench::new();
    let names: Vec<String> = (0..20).map(|number| format!("n{number}")).collect();
    let new = |agents| NewRun { caps: capped(agents), ..hello(&json!({ "names": names })) };
    let seven = bench.run(hello(&json!({ "names": names[..7] }))).await;
    let report = bench.run(NewRun { reuse: Some(plain(&seven.run)), ..new(13) }).await;
    assert_eq!((report.state, report.reused, report.usage.agents), (State::Done, 7, 13));
    // All of a fan-out that did not fit are unfinished in the run that asked for them.
    let paused = bench.run(new(7)).await;
    assert_eq!((paused.state, paused.usage.agents), (State::Paused, 0));
    let report = bench.run(NewRun { reuse: Some(plain(&paused.run)), ..new(20) }).await;
    assert_eq!((report.state, report.reused, report.usage.agents), (State::Done, 0, 20));
    let why = bench.performed(&report.run).await;
    assert!(why.values().all(|miss| matches!(miss, Miss::Unfinished { .. })), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_gone_cannot_be_reused() {
    let bench = Bench::new();
    let gone: RunId = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF".parse().unwrap();
    let new = NewRun { reuse: Some(plain(&gone)), ..hello(&json!({ "names": ["a"] })) };
    let refused = bench.engine.start(new).await;
    assert!(
        matches!(&refused, Err(EngineError::Journal(JournalError::NoRun(run))) if *run == gone),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_of_a_reusing_run_uses_what_is_left() {
    let bench = Bench::new();
    let first = bench.greet(&["a", "a", "b"], None).await.run;
    // The cap holds `x` back, so the run pauses with all results of the first one claimed.
    let new = hello(&json!({ "names": ["x", "a", "a", "b"] }));
    let caps = capped(0);
    let paused = bench.run(NewRun { reuse: Some(plain(&first)), caps, ..new }).await;
    assert_eq!((paused.state, paused.reused), (State::Paused, 3));
    let options = ResumeOptions { caps: capped(5), by: "test".into(), ..ResumeOptions::default() };
    let report = bench.engine.resume(&paused.run, options).await.unwrap().wait().await;
    assert_eq!((report.state, report.reused, report.usage.agents), (State::Done, 3, 1));
    let claims: Vec<TaskPath> = bench
        .records(&report.run)
        .await
        .into_iter()
        .filter_map(|record| match record.body {
            Body::Completed { reused_from: Some(from), .. } => Some(from.path),
            _ => None,
        })
        .collect();
    let mut unique = claims.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), claims.len(), "nothing is claimed twice: {claims:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_runs_again_when_a_file_it_read_changes() {
    let bench = Bench::new();
    let root = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for number in 0..6 {
        let filler = "word ".repeat(20_000);
        file(&format!("{number}/page.md"), &format!("# Page {number}\n\n{filler}\n"));
    }
    file("unrelated.txt", "1");
    let first = bench.run(audit(root.path())).await;
    assert_eq!(first.state, State::Done, "{first:?}");
    let agents = first.usage.agents;
    assert!(agents > 1, "the test needs several agents, there were {agents}");
    let reads =
        bench.records(&first.run).await.into_iter().filter_map(|record| match record.body {
            Body::AgentRead { reads, complete, .. } => Some((reads.len(), complete)),
            _ => None,
        });
    let reads: Vec<(usize, bool)> = reads.collect();
    assert_eq!(reads.len() as u64, agents, "each says what it read");
    assert!(reads.iter().all(|(count, complete)| *count > 0 && *complete), "{reads:?}");

    let again = || NewRun { reuse: Some(plain(&first.run)), ..audit(root.path()) };
    let same = bench.run(again()).await;
    assert_eq!((same.reused, same.usage.agents, output(&same)), (agents, 0, output(&first)));
    file("unrelated.txt", "2");
    assert_eq!(bench.run(again()).await.reused, agents, "nobody read that file");

    let text = fs::read_to_string(root.path().join("3/page.md")).unwrap();
    file("3/page.md", &text.replace("Page 3", "Page X"));
    let changed = bench.run(again()).await;
    let why: Vec<Miss> = bench.performed(&changed.run).await.into_values().collect();
    let [Miss::FilesChanged { files, more: 0, .. }] = &why[..] else { panic!("{why:?}") };
    assert_eq!(files[..], ["3/page.md".to_owned()]);
    assert_eq!((changed.reused, changed.usage.agents), (agents - 1, 1));
    // Through the run that reused most of it.
    let chained =
        bench.run(NewRun { reuse: Some(plain(&changed.run)), ..audit(root.path()) }).await;
    assert_eq!((chained.reused, chained.usage.agents), (agents, 0));
}
