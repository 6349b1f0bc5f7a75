//! One dry run: the whole workflow, with nothing outside of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::Supervisor;
use baton_core::budget::Caps;
use baton_core::digest::Digest;
use baton_core::handoff::{Outcome, Usage};
use baton_core::ids::RunId;
use baton_core::record::{Body, Record, Work};
use baton_engine::{Engine, EngineConfig, EngineError, NewRun, StandIn};
use baton_host::Host;
use baton_journal::memory::MemoryJournal;
use baton_journal::rows::State;
use baton_journal::store::Journal;
use tokio::time::timeout;

use crate::answer::Temper;
use crate::figures::{Counts, Outturn};
use crate::performer::{Account, Performer};
use crate::prompts::Prompts;
use crate::rates::Rates;
use crate::schedule::Schedule;
use crate::tokens::Memo;

/// Agents of a dry run at the most: a loop that its answers do not end is not waited for.
pub const AGENTS_MAX: u64 = 2_000;
/// Time of a dry run at the most.
pub const TIME_MAX: Duration = Duration::from_secs(5);
/// Time that a dry run has for its end when it is told to end.
const END_MAX: Duration = Duration::from_secs(2);

/// How a dry run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a result.
    Done,
    /// Without one, and why.
    Failed(String),
    /// It was stopped: `agents` or `time`.
    Stopped(&'static str),
    /// It waits for messages of people.
    Waits,
}

/// What a dry run came to.
pub(crate) struct Dry {
    pub(crate) temper: Temper,
    pub(crate) outturn: Outturn,
    pub(crate) end: End,
    /// Limits that its spawns ran into, by name.
    pub(crate) limits: Vec<String>,
    pub(crate) account: Account,
}

/// Makes one dry run. Its journal is in memory and gone afterwards.
pub(crate) async fn run(
    host: Arc<Host>,
    new: NewRun,
    known: (Rates, Arc<Memo>),
    temper: Temper,
    concurrency: u32,
) -> Result<Dry, EngineError> {
    let id: RunId = RunId::from_ulid(ulid::Ulid::from_parts(0, temper.seed.into()));
    let new = NewRun {
        id: Some(id.clone()),
        // What a workflow would do is asked, and not where it would be stopped.
        caps: Caps::default(),
        reuse: None,
        batch: None,
        observer: None,
        watcher: None,
        forecast: None,
        waits: false,
        seed: Some(Digest::of(&temper.seed.to_le_bytes())),
        ..new
    };
    let prompts = Prompts::of(&new);
    let slots = new.concurrency.map_or(concurrency, |own| own.min(concurrency));
    let performer = Arc::new(Performer::new(temper, prompts, &new, known, id.clone(), AGENTS_MAX));
    let journal = Arc::new(MemoryJournal::new());
    let engine = Engine::new(EngineConfig {
        journal: journal.clone(),
        host,
        supervisor: Supervisor { program: PathBuf::new(), args: Vec::new() },
        concurrency,
        backend_concurrency: Vec::new(),
        runs: 1,
        worktrees: PathBuf::new(),
        recorder: None,
        stand_in: Some(Arc::clone(&performer) as Arc<dyn StandIn>),
    });
    let handle = engine.start(new).await?;
    let mut report = Box::pin(handle.wait());
    let stopped = tokio::select! {
        report = &mut report => Ok(report),
        () = performer.enough() => Err("agents"),
        () = tokio::time::sleep(TIME_MAX) => Err("time"),
    };
    let end = match stopped {
        Err(why) => {
            engine.stop();
            // A guest that does not let go is left behind: nothing of it is durable.
            let _ = timeout(END_MAX, &mut report).await;
            End::Stopped(why)
        }
        Ok(report) => match (report.error, report.state, report.outcome) {
            (Some(error), ..) => return Err(error),
            (_, State::Done, _) => End::Done,
            (_, State::Waiting, _) => End::Waits,
            (_, _, Some(Outcome::Failed(failure))) => End::Failed(failure.to_string()),
            (_, state, _) => End::Failed(format!("the run was left as {}", state.as_str())),
        },
    };
    let records = journal.records(&id, 0, u64::MAX).await?;
    let mut account = std::mem::take(&mut *performer.account());
    let ms = std::mem::take(&mut account.ms);
    let schedule = Schedule::of(&records, &ms, slots);
    let limits = refused(&records);
    Ok(Dry { temper, outturn: outturn(&records, &schedule), end, limits, account })
}

/// Limits that spawns were refused by.
fn refused(records: &[Record]) -> Vec<String> {
    let mut limits: Vec<String> = records
        .iter()
        .filter_map(|record| match &record.body {
            Body::Refused { refusal, .. } if refusal.code.starts_with("run.") => {
                Some(refusal.code.clone())
            }
            _ => None,
        })
        .collect();
    limits.sort();
    limits.dedup();
    limits
}

/// What the agents of a dry run came to that were started, also those that nobody waited for.
fn outturn(records: &[Record], schedule: &Schedule) -> Outturn {
    let mut started = BTreeSet::new();
    let mut usages: BTreeMap<_, &Usage> = BTreeMap::new();
    for record in records {
        match &record.body {
            Body::Started { tasks } => started.extend(tasks.iter().map(|start| &start.task)),
            Body::Completed { task, usage, .. } => {
                usages.insert(task, usage);
            }
            _ => {}
        }
    }
    let agents = records.iter().filter_map(|record| {
        let Body::Spawned { task, work, .. } = &record.body else { return None };
        let Work::Agent { spec, .. } = &**work else { return None };
        if !started.contains(task) {
            return None;
        }
        let usage = usages.get(task).copied().copied().unwrap_or_default();
        let counts = Counts {
            agents: 1,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_micro_usd: usage.cost_micro_usd,
            wall_ms: 0,
        };
        Some((spec.options.phase.clone(), counts, schedule.window(task)))
    });
    Outturn::of(agents, schedule.end())
}
