//! What agents consume: reserved before, settled after, charged by estimate where nobody says.

use super::apply::RecordError;
use super::{Run, TaskState};
use crate::digest::Digest;
use crate::handoff::{Failure, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, Outage, Work};

/// Why an agent was not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The provider.
    pub provider: String,
    /// What is wrong with it.
    pub outage: Outage,
    /// What it said.
    pub failure: Failure,
    /// When it may serve again; none: not known.
    pub until: Option<Timestamp>,
}

/// What ladders of models came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladders {
    /// Tasks that passed, by step, from 0.
    pub passed: Vec<u64>,
    /// What was saved against using the last step alone, in millionths of a US dollar; below zero:
    /// ladders cost more.
    pub saved_micro_usd: i64,
}

/// What is held for a task, or was charged for it, until it is known what it consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reserve {
    /// Nothing.
    #[default]
    Nothing,
    /// A call of a model is being made: the most that it may consume.
    Call(Usage),
    /// An agent is at work whose calls nobody sees: the most that it may consume.
    Opaque(Usage),
    /// The task ended before its call did: what it was charged for that call.
    Charged(Usage),
}

impl Reserve {
    /// What is kept free of the caps.
    pub(super) fn held(&self) -> Usage {
        match self {
            Self::Call(held) | Self::Opaque(held) => *held,
            Self::Nothing | Self::Charged(_) => Usage::default(),
        }
    }

    /// What was reserved for the call that nobody told the end of.
    pub(super) fn of_call(&self) -> Option<Usage> {
        match self {
            Self::Call(reserve) | Self::Charged(reserve) => Some(*reserve),
            Self::Nothing | Self::Opaque(_) => None,
        }
    }
}

impl Ladders {
    pub(super) fn note(&mut self, rung: u32, saved_micro_usd: i64) {
        let rung = usize::try_from(rung).unwrap_or(usize::MAX).min(crate::spec::RUNGS_MAX);
        if self.passed.len() <= rung {
            self.passed.resize(rung + 1, 0);
        }
        if let Some(passed) = self.passed.get_mut(rung) {
            *passed += 1;
        }
        self.saved_micro_usd = self.saved_micro_usd.saturating_add(saved_micro_usd);
    }
}

impl Run {
    /// An agent is about to call a model, and may consume `reserve` at the most. Whether that fits is
    /// asked before, see [`Run::lacks_for_call`]. False if the task does not want it any more.
    pub fn ask(
        &mut self,
        task: &TaskPath,
        provider: &str,
        model: &str,
        reserve: Usage,
        at: Timestamp,
    ) -> bool {
        let Some(known) = self.open_task(task) else { return false };
        if self.records_left() == 0 {
            return false;
        }
        let call = known.asked.saturating_add(1);
        let (provider, model) = (provider.to_owned(), model.to_owned());
        self.push(Body::Asked { task: task.clone(), call, provider, model, reserve }, at);
        true
    }

    /// A call of a model ended. Also told of a task that has ended meanwhile: what its call was
    /// charged by estimate is set right then.
    pub fn turned(
        &mut self,
        task: &TaskPath,
        content: Option<Digest>,
        usage: Usage,
        estimated: bool,
        at: Timestamp,
    ) {
        let open = self.tasks.get(task);
        if let Some((call, reserve)) =
            open.and_then(|known| Some((known.asked, known.reserve.of_call()?)))
            && self.finished.is_none()
        {
            let (usage, estimated) = match believed(&usage, &reserve) {
                true => (usage, estimated),
                false => (reserve, true),
            };
            let task = task.clone();
            self.push(Body::Turned { task, call, content, usage, estimated }, at);
        }
    }

    /// An attempt ended because its provider serves nobody for now, and consumed this beside its
    /// metered calls. The task waits to be started again.
    pub fn deferred(
        &mut self,
        task: &TaskPath,
        unserved: Unserved,
        mut usage: Usage,
        at: Timestamp,
    ) {
        if let Some((attempt, attempted)) =
            self.open_task(task).map(|known| (known.attempts, known.attempted))
        {
            // Attempts that failed before this one were charged when they did.
            usage.remove(&attempted);
            self.cancel_below(task, "the end of its attempt", at);
            self.settle_by_estimate(task, at);
            let Unserved { provider, outage, failure, until } = unserved;
            let task = task.clone();
            self.push(
                Body::Deferred { task, attempt, provider, outage, failure, usage, until },
                at,
            );
        }
    }

    /// Charges a call with all that was reserved for it: nobody will tell what it came to.
    pub(super) fn settle_by_estimate(&mut self, task: &TaskPath, at: Timestamp) {
        let known = self.tasks.get(task).filter(|known| self.is_metered(&known.work));
        if let Some(reserve) = known.and_then(|known| known.reserve.of_call()) {
            self.turned(task, None, reserve, true, at);
        }
    }

    /// A step of a ladder passed its check.
    pub fn passed(
        &mut self,
        task: &TaskPath,
        (rung, rungs): (u32, u32),
        backend: String,
        saved_micro_usd: i64,
        at: Timestamp,
    ) {
        if self.is_open(task) {
            let task = task.clone();
            self.push(Body::Passed { task, rung, rungs, backend, saved_micro_usd }, at);
        }
    }

    /// What ladders came to.
    #[must_use]
    pub fn ladders(&self) -> &Ladders {
        &self.ladders
    }

    /// What was said in the conversation of an agent, in order.
    #[must_use]
    pub fn turns(&self, task: &TaskPath) -> &[(u32, Digest)] {
        self.tasks.get(task).map_or(&[], |known| &known.turns)
    }

    /// Whose outages stop an agent: the provider that it asked last, else that of its model, else its
    /// backend itself. None: it is no agent.
    #[must_use]
    pub fn provider_of(&self, task: &TaskPath) -> Option<String> {
        let known = self.tasks.get(task)?;
        let Work::Agent { backend, .. } = &*known.work else { return None };
        let of_backend = || match self.started.models.split(backend) {
            Some((provider, _)) => provider.to_owned(),
            None => backend.clone(),
        };
        Some(known.provider.clone().unwrap_or_else(of_backend))
    }

    /// Whether a task's calls are reserved one by one: its backend is a model.
    pub(super) fn is_metered(&self, work: &Work) -> bool {
        match work {
            Work::Agent { backend, .. } => self.started.models.split(backend).is_some(),
            _ => false,
        }
    }

    /// What an agent whose calls nobody sees may consume, as far as can be known: what the operator
    /// lets each agent consume, and the most that one of its backend did so far.
    pub(super) fn opaque_reserve(&self, task: &TaskPath) -> Usage {
        match self.tasks.get(task).map(|known| &*known.work) {
            Some(work @ Work::Agent { backend, .. }) if !self.is_metered(work) => {
                let seen = self.dearest.get(backend).copied().unwrap_or_default();
                self.caps.task.at_least(&seen)
            }
            _ => Usage::default(),
        }
    }

    /// Frees what an agent holds whose calls nobody sees.
    pub(super) fn let_go(&mut self, path: &TaskPath) {
        let metered = self.tasks.get(path).is_some_and(|task| self.is_metered(&task.work));
        if let Some(task) = self.tasks.get_mut(path).filter(|_| !metered) {
            self.reserved.remove(&std::mem::take(&mut task.reserve).held());
        }
    }

    pub(super) fn hold_opaque(&mut self, path: &TaskPath) {
        self.let_go(path);
        let held = self.opaque_reserve(path);
        if held != Usage::default()
            && let Some(task) = self.tasks.get_mut(path)
        {
            task.reserve = Reserve::Opaque(held);
            self.reserved.add(&held);
        }
    }

    pub(super) fn note_asked(
        &mut self,
        seq: u64,
        path: &TaskPath,
        call: u32,
        provider: &str,
        reserve: &Usage,
    ) -> Result<(), RecordError> {
        let task = self.open_task_mut(seq, path)?;
        let due = task.reserve == Reserve::Nothing && call == task.asked.saturating_add(1);
        if !matches!(*task.work, Work::Agent { .. }) || !due {
            let what = format!("call {call} of /{path} is not due");
            return Err(RecordError::Contradiction { seq, what });
        }
        task.asked = call;
        task.provider = Some(provider.to_owned());
        task.reserve = Reserve::Call(*reserve);
        self.reserved.add(reserve);
        Ok(())
    }

    pub(super) fn note_turned(
        &mut self,
        seq: u64,
        path: &TaskPath,
        call: u32,
        content: Option<&Digest>,
        usage: &Usage,
        estimated: bool,
    ) -> Result<(), RecordError> {
        let due = self.tasks.get_mut(path).filter(|task| task.asked == call);
        let Some((task, reserve)) = due.and_then(|task| {
            let reserve = task.reserve.of_call()?;
            task.reserve = Reserve::Nothing;
            Some((task, reserve))
        }) else {
            let what = format!("call {call} of /{path} was not asked for");
            return Err(RecordError::Contradiction { seq, what });
        };
        let mut usage = *usage;
        usage.estimated_calls = u64::from(estimated);
        if task.state.is_ended() {
            let charged = Usage { estimated_calls: 1, ..reserve };
            self.settled.add(&usage);
            self.settled.remove(&charged);
            self.late.0.add(&usage);
            self.late.1.add(&charged);
            return Ok(());
        }
        // What comes after the order to begin anew is no part of the conversation that begins then.
        if task.state != TaskState::Open {
            task.turns.extend(content.map(|content| (call, *content)));
        }
        task.metered.add(&usage);
        self.unsettled.add(&usage);
        self.reserved.remove(&reserve);
        Ok(())
    }

    /// What a call that is being made is charged when its task ends before it.
    pub(super) fn unsettled_call(&self, path: &TaskPath) -> Usage {
        let task = self.tasks.get(path).filter(|task| self.is_metered(&task.work));
        let reserve = task.and_then(|task| task.reserve.of_call());
        reserve.map_or_else(Usage::default, |reserve| Usage { estimated_calls: 1, ..reserve })
    }

    /// Frees what an ended task held, and learns what its kind consumes.
    pub(super) fn release(&mut self, path: &TaskPath) {
        let Some(task) = self.tasks.get_mut(path) else { return };
        self.reserved.remove(&task.reserve.held());
        // Whoever makes the call may still tell what it came to.
        task.reserve = task.reserve.of_call().map_or(Reserve::Nothing, Reserve::Charged);
        let TaskState::Ended { usage, .. } = &task.state else { return };
        let (usage, work) = (*usage, task.work.clone());
        let Work::Agent { backend, .. } = &*work else { return };
        if self.is_metered(&work) {
            return;
        }
        let most = self.dearest.entry(backend.clone()).or_default();
        for (mine, its) in [
            (&mut most.input_tokens, usage.input_tokens),
            (&mut most.output_tokens, usage.output_tokens),
            (&mut most.cached_tokens, usage.cached_tokens),
            (&mut most.cost_micro_usd, usage.cost_micro_usd),
        ] {
            *mine = (*mine).max(its);
        }
    }
}

/// How much more than was reserved a provider may report. An estimate of tokens is never wrong by so
/// much; a number beyond it is a mistake or a lie, and sums of it could never be set right.
const BELIEVED: u64 = 16;

/// Whether a report can be true.
fn believed(usage: &Usage, reserve: &Usage) -> bool {
    // A reserve of next to nothing says nothing about what is too much.
    let most = |reserve: u64, least: u64| reserve.max(least).saturating_mul(BELIEVED);
    usage.tokens() <= most(reserve.tokens(), 10_000)
        && usage.cost_micro_usd <= most(reserve.cost_micro_usd, 1_000_000)
}
