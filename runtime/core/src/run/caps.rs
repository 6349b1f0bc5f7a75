//! The operator's caps: whether a start or a call fits what the run, its phase and its task may consume.

use std::collections::BTreeMap;

use super::{Run, Task};
use crate::budget::{Amounts, Cap, Short};
use crate::handoff::Usage;
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Pause, Work};

/// Agents that have been asked for and not started: a fan-out that starts as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    run: u64,
    phases: BTreeMap<String, u64>,
}

impl Run {
    /// Agents that have not started; none where no cap counts agents, so that nobody needs to know.
    #[must_use]
    pub fn burst(&self) -> Option<Burst> {
        let caps = [&self.caps.run].into_iter().chain(self.caps.phases.values());
        caps.filter_map(|cap| cap.agents).next()?;
        let mut burst = Burst::default();
        for task in self.tasks.values() {
            if task.attempts == 0
                && !task.state.is_ended()
                && matches!(*task.work, Work::Agent { .. })
            {
                burst.run += 1;
                if let Some(phase) = task.phase() {
                    *burst.phases.entry(phase.clone()).or_default() += 1;
                }
            }
        }
        Some(burst)
    }

    /// The cap on agents that has no room for all of a burst that a task is one of. None: all of them
    /// may start.
    #[must_use]
    pub fn lacks_for_burst(&self, task: &TaskPath, burst: &Burst) -> Option<Pause> {
        let of = |cap: Option<u64>, spent: u64, needs: u64, phase: Option<&String>| {
            let cap = cap.filter(|cap| spent.saturating_add(needs) > *cap)?;
            let short = Short { phase: phase.cloned(), task: None, cap, spent, needs };
            Some(Pause::Cap { cap: "agents".into(), short: Some(Box::new(short)) })
        };
        of(self.caps.run.agents, self.agents, burst.run, None).or_else(|| {
            let phase = self.phase_of(task)?;
            let cap = self.caps.phases.get(phase)?.agents?;
            let needs = burst.phases.get(phase).copied().unwrap_or_default();
            of(Some(cap), self.spent_in(phase).0.agents, needs, Some(phase))
        })
    }

    /// The cap that leaves no room for an agent to start beside `others` that are about to, and what
    /// it lacks. None: it may start.
    #[must_use]
    pub fn lacks_for_start(
        &self,
        task: &TaskPath,
        others: &[TaskPath],
        now: Timestamp,
    ) -> Option<Pause> {
        let mut needs = self.opaque_reserve(task);
        needs.agents = 1;
        let mut before = Usage::default();
        let mut before_in_phase = Usage::default();
        let phase = self.phase_of(task);
        for other in others {
            let mut held = self.opaque_reserve(other);
            held.agents = 1;
            before.add(&held);
            if phase.is_some() && self.phase_of(other) == phase {
                before_in_phase.add(&held);
            }
        }
        self.lacks(task, &needs, &before, &before_in_phase, now)
    }

    /// The same for one call of a model.
    #[must_use]
    pub fn lacks_for_call(
        &self,
        task: &TaskPath,
        reserve: &Usage,
        now: Timestamp,
    ) -> Option<Pause> {
        let nothing = Usage::default();
        let needs = Usage { agents: 0, ..*reserve };
        self.lacks(task, &needs, &nothing, &nothing, now)
    }

    fn lacks(
        &self,
        task: &TaskPath,
        needs: &Usage,
        before: &Usage,
        before_in_phase: &Usage,
        now: Timestamp,
    ) -> Option<Pause> {
        let starts = needs.agents > 0;
        let of = |cap: &Cap, spent: &Usage, phase: Option<&String>, own: Option<&TaskPath>| {
            // Whoever is at work has started: only a start needs room among the agents.
            let cap = if starts { *cap } else { Cap { agents: None, ..*cap } };
            let (name, cap, spent, needs) = cap.lacks(spent, needs)?;
            let short = Short { phase: phase.cloned(), task: own.cloned(), cap, spent, needs };
            Some(Pause::Cap { cap: name.into(), short: Some(Box::new(short)) })
        };
        let mut spent = self.spent();
        spent.add(before);
        if let Some(lack) = of(&self.caps.run, &spent, None, None) {
            return Some(lack);
        }
        let phase = self.phase_of(task);
        if let Some(phase) = phase
            && let Some(cap) = self.caps.phases.get(phase)
        {
            let (mut spent, began) = self.spent_in(phase);
            spent.add(before_in_phase);
            if let Some(lack) = of(cap, &spent, Some(phase), None) {
                return Some(lack);
            }
            let passed = began.map_or(0, |began| now.since(began));
            if let Some(max) = cap.wall_ms.filter(|max| passed >= *max) {
                let phase = Some(phase.clone());
                let short = Short { phase, task: None, cap: max, spent: passed, needs: 0 };
                return Some(Pause::Cap { cap: "wall-time".into(), short: Some(Box::new(short)) });
            }
        }
        let own = Cap { agents: None, wall_ms: None, ..self.caps.task };
        let spent = self.tasks.get(task).map(Task::consumed).unwrap_or_default();
        of(&own, &spent, None, Some(task))
    }

    /// What the run consumed and holds, with the agents that were started.
    #[must_use]
    pub fn spent(&self) -> Usage {
        let mut spent = self.settled;
        spent.add(&self.unsettled);
        spent.add(&self.reserved);
        spent.agents = self.agents;
        spent
    }

    /// The same of the tasks of a phase, and when the first of them began.
    fn spent_in(&self, phase: &str) -> (Usage, Option<Timestamp>) {
        let mut spent = Usage::default();
        let mut began: Option<Timestamp> = None;
        for task in self.tasks.values().filter(|task| task.phase().is_some_and(|own| own == phase))
        {
            spent.add(&task.consumed());
            spent.agents += u64::from(task.attempts > 0) - task.consumed().agents.min(1);
            began = [began, task.began].into_iter().flatten().min();
        }
        (spent, began)
    }

    fn phase_of(&self, task: &TaskPath) -> Option<&String> {
        self.tasks.get(task)?.phase()
    }

    /// What is left for one task of everything that limits it, what it holds itself included.
    #[must_use]
    pub fn left_for(&self, task: &TaskPath) -> Amounts {
        let known = self.tasks.get(task);
        let held = known.map(|known| known.reserve.held()).unwrap_or_default();
        let others = |mut spent: Usage| {
            spent.remove(&held);
            spent
        };
        let mut left = cap_left(&self.caps.run, &others(self.spent()));
        let phase = self.phase_of(task);
        if let Some((phase, cap)) =
            phase.and_then(|phase| Some((phase, self.caps.phases.get(phase)?)))
        {
            left = left.min(&cap_left(cap, &others(self.spent_in(phase).0)));
        }
        let own = others(known.map(Task::consumed).unwrap_or_default());
        left = left.min(&cap_left(&self.caps.task, &own));
        if let Some(Work::Agent { spec, .. }) = known.map(|known| &*known.work)
            && let Some(budget) = spec.options.budget
        {
            left = left.min(&Amounts::from(budget).left(&own));
        }
        left
    }
}

impl Task {
    /// What it consumed so far, and holds.
    fn consumed(&self) -> Usage {
        if self.shared {
            return Usage::default();
        }
        if let super::TaskState::Ended { usage, .. } = &self.state {
            return match &*self.work {
                // What is below a workflow is counted where it was consumed.
                Work::Workflow { .. } => Usage::default(),
                _ => *usage,
            };
        }
        let mut consumed = self.so_far();
        consumed.add(&self.reserve.held());
        consumed
    }

    /// Title of the phase of an agent.
    fn phase(&self) -> Option<&String> {
        match &*self.work {
            Work::Agent { spec, .. } => spec.options.phase.as_ref(),
            _ => None,
        }
    }
}

/// What a cap leaves.
fn cap_left(cap: &Cap, spent: &Usage) -> Amounts {
    Amounts {
        agents: None,
        tokens: cap.tokens,
        output_tokens: cap.output_tokens,
        cost_micro_usd: cap.cost_micro_usd,
    }
    .left(spent)
}
