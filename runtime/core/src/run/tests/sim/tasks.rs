//! Tasks that are performed, looked up, or fall due.

use super::Sim;
use crate::digest::Digest;
use crate::files::FileRequest;
use crate::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use crate::ids::{TaskId, TaskPath, Timestamp};
use crate::record::{Outage, Work};
use crate::report::{Level, Report};
use crate::reuse::{Miss, Seen};
use crate::run::Unserved;
use crate::run::charge::Reserve;
use crate::run::tests::guest::hash;

impl Sim {
    pub(super) fn start_tasks(&mut self, at: Timestamp) {
        if self.run.paused().is_some() || self.queued.is_empty() {
            return;
        }
        let count = 1 + self.roll(self.queued.len() as u64) as usize;
        let tasks: Vec<TaskPath> = self.queued.drain(..count).collect();
        for task in &tasks {
            self.look_up(task, at);
        }
        for start in self.run.start_tasks(&tasks, at) {
            self.running.push((start.task, start.attempt));
        }
    }

    /// Some results come from another run; what was decided before stands.
    fn look_up(&mut self, task: &TaskPath, at: Timestamp) {
        if self.run.outcome(task).is_none() && self.roll(3) == 0 {
            let from = TaskId { run: self.run.started().run.clone(), path: task.clone() };
            let reads = (self.roll(2) == 0).then(|| (Vec::new(), true));
            self.run.reused(task, from, Outcome::Done(Handoff::default()), reads, at);
        } else {
            self.run.not_reused(task, Miss::New, at);
        }
    }

    pub(super) fn agent(&mut self, at: Timestamp) {
        let running = self.running.clone();
        let Some((task, _)) = self.pick(&running) else {
            return;
        };
        let known = self.run.task(&task).unwrap();
        let (attempt, attempted) = (known.attempts, known.attempted);
        let climbs = matches!(
            &*known.work,
            Work::Agent { spec, .. } if spec.options.ladder.is_some()
        );
        let dice = hash(task.to_string());
        let usage = Usage { input_tokens: dice % 9, output_tokens: 1, ..Usage::default() };
        let metered = matches!(
            &*self.run.task(&task).unwrap().work,
            Work::Agent { backend, .. } if backend == "m:x"
        );
        // Tokens of a metered agent are those of its calls.
        let own = if metered { Usage { wall_ms: dice % 9, ..Usage::default() } } else { usage };
        match self.roll(if metered { 12 } else { 7 }) {
            7 | 8 if self.run.task(&task).unwrap().reserve == Reserve::Nothing => {
                let cost_micro_usd = usage.input_tokens;
                let reserve = Usage { output_tokens: 9, cost_micro_usd, ..usage };
                self.run.ask(&task, "m", "x", reserve, at);
            }
            7..10 => self.run.turned(&task, Some(Digest::of(b"said")), usage, dice % 2 == 0, at),
            10 => {
                self.running.retain(|(other, _)| *other != task);
                self.queued.push(task.clone());
                let failure = Failure::new(FailureKind::Failed, "quota", "used up");
                let (provider, outage) = ("m".into(), Outage::Quota);
                let unserved = Unserved { provider, outage, failure, until: None };
                self.run.deferred(&task, unserved, own, at);
            }
            11 if climbs => self.run.passed(&task, (1, 2), "m:x".into(), -3, at),
            0 => self.run.process(&task, attempt, 77, 5, at),
            1 => {
                let failure = Failure::new(FailureKind::Failed, "flaky", "again");
                self.run.attempt_failed(&task, attempt, failure, own, at);
            }
            2 => {
                let line = Report::Log { level: Level::Debug, text: "working".into() };
                self.run.agent_reported(&task, line, at);
            }
            3 => {
                let request = FileRequest::Stat { path: "a".into() };
                let seen = Seen { request, digest: Digest::of(b"a") };
                self.run.agent_read(&task, vec![seen], true, at);
            }
            _ => {
                self.running.retain(|(other, _)| *other != task);
                let outcome = if dice.is_multiple_of(5) {
                    Outcome::Failed(Failure::new(FailureKind::Failed, "no", "it failed"))
                } else {
                    let handoff =
                        Handoff { output: serde_json::json!(dice).into(), ..Handoff::default() };
                    Outcome::Done(handoff)
                };
                // It counts its attempts that failed, too.
                let mut whole = attempted;
                whole.add(&own);
                self.run.task_ended(&task, outcome, whole, at);
            }
        }
    }

    pub(super) fn timer(&mut self) {
        let timers = self.timers.clone();
        let Some((due, task)) = self.pick(&timers) else {
            return;
        };
        self.timers.retain(|(_, other)| *other != task);
        self.clock = self.clock.max(due.0);
        self.run.timer_due(&task, Timestamp(self.clock));
    }
}
