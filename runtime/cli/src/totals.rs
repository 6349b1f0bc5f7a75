//! What a run consumed, by phase, model and source, from its records.

use std::collections::{BTreeMap, HashMap};

use baton_core::budget::Caps;
use baton_core::forecast::Forecast;
use baton_core::gate::GateSpec;
use baton_core::handoff::{FailureKind, Outcome, Usage};
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::{Body, Pause, Record, Work};
use baton_core::report::Report;
use baton_core::run::can_replace;
use baton_journal::store::Journal;

use crate::error::Result;
use crate::records;
use crate::spend::{Source, Spending};

/// Sums over the records that were taken in.
#[derive(Debug, Default)]
pub struct Totals {
    /// Everything.
    pub used: Usage,
    /// What providers said, call by call.
    pub metered: Usage,
    /// What was charged by estimate.
    pub estimated: Usage,
    /// What agents say of themselves, and the fuel and time of all tasks.
    pub claimed: Usage,
    /// What attempts consumed that came to nothing.
    pub failed: Failed,
    /// What agents were sent before they had done anything.
    pub startup: Startup,
    /// By the phase of the agents, in order of their first mention; those without one have no title.
    pub phases: Vec<(String, Usage)>,
    /// By backend: models, and agents that say what they consumed.
    pub models: BTreeMap<String, ModelUse>,
    /// What ladders of models came to.
    pub ladders: Ladders,
    /// The caps that were given last.
    pub caps: Option<Caps>,
    /// What it was said to come to before it began.
    pub forecast: Option<Box<Forecast>>,
    /// Programs that perform agents, by those on record that they take the place of.
    pub programs: BTreeMap<String, String>,
    /// The run that it was forked from. What it shares with that one it did not consume.
    pub forked_from: Option<RunId>,
    /// Number of the last record that is shared.
    shared: u64,
    /// What gates ask that nobody has answered.
    gates: BTreeMap<TaskPath, GateSpec>,
    spending: Spending,
    tasks: HashMap<TaskPath, Task>,
    places: HashMap<String, usize>,
    current: HashMap<TaskPath, String>,
}

/// The first calls of agents that are models: instructions, tools and the task, before any work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Startup {
    /// Agents that were answered.
    pub agents: u64,
    /// Tokens sent to them in their first call.
    pub input_tokens: u64,
    /// Those of them that a provider served from its cache.
    pub cached_tokens: u64,
}

/// Attempts that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// How many.
    pub attempts: u64,
    /// What they consumed.
    pub usage: Usage,
}

/// What was consumed at one backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelUse {
    /// Calls of a model, as far as they are known one by one.
    pub calls: u64,
    /// What they, or the agents, consumed.
    pub usage: Usage,
}

/// Ladders of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladders {
    /// Tasks that passed, by step and its backend.
    pub passed: BTreeMap<(u32, String), u64>,
    /// What was saved, in millionths of a US dollar; below zero: ladders cost more.
    pub saved_micro_usd: i64,
}

#[derive(Debug, Default)]
struct Task {
    /// Place in `phases`, of an agent.
    phase: Option<usize>,
    backend: String,
    /// The model of its last call.
    model: String,
    /// What its present attempt was metered.
    attempt: Usage,
    /// What its failed attempts consumed.
    lost: Usage,
}

impl Totals {
    /// The sums over all records of a run.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn of(journal: &dyn Journal, run: &RunId) -> Result<Self> {
        let mut totals = Self::default();
        records::after(journal, run, 0, |record| {
            totals.take(&record);
            Ok(())
        })
        .await?;
        Ok(totals)
    }

    /// Takes one more record in.
    pub fn take(&mut self, record: &Record) {
        self.ask(&record.body);
        if let Body::Resumed { programs, .. } = &record.body {
            let count = programs.iter().filter(|(there, here)| can_replace(there, here));
            self.programs.extend(count.map(|(there, here)| (there.clone(), here.clone())));
        }
        if record.seq <= self.shared {
            self.take_shared(&record.body);
            return;
        }
        match &record.body {
            Body::Reported { workflow, report: Report::Phase { title }, .. } => {
                self.current.insert(workflow.clone(), title.clone());
            }
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.spawned(task, work);
            }
            Body::Asked { task, provider, model, .. } => {
                let known = self.tasks.entry(task.clone()).or_default();
                known.model = format!("{provider}:{model}");
                self.models.entry(known.model.clone()).or_default().calls += 1;
            }
            Body::RunStarted(started) => {
                self.caps = Some(started.caps.clone());
                self.forecast.clone_from(&started.forecast);
                if let Some(fork) = &started.fork {
                    self.forked_from = Some(fork.run.clone());
                    self.shared = fork.records;
                }
            }
            Body::Resumed { caps, .. } => self.caps = Some(caps.clone()),
            Body::Passed { rung, backend, saved_micro_usd, .. } => {
                let Ladders { passed, saved_micro_usd: saved } = &mut self.ladders;
                *passed.entry((*rung, backend.clone())).or_default() += 1;
                *saved = saved.saturating_add(*saved_micro_usd);
            }
            _ => {}
        }
        self.spend(&record.body);
        self.note_failed(&record.body);
    }

    /// Takes in what another run did and paid: only what decides where later records belong.
    fn take_shared(&mut self, body: &Body) {
        match body {
            Body::Reported { workflow, report: Report::Phase { title }, .. } => {
                self.current.insert(workflow.clone(), title.clone());
            }
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.spawned(task, work);
            }
            _ => {}
        }
        let _ = self.spending.apply(body);
    }

    /// What the gate asks that a run waits for.
    #[must_use]
    pub fn asked(&self, reason: &Pause) -> Option<&GateSpec> {
        match reason {
            Pause::Gate { task, .. } => self.gates.get(task),
            _ => None,
        }
    }

    fn ask(&mut self, body: &Body) {
        match body {
            Body::Spawned { task, work, .. } => {
                if let Work::Gate { spec, .. } = &**work {
                    self.gates.insert(task.clone(), spec.clone());
                }
            }
            Body::Completed { task, .. } => {
                self.gates.remove(task);
            }
            _ => {}
        }
    }

    /// Whether models, or agents that say what they consumed, were used at all.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.models.is_empty() && self.ladders.passed.is_empty()
    }

    fn spawned(&mut self, path: &TaskPath, work: &Work) {
        let parent = path.parent().unwrap_or_default();
        let (backend, phase) = match work {
            Work::Agent { spec, backend, .. } => {
                let title = spec.options.phase.clone();
                let title = title.or_else(|| self.current.get(&parent).cloned());
                (backend.clone(), Some(self.place(title.unwrap_or_default())))
            }
            // A tool is called for the agent above it.
            Work::Tool { tool, .. } => {
                (tool.clone(), self.tasks.get(&parent).and_then(|agent| agent.phase))
            }
            Work::Workflow { .. } | Work::Sleep { .. } | Work::Gate { .. } => return,
        };
        self.tasks.insert(path.clone(), Task { phase, backend, ..Task::default() });
    }

    fn place(&mut self, title: String) -> usize {
        *self.places.entry(title.clone()).or_insert_with(|| {
            self.phases.push((title, Usage::default()));
            self.phases.len() - 1
        })
    }

    fn spend(&mut self, body: &Body) {
        let Some(spent) = self.spending.apply(body) else { return };
        spent.add_to(&mut self.used);
        self.estimated.remove(&spent.less);
        for (source, usage) in &spent.more {
            let sum = match source {
                Source::Metered => &mut self.metered,
                Source::Estimated => &mut self.estimated,
                Source::Claimed => &mut self.claimed,
            };
            sum.add(usage);
        }
        let Some(task) = self.tasks.get_mut(spent.task) else { return };
        if let Some((_, phase)) = task.phase.and_then(|place| self.phases.get_mut(place)) {
            spent.add_to(phase);
        }
        if let Some(model) = self.models.get_mut(&task.model) {
            model.usage.remove(&spent.less);
        }
        for (source, usage) in &spent.more {
            if usage.tokens() == 0 && usage.cost_micro_usd == 0 {
                continue;
            }
            let name = match source {
                Source::Metered | Source::Estimated => &task.model,
                Source::Claimed => &task.backend,
            };
            let only = Usage { agents: 0, fuel: 0, wall_ms: 0, ..*usage };
            self.models.entry(name.clone()).or_default().usage.add(&only);
        }
    }

    fn note_failed(&mut self, body: &Body) {
        match body {
            Body::Turned { task, call, usage, .. } => {
                if *call == 1 && usage.input_tokens > 0 {
                    self.startup.agents += 1;
                    self.startup.input_tokens += usage.input_tokens;
                    self.startup.cached_tokens += usage.cached_tokens;
                }
                if let Some(task) = self.tasks.get_mut(task) {
                    task.attempt.add(usage);
                }
            }
            Body::AttemptFailed { task, usage, .. } => {
                let Some(task) = self.tasks.get_mut(task) else { return };
                let mut lost = std::mem::take(&mut task.attempt);
                lost.add(usage);
                task.lost.add(&lost);
                self.failed.attempts += 1;
                self.failed.usage.add(&lost);
            }
            Body::Completed { task, outcome: Outcome::Failed(failure), usage, .. }
                if failure.kind != FailureKind::Cancelled =>
            {
                let Some(task) = self.tasks.get_mut(task) else { return };
                let mut lost = *usage;
                lost.remove(&task.lost);
                self.failed.attempts += 1;
                self.failed.usage.add(&lost);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
