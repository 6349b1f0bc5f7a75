//! How tasks and the run end.

use serde_json::Value;

use super::Look;
use crate::gate::{GateAnswer, GateSpec, Verdict};
use crate::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use crate::ids::{TaskId, TaskPath, Timestamp};
use crate::json::Json;
use crate::record::Work;
use crate::run::Task;
use crate::run::people::unanswered;

/// What the words begin with that say why something was cancelled with what it belongs to.
const WITH_OTHERS: [&str; 2] = ["the end of ", "the restart of "];

impl Look<'_> {
    pub(super) fn completed(
        &mut self,
        path: &TaskPath,
        outcome: &Outcome,
        usage: &Usage,
        reused_from: Option<&TaskId>,
    ) {
        let run = self.run;
        let Some(known) = run.tasks.get(path) else { return };
        if run.is_given_by_person(path) {
            return self.hold("usage", usage, &Usage::default());
        }
        if let Some(from) = reused_from {
            let reused = run.started.reuse.as_ref().map(|reuse| &reuse.run);
            self.hold("reused_from.run", &Some(&from.run), &reused);
            return self.hold("usage", usage, &Usage::default());
        }
        let cancelled = cancellation(outcome);
        let ordered = cancelled.is_some_and(|failure| self.is_ordered(path, failure));
        match &*known.work {
            Work::Agent { .. } | Work::Tool { .. } => self.performed(path, known, usage, ordered),
            Work::Workflow { .. } => {
                if cancelled.is_some() && !ordered {
                    self.say("outcome", "cancelled", "no cancellation: nobody ordered it");
                }
                self.workflow(path, usage, cancelled.is_some());
            }
            Work::Sleep { due } => {
                self.hold("usage", usage, &Usage::default());
                if !ordered {
                    self.hold("outcome", outcome, &Outcome::Done(Handoff::default()));
                    self.not_before(*due);
                }
            }
            Work::Gate { spec, due } => {
                self.hold("usage", usage, &Usage::default());
                if !ordered {
                    self.gate(spec, *due, outcome);
                }
            }
        }
    }

    pub(super) fn finished(&mut self, outcome: &Outcome, usage: &Usage) {
        let cancelled = cancellation(outcome);
        if cancelled.is_some() {
            match self.run.cancelled_by.as_deref() {
                Some(by) => {
                    self.hold("outcome", outcome, &Outcome::Failed(Failure::cancelled(by)));
                }
                None => self.say("outcome", "cancelled", "no cancellation: nobody ordered it"),
            }
        }
        self.workflow(&TaskPath::root(), usage, cancelled.is_some());
    }

    /// What a workflow consumed is the sum of what is below it, and what it burnt itself.
    fn workflow(&mut self, path: &TaskPath, usage: &Usage, cancelled: bool) {
        let at = self.record.at;
        let requests = &self.proof.requests;
        let same_engine = *self.run.engine == *requests.engine;
        let burnt = match cancelled {
            // Nobody counts what it burnt.
            true => Some(0),
            false => requests.burnt.get(path).copied().filter(|_| same_engine),
        };
        let mut due = self.run.usage_of_workflow(path, burnt.unwrap_or_default(), at);
        if burnt.is_none() {
            due.fuel = due.fuel.max(usage.fuel);
        }
        if at == self.run.at {
            // The clock had stepped back, and an earlier release counted with that.
            due.wall_ms = due.wall_ms.min(usage.wall_ms);
        }
        self.hold("usage", usage, &due);
    }

    /// What an agent or a tool consumed holds what is on record of it. What it says of itself beyond
    /// that is new, unless each of its calls is on record.
    fn performed(&mut self, path: &TaskPath, known: &Task, usage: &Usage, ordered: bool) {
        let mut due = self.run.usage_so_far(path);
        if !ordered {
            let metered = self.run.is_metered(&known.work);
            for (due, said, is_new) in [
                (&mut due.input_tokens, usage.input_tokens, !metered),
                (&mut due.output_tokens, usage.output_tokens, !metered),
                (&mut due.cached_tokens, usage.cached_tokens, !metered),
                (&mut due.cost_micro_usd, usage.cost_micro_usd, !metered),
                (&mut due.estimated_calls, usage.estimated_calls, !metered),
                (&mut due.fuel, usage.fuel, true),
                (&mut due.wall_ms, usage.wall_ms, true),
            ] {
                if is_new {
                    *due = (*due).max(said);
                }
            }
        }
        self.hold("usage", usage, &due);
    }

    /// A gate ends with an answer that fits it, or at its deadline.
    fn gate(&mut self, spec: &GateSpec, due: Option<Timestamp>, outcome: &Outcome) {
        match outcome.handoff().and_then(|handoff| answer_in(&handoff.output)) {
            Some((answer, by)) => {
                self.hold("outcome", outcome, &Outcome::Done(answer.handoff(&by, false)));
                if let Err(error) = spec.check(&answer) {
                    self.say("outcome", &error.to_string(), "an answer that fits the gate");
                }
            }
            // It was not answered.
            None => {
                self.hold("outcome", outcome, &unanswered(spec));
                match due {
                    Some(due) => self.not_before(due),
                    None => self.say("outcome", "nobody answered in time", "an answer"),
                }
            }
        }
    }

    fn not_before(&mut self, due: Timestamp) {
        let at = self.record.at;
        self.hold("at", &at, &at.max(due));
    }

    /// Whether it is on record, or follows from the end of something else, that this was cancelled.
    fn is_ordered(&self, path: &TaskPath, failure: &Failure) -> bool {
        let by = failure.message.strip_prefix("cancelled by ").unwrap_or_default();
        if WITH_OTHERS.iter().any(|with| by.starts_with(with)) {
            return *failure == Failure::cancelled(by);
        }
        let by_run = self.run.cancelled_by.as_deref();
        let mut above = Some(path.clone());
        let by_tasks = std::iter::from_fn(move || {
            let path = above.take()?;
            above = path.parent();
            Some(path)
        });
        by_tasks
            .filter_map(|path| self.run.tasks.get(&path)?.cancelled_by.as_deref())
            .chain(by_run)
            .any(|by| *failure == Failure::cancelled(by))
    }
}

fn cancellation(outcome: &Outcome) -> Option<&Failure> {
    outcome.failure().filter(|failure| failure.kind == FailureKind::Cancelled)
}

/// The answer of a person that the output of a gate says; none: it is the default at the deadline, or no
/// output of a gate.
fn answer_in(output: &Json) -> Option<(GateAnswer, String)> {
    let Value::Object(fields) = output.value() else { return None };
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    if fields.get("defaulted")?.as_bool()? {
        return None;
    }
    let verdict = match fields.get("approved")?.as_bool()? {
        true => Verdict::Approved,
        false => Verdict::Rejected,
    };
    let data = fields.get("data").filter(|data| !data.is_null()).cloned().map(Json::from);
    let answer = GateAnswer { verdict, choice: text("choice"), data, note: text("note") };
    Some((answer, text("by")?))
}
