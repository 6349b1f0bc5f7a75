//! Real runs: an engine over SQLite, with guests of this workspace.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use baton_agents::Supervisor;
use baton_core::json::Json;
use baton_core::record::{BackendChoice, Program, ScriptOptions};
use baton_core::scope::{Authority, NameScope, Scope, ToolScope};
use baton_core::tool::{Provider, ToolDefinition, Tools};
use baton_engine::{Engine, EngineConfig, NewRun, RunReport};
use baton_host::{Host, HostConfig};
use baton_journal::rows::RunFilter;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{Blob, Journal};
use serde_json::Value;

/// A host with room for `live` instances, without a cache on disk.
///
/// # Panics
/// When the engine does not start.
#[must_use]
pub fn host(live: u32) -> Arc<Host> {
    Arc::new(Host::new(HostConfig { cache_dir: None, live_max: live }).unwrap())
}

/// The bytes of a guest.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn guest(name: &str) -> &'static [u8] {
    baton_plugins::find(name).unwrap().bytes
}

/// A journal in this folder.
///
/// # Panics
/// When it cannot be opened.
#[must_use]
pub fn journal(home: &Path) -> Arc<dyn Journal> {
    Arc::new(SqliteJournal::open(home).unwrap())
}

/// An engine; must be called within a tokio runtime.
#[must_use]
pub fn engine(journal: &Arc<dyn Journal>, host: &Arc<Host>, runs: u32) -> Engine {
    Engine::new(EngineConfig {
        journal: Arc::clone(journal),
        host: Arc::clone(host),
        supervisor: Supervisor { program: "/nonexistent".into(), args: Vec::new() },
        concurrency: 16,
        backend_concurrency: Vec::new(),
        runs,
        worktrees: "/nonexistent".into(),
        live: None,
        recorder: None,
        stand_in: None,
        policy: None,
    })
}

/// A guest as it is pinned: digested once, as whoever starts many runs does.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn blob(name: &str) -> Blob {
    static GUESTS: LazyLock<BTreeMap<&str, Blob>> = LazyLock::new(|| {
        baton_plugins::all().iter().map(|one| (one.name, Blob::new(one.bytes))).collect()
    });
    GUESTS.get(name).unwrap().clone()
}

/// A run of a guest whose agents are `echo-agent`.
#[must_use]
pub fn new(workflow: &str, input: Value) -> NewRun {
    let (main, agent) = (blob(workflow), blob("echo-agent"));
    let program = Program {
        agents: BTreeMap::from([("echo-agent".into(), agent.digest)]),
        ..Program::new(workflow, main.digest)
    };
    NewRun {
        scope: Scope { agents: true, workflows: false, ..Scope::default() },
        backends: BackendChoice { all: Some("component:echo-agent".into()), ..Default::default() },
        by: "bench".into(),
        ..NewRun::new(program, vec![main, agent], Json::from(input))
    }
}

/// A run of a script whose agents are `echo-agent`.
#[must_use]
pub fn script(source: &str, args: Value) -> NewRun {
    static RUNNER: LazyLock<Blob> = LazyLock::new(|| Blob::new(baton_plugins::script_runner()));
    let (source, agent) = (Blob::new(source.as_bytes()), blob("echo-agent"));
    let program = Program {
        script: Some(source.digest),
        agents: BTreeMap::from([("echo-agent".into(), agent.digest)]),
        ..Program::new("bench", RUNNER.digest)
    };
    NewRun {
        program,
        parts: vec![RUNNER.clone(), source, agent],
        input: Json::from(args),
        script: Some(Box::default()),
        ..new("nap", Value::Null)
    }
}

/// Runs it to its end.
///
/// # Panics
/// When it does not end with a result.
pub async fn finish(engine: &Engine, new: NewRun) -> RunReport {
    let report = engine.start(new).await.unwrap().wait().await;
    assert!(report.outcome.as_ref().is_some_and(|end| end.handoff().is_some()), "{report:?}");
    report
}

/// Input for `hello` with so many names.
#[must_use]
pub fn names(count: u32) -> Value {
    serde_json::json!({ "names": (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>() })
}

/// A runtime as the command line has it.
///
/// # Panics
/// When the system has no threads to give.
#[must_use]
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// Until the one task of every run, a timer, is on record.
///
/// # Panics
/// When the journal cannot be read.
pub async fn all_wait(journal: &Arc<dyn Journal>, runs: u32) {
    loop {
        let rows = journal.runs(&RunFilter::default()).await.unwrap();
        if rows.iter().filter(|row| row.tasks == 1).count() == runs as usize {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A workflow that calls `echo-tool` so many times, all at once. With `warm` instances of the tool
/// kept.
#[must_use]
pub fn calls(times: u32, warm: u32) -> NewRun {
    let source = format!(
        "export const meta = {{ name: 'calls', description: 'Calls a tool.', \
         baton: {{ tools: ['echo-tool/*'] }} }}\n\
         const call = () => baton.tool('echo-tool/echo', {{ text: 'hello' }})\n\
         for (let left = {times}; left > 0; left -= 1000)\n\
         await Promise.all(Array.from({{ length: Math.min(left, 1000) }}, call))\n\
         return null\n"
    );
    let (component, base) = (blob("echo-tool"), script(&source, Value::Null));
    let definition = ToolDefinition {
        description: String::new(),
        input: None,
        output: None,
        provider: Provider::Component("echo-tool".into()),
        authority: Authority::default(),
        effect: None,
        idempotency_key: None,
        timeout_ms: None,
    };
    let names = NameScope::of(&["echo-tool/*".to_owned()]);
    let kept = (warm > 0).then(|| ("echo-tool".to_owned(), warm));
    NewRun {
        program: Program {
            tools: BTreeMap::from([("echo-tool".into(), component.digest)]),
            ..base.program
        },
        parts: base.parts.into_iter().chain([component]).collect(),
        scope: Scope {
            tools: Some(ToolScope { names, within: Authority::default() }),
            ..base.scope
        },
        tools: Tools {
            known: BTreeMap::from([("echo-tool/echo".into(), definition)]),
            warm: kept.into_iter().collect(),
            ..Tools::default()
        },
        script: base.script.map(|script| Box::new(ScriptOptions { extensions: true, ..*script })),
        ..base
    }
}
