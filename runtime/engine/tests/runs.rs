//! Runs of real guests over a real journal, without the command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::record::{BackendChoice, Body, Pause, Program, Record};
use baton_core::scope::Scope;
use baton_engine::{Engine, EngineConfig, NewRun, ResumeOptions, RunReport};
use baton_host::{Host, HostConfig};
use baton_journal::rows::State;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::Journal;
use serde_json::{Value, json};

struct Bench {
    journal: Arc<dyn Journal>,
    host: Arc<Host>,
    _home: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let journal = Arc::new(SqliteJournal::open(home.path()).unwrap());
        let host = Host::new(HostConfig { cache_dir: None, live_max: 64 }).unwrap();
        Self { journal, host: Arc::new(host), _home: home }
    }

    fn engine(&self, concurrency: u32) -> Engine {
        Engine::new(EngineConfig {
            journal: Arc::clone(&self.journal),
            host: Arc::clone(&self.host),
            supervisor: Supervisor { program: "/nonexistent".into(), args: Vec::new() },
            concurrency,
            backend_concurrency: Vec::new(),
            runs: 64,
        })
    }
}

/// A run of `hello` whose agents are `echo-agent`.
fn hello(input: &Value) -> NewRun {
    let bytes = |name: &str| -> Arc<[u8]> { baton_plugins::find(name).unwrap().bytes.into() };
    let (workflow, agent) = (bytes("hello"), bytes("echo-agent"));
    let program = Program {
        name: "hello".into(),
        component: Digest::of(&workflow),
        workflows: BTreeMap::new(),
        agents: BTreeMap::from([("echo-agent".into(), Digest::of(&agent))]),
        agent_types: BTreeMap::new(),
    };
    NewRun {
        id: None,
        program,
        components: vec![workflow, agent],
        input: Json::from(input.clone()),
        scope: Scope { read: None, agents: true, workflows: false },
        root: None::<&Path>.map(Into::into),
        backends: BackendChoice { all: Some("component:echo-agent".into()), ..Default::default() },
        budget: Amounts::default(),
        caps: Caps::default(),
        concurrency: None,
        limits: Limits::default(),
        by: "test".into(),
        batch: None,
        seed: None,
        observer: None,
    }
}

fn names(count: usize) -> Value {
    json!({ "names": (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>() })
}

fn greetings(report: &RunReport) -> usize {
    let handoff = report.outcome.as_ref().unwrap().handoff().unwrap();
    handoff.output.value()["greetings"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_spawns_agents_and_ends_with_their_results() {
    let bench = Bench::new();
    let report = bench.engine(16).start(hello(&names(50))).await.unwrap().wait().await;
    assert_eq!(report.state, State::Done, "{report:?}");
    assert_eq!(greetings(&report), 50);
    assert_eq!(report.usage.agents, 50);
    let row = bench.journal.run(&report.run).await.unwrap().unwrap();
    assert_eq!((row.state, row.tasks, row.failed_tasks, row.owned), (State::Done, 50, 0, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_at_work_never_exceed_the_cap() {
    let bench = Bench::new();
    let report = bench.engine(3).start(hello(&names(40))).await.unwrap().wait().await;
    let records = bench.journal.records(&report.run, 0, 10_000).await.unwrap();
    let (mut at_work, mut most) = (0_i64, 0_i64);
    for Record { body, .. } in &records {
        match body {
            Body::Started { tasks } => at_work += i64::try_from(tasks.len()).unwrap(),
            Body::Completed { .. } => at_work -= 1,
            _ => {}
        }
        most = most.max(at_work);
    }
    assert_eq!(most, 3, "parallel up to the cap, and never beyond it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_pauses_the_run_and_a_higher_one_continues_it() {
    let bench = Bench::new();
    let new = NewRun { caps: Caps { agents: Some(7), ..Caps::default() }, ..hello(&names(20)) };
    let paused = bench.engine(4).start(new).await.unwrap().wait().await;
    assert_eq!(paused.state, State::Paused);
    assert_eq!(paused.pause, Some(Pause::Cap { cap: "agents".into() }));
    assert_eq!(paused.usage.agents, 7);
    let options = || ResumeOptions {
        caps: Caps { agents: Some(20), ..Caps::default() },
        by: "test".into(),
        ..Default::default()
    };
    let done = bench.engine(4).resume(&paused.run, options()).await.unwrap().wait().await;
    assert_eq!((done.state, greetings(&done)), (State::Done, 20));
    assert_eq!(done.usage.agents, 20, "nothing was repeated");
    let again = bench.engine(4).resume(&paused.run, options()).await.unwrap_err();
    assert!(again.to_string().contains("has ended"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_share_one_engine() {
    let bench = Bench::new();
    let engine = bench.engine(16);
    let mut handles = Vec::new();
    for _ in 0..100 {
        handles.push(tokio::spawn({
            let engine = engine.clone();
            async move { engine.start(hello(&names(5))).await.unwrap().wait().await }
        }));
    }
    for handle in handles {
        let report = handle.await.unwrap();
        assert_eq!((report.state, greetings(&report)), (State::Done, 5), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parking_leaves_a_run_that_can_be_resumed() {
    let bench = Bench::new();
    let engine = bench.engine(1);
    let handle = engine.start(hello(&names(200))).await.unwrap();
    let run = handle.run().clone();
    while bench.journal.tasks(&run).await.unwrap().iter().filter(|t| t.state == State::Done).count()
        < 3
    {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    engine.park();
    let parked = handle.wait().await;
    assert_eq!((parked.state, parked.pause), (State::Paused, Some(Pause::Interrupted)));
    let options = ResumeOptions { by: "test".into(), ..Default::default() };
    let done = bench.engine(16).resume(&run, options).await.unwrap().wait().await;
    assert_eq!((done.state, greetings(&done), done.usage.agents), (State::Done, 200, 200));
}
