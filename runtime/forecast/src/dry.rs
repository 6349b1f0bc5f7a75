//! One dry run: the whole workflow, with nothing outside of it.

mod end;

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
use crate::known::Known;
use crate::performer::{Account, Performer, made_up};
use crate::schedule::Schedule;

pub(crate) use self::end::{End, Stop};
use self::end::{judged, quiet};

/// Agents of a dry run at the most: a loop that its answers do not end is not waited for.
pub const AGENTS_MAX: u64 = 2_000;
/// Time of a dry run at the most.
pub const TIME_MAX: Duration = Duration::from_secs(5);
/// Time of the first one: the components that it needs may have to be compiled.
const FIRST_MAX: Duration = Duration::from_secs(20);
/// Computing time of a workflow of a dry run at the most, where nothing told that it needs more.
pub const COMPUTING_MAX: Duration = Duration::from_millis(1_500);
/// Time that a dry run has for its end when it is told to end.
const END_MAX: Duration = Duration::from_secs(2);

/// What a dry run came to.
pub(crate) struct Dry {
    pub(crate) temper: Temper,
    pub(crate) outturn: Outturn,
    pub(crate) end: End,
    /// Limits that its spawns ran into, by name.
    pub(crate) limits: Vec<String>,
    pub(crate) account: Account,
}

impl Dry {
    /// Whether it came to an end by itself, with something to show.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.end, End::Done | End::Waits)
    }
}

/// Makes dry runs of one run.
pub(crate) struct Maker {
    pub(crate) host: Arc<Host>,
    pub(crate) known: Arc<Known>,
    /// Agents at work at once.
    pub(crate) concurrency: u32,
    /// Computing time of a workflow at the most.
    pub(crate) computing: Duration,
    /// Whether one was made before.
    pub(crate) begun: bool,
}

impl Maker {
    /// Makes one. A workflow that computes for long and shows signs of life is no loop without an end:
    /// it and all that follow get the time of the whole dry run.
    pub(crate) async fn make(
        &mut self,
        new: &(dyn Fn() -> NewRun + Send + Sync),
        temper: Temper,
    ) -> Result<Dry, EngineError> {
        loop {
            let (dry, quiet) = self.once(new(), temper).await?;
            self.begun = true;
            let busy = quiet < self.computing / 2 && self.computing < TIME_MAX;
            if dry.end == End::Stopped(Stop::Computing) && busy {
                self.computing = TIME_MAX;
                continue;
            }
            return Ok(dry);
        }
    }

    /// One dry run, and how long it showed no sign of life before its end. Its journal is in memory and
    /// gone afterwards.
    async fn once(&self, new: NewRun, temper: Temper) -> Result<(Dry, Duration), EngineError> {
        let id: RunId = RunId::from_ulid(ulid::Ulid::from_parts(0, temper.seed.into()));
        let mut limits = new.limits;
        let computing = u64::try_from(self.computing.as_millis()).unwrap_or(u64::MAX);
        limits.workflow.wall_ms = limits.workflow.wall_ms.min(computing);
        let slots = new.concurrency.map_or(self.concurrency, |own| own.min(self.concurrency));
        let known = Arc::clone(&self.known);
        let performer = Performer::new(temper, &new, known, id.clone(), AGENTS_MAX);
        let performer = Arc::new(performer);
        let new = NewRun {
            id: Some(id.clone()),
            // What a workflow would do is asked, and not where it would be stopped.
            caps: Caps::default(),
            limits,
            reuse: None,
            batch: None,
            observer: None,
            watcher: None,
            forecast: None,
            waits: false,
            seed: Some(Digest::of(&temper.seed.to_le_bytes())),
            ..new
        };
        let journal = Arc::new(MemoryJournal::new());
        journal.put_blobs(vec![made_up()]).await?;
        let engine = Engine::new(EngineConfig {
            journal: journal.clone(),
            host: Arc::clone(&self.host),
            supervisor: Supervisor { program: PathBuf::new(), args: Vec::new() },
            concurrency: self.concurrency,
            backend_concurrency: Vec::new(),
            runs: 1,
            worktrees: PathBuf::new(),
            live: None,
            recorder: None,
            stand_in: Some(Arc::clone(&performer) as Arc<dyn StandIn>),
            policy: None,
        });
        let time = if self.begun { TIME_MAX } else { FIRST_MAX };
        let handle = engine.start(new).await?;
        let mut report = Box::pin(handle.wait());
        let stopped = tokio::select! {
            report = &mut report => Ok(report),
            () = performer.enough() => Err(Stop::Agents),
            () = tokio::time::sleep(time) => Err(Stop::Time),
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
        let mut ms = std::mem::take(&mut account.ms);
        account.asked = account.gates > 0 || !ms.is_empty();
        let took = self.known.learn(&records, |task| ms.contains_key(task));
        ms.extend(took);
        let schedule = Schedule::of(&records, &ms, slots);
        let end = judged(end, &records);
        let outturn = outturn(&records, &schedule);
        let dry = Dry { temper, outturn, end, limits: refused(&records), account };
        Ok((dry, quiet(&records)))
    }
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
