//! Runs of real guests over a real journal, without the command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_core::budget::{Cap, Caps};
use baton_core::digest::Digest;
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{BackendChoice, Body, Pause, Program, Record};
use baton_core::scope::Scope;
use baton_engine::{Engine, EngineConfig, NewRun, ResumeOptions, RunReport};
use baton_host::{Host, HostConfig};
use baton_journal::rows::State;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{Blob, Control, Journal};
use serde_json::{Value, json};

struct Bench {
    journal: Arc<dyn Journal>,
    host: Arc<Host>,
    _home: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with_instances(64)
    }

    /// With room for so many live instances.
    fn with_instances(live_max: u32) -> Self {
        let home = tempfile::tempdir().unwrap();
        let journal = Arc::new(SqliteJournal::open(home.path()).unwrap());
        let host = Host::new(HostConfig { cache_dir: None, live_max }).unwrap();
        Self { journal, host: Arc::new(host), _home: home }
    }

    fn engine(&self, concurrency: u32) -> Engine {
        self.engine_with(concurrency, Vec::new())
    }

    fn engine_with(&self, concurrency: u32, backend_concurrency: Vec<(String, u32)>) -> Engine {
        Engine::new(EngineConfig {
            journal: Arc::clone(&self.journal),
            host: Arc::clone(&self.host),
            supervisor: Supervisor { program: "/nonexistent".into(), args: Vec::new() },
            concurrency,
            backend_concurrency,
            runs: 64,
            worktrees: "/nonexistent".into(),
            live: None,
            recorder: None,
            stand_in: None,
            policy: None,
        })
    }
}

/// A cap on agents alone.
fn agents(most: u64) -> Caps {
    Caps::of_run(Cap { agents: Some(most), ..Cap::default() })
}

/// A run of `hello` whose agents are `echo-agent`.
fn hello(input: &Value) -> NewRun {
    workflow("hello", input)
}

/// A run of a plugin whose agents are `echo-agent`, and which may run itself as a child.
fn workflow(name: &str, input: &Value) -> NewRun {
    let bytes = |name: &str| -> Arc<[u8]> { baton_plugins::find(name).unwrap().bytes.into() };
    let (workflow, agent) = (bytes(name), bytes("echo-agent"));
    let program = Program {
        workflows: BTreeMap::from([(name.into(), Digest::of(&workflow))]),
        agents: BTreeMap::from([("echo-agent".into(), Digest::of(&agent))]),
        ..Program::new(name, Digest::of(&workflow))
    };
    let parts = vec![Blob::new(workflow), Blob::new(agent)];
    NewRun {
        scope: Scope { agents: true, workflows: true, ..Scope::default() },
        backends: BackendChoice { all: Some("component:echo-agent".into()), ..Default::default() },
        by: "test".into(),
        ..NewRun::new(program, parts, Json::from(input.clone()))
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

/// Agents that were at work at once, by the journal.
async fn most_at_work(bench: &Bench, report: &RunReport) -> i64 {
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
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_at_work_never_exceed_the_cap() {
    let bench = Bench::new();
    let report = bench.engine(3).start(hello(&names(40))).await.unwrap().wait().await;
    let most = most_at_work(&bench, &report).await;
    assert_eq!(most, 3, "parallel up to the cap, and never beyond it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_pauses_the_run_and_a_higher_one_continues_it() {
    let bench = Bench::new();
    let new = NewRun { caps: agents(7), ..hello(&names(20)) };
    let paused = bench.engine(4).start(new).await.unwrap().wait().await;
    assert_eq!(paused.state, State::Paused);
    let Some(Pause::Cap { cap, short: Some(short) }) = &paused.pause else {
        panic!("{:?}", paused.pause);
    };
    assert_eq!((cap.as_str(), short.cap, short.spent, short.needs), ("agents", 7, 0, 20));
    assert_eq!(paused.usage.agents, 0, "those who are asked for together start together or not");
    let options = || ResumeOptions { caps: agents(20), by: "test".into(), ..Default::default() };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_runs_do_not_need_an_instance_each() {
    let bench = Bench::with_instances(4);
    let engine = bench.engine(4);
    let mut handles = Vec::new();
    for _ in 0..48 {
        let nap = workflow("nap", &json!({ "step": "sleep", "ms": 400, "times": 3 }));
        handles.push(engine.start(nap).await.unwrap());
    }
    for handle in handles {
        let report = handle.wait().await;
        assert_eq!(report.state, State::Done, "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workflows_run_as_children_and_their_usage_adds_up() {
    let bench = Bench::with_instances(3);
    let nest = workflow("nest", &json!({ "depth": 3, "width": 3 }));
    let report = bench.engine(8).start(nest).await.unwrap().wait().await;
    let handoff = report.outcome.as_ref().unwrap().handoff().expect("a result");
    assert_eq!(handoff.output.value(), json!(27), "{report:?}");
    assert_eq!(report.usage.agents, 27);
    let tasks = bench.journal.tasks(&report.run).await.unwrap();
    assert_eq!(tasks.len(), 3 + 9 + 27 + 27);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn depth_ends_a_workflow_that_runs_itself() {
    let bench = Bench::new();
    let nest = workflow("nest", &json!({ "depth": 50, "width": 1 }));
    let report = bench.engine(8).start(nest).await.unwrap().wait().await;
    let failure = report.outcome.as_ref().unwrap().failure().expect("a failure");
    assert!(failure.message.contains("levels deep"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_cancels_a_run() {
    let bench = Bench::new();
    let engine = bench.engine(1);
    let nap = workflow("nap", &json!({ "step": "sleep", "ms": 600_000, "times": 1 }));
    let handle = engine.start(nap).await.unwrap();
    let control = Control::Cancel { task: TaskPath::root() };
    bench.journal.send(handle.run(), "somebody", control).await.unwrap();
    let report = handle.wait().await;
    assert_eq!(report.state, State::Cancelled, "{report:?}");
    assert!(bench.journal.inbox().await.unwrap().is_empty(), "the letter was obeyed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_cancels_one_task_and_the_run_goes_on() {
    let bench = Bench::new();
    let engine = bench.engine(1);
    let nap = workflow("nap", &json!({ "step": "sleep", "ms": 600_000, "times": 1 }));
    let handle = engine.start(nap).await.unwrap();
    let run = handle.run().clone();
    while bench.journal.tasks(&run).await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let control = Control::Cancel { task: TaskPath::root().child(1) };
    bench.journal.send(&run, "somebody", control).await.unwrap();
    let report = handle.wait().await;
    assert_ne!(report.state, State::Cancelled, "{report:?}");
    assert_eq!(report.failed_tasks, 0, "whoever cancels misses nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_to_a_run_without_an_owner_is_obeyed_before_anything_starts() {
    let bench = Bench::new();
    let engine = bench.engine(4);
    let caps = agents;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let new = NewRun { caps: caps(0), ..hello(&names(20)) };
        let paused = engine.start(new).await.unwrap().wait().await;
        assert_eq!(paused.state, State::Paused, "{paused:?}");
        let control = Control::Cancel { task: TaskPath::root() };
        bench.journal.send(&paused.run, "somebody", control).await.unwrap();
        runs.push(paused.run);
    }
    // The newest letter first: the older ones must not be taken for letters already handed out.
    for run in runs.iter().rev() {
        let options = ResumeOptions { caps: caps(20), by: "test".into(), ..Default::default() };
        let report = engine.resume(run, options).await.unwrap().wait().await;
        assert_eq!(report.state, State::Cancelled, "{report:?}");
        assert_eq!(report.usage.agents, 0, "no agent was started");
    }
    assert!(bench.journal.inbox().await.unwrap().is_empty(), "the letters were obeyed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_resumes_anyway_passes_over_a_pause_that_nobody_was_there_to_obey() {
    let bench = Bench::new();
    let engine = bench.engine(4);
    let new = NewRun { caps: agents(0), ..hello(&names(3)) };
    let run = engine.start(new).await.unwrap().wait().await.run;
    for control in [Control::Pause, Control::PauseNow] {
        bench.journal.send(&run, "somebody", control).await.unwrap();
    }
    let options = |anyway| ResumeOptions {
        caps: agents(20),
        by: "test".into(),
        anyway,
        ..Default::default()
    };
    let report = engine.resume(&run, options(true)).await.unwrap().wait().await;
    assert_eq!(report.state, State::Done, "{report:?}");
    assert!(bench.journal.pending(&run).await.unwrap().is_empty(), "they were answered");
    let records = bench.journal.records(&run, 0, 1_000).await.unwrap();
    let said: Vec<_> = records
        .iter()
        .filter_map(|record| match &record.body {
            Body::PauseOrdered { by, now, lifted } => Some((by.as_str(), *now, *lifted)),
            _ => None,
        })
        .collect();
    let (asked, lifted) = (("somebody", false, false), ("test", false, true));
    assert_eq!(said, [asked, lifted, ("somebody", true, false), lifted]);

    let new = NewRun { caps: agents(0), ..hello(&names(3)) };
    let run = engine.start(new).await.unwrap().wait().await.run;
    bench.journal.send(&run, "somebody", Control::Pause).await.unwrap();
    for state in [State::Paused, State::Done] {
        let report = engine.resume(&run, options(false)).await.unwrap().wait().await;
        assert_eq!(report.state, state, "obeyed once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_with_many_agents_does_not_keep_a_small_one_waiting() {
    let bench = Bench::new();
    let engine = bench.engine(1);
    let large = engine.start(hello(&names(400))).await.unwrap();
    let run = large.run().clone();
    while bench.journal.run(&run).await.unwrap().is_none_or(|row| row.tasks < 400) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let small = engine.start(hello(&names(2))).await.unwrap().wait().await;
    assert_eq!(small.state, State::Done);
    let left = bench.journal.tasks(&run).await.unwrap();
    let open = left.iter().filter(|task| !task.state.is_final()).count();
    assert!(open > 0, "the small run took its turns while the large one was at work");
    assert_eq!(greetings(&large.wait().await), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_has_a_cap_of_its_own() {
    let bench = Bench::new();
    let engine = bench.engine_with(8, vec![("component:echo-agent".into(), 2)]);
    let report = engine.start(hello(&names(30))).await.unwrap().wait().await;
    assert_eq!(most_at_work(&bench, &report).await, 2);
    let capped = NewRun { concurrency: Some(3), ..hello(&names(30)) };
    let report = bench.engine(8).start(capped).await.unwrap().wait().await;
    assert_eq!(most_at_work(&bench, &report).await, 3);
}
