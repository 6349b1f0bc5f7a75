//! What people do, and what nobody waited for.

use super::Sim;
use crate::budget::Caps;
use crate::gate::GateAnswer;
use crate::handoff::Usage;
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Outage, Pause, Snapshot};
use crate::run::Task;
use crate::run::charge::Reserve;

impl Sim {
    pub(super) fn people(&mut self, at: Timestamp) {
        let unheard = |(path, task): (&TaskPath, &Task)| {
            (task.state.is_ended() && task.reserve != Reserve::Nothing).then(|| path.clone())
        };
        let late = self.run.tasks().find_map(unheard);
        if let Some(task) = late
            && self.run.finished().is_none()
        {
            self.coverage.mark("call told after the end");
            self.run.turned(&task, None, Usage { output_tokens: 2, ..Usage::default() }, false, at);
        }
        if !self.free && self.run.nothing_is_open() {
            // Whoever listens may wait for nothing else.
            let _ = self.run.message("ann", "hello", None, false, at);
        }
        if self.run.paused().is_some() {
            self.run.resume("ann", self.run.epoch(), &Caps::default(), "engine 1", at);
            return;
        }
        match self.roll(12) {
            0 => self.run.pause(Pause::Person { by: "ann".into() }, at),
            1 => self.run.pause(Pause::Cap { cap: "agents".into(), short: None }, at),
            3 if self.free => {
                let (provider, outage) = ("m".into(), Outage::Quota);
                let message = "used up".into();
                self.run.pause(Pause::Provider { provider, outage, until: None, message }, at);
            }
            2 => self.run.pause(Pause::Interrupted, at),
            _ if self.free => {}
            9 => self.run.snapshot(Snapshot::failed("not taken"), at),
            3..6 => {
                let open: Vec<TaskPath> = self
                    .run
                    .tasks()
                    .filter(|(_, task)| !task.state.is_ended())
                    .map(|(path, _)| path.clone())
                    .collect();
                let task = self.pick(&open);
                // Whatever is picked: what cannot be done is refused, and changes nothing.
                let told = self.run.message("ann", "hurry", task.as_ref(), false, at);
                if let (Ok(()), Some(task)) = (told, &task)
                    && let Some(last) = self.run.messages_of(task).last().map(|told| told.seq)
                {
                    self.run.heard(task, last, at);
                }
                if let Some(task) = task {
                    let _ = self.run.gate_answered(&task, &GateAnswer::approved(), "ann", at);
                    if self.run.restart_ordered(&task, "ann", None, at).is_ok() {
                        self.running.retain(|(other, _)| *other != task);
                        self.queued.push(task);
                    }
                } else {
                    let _ = self.run.message("ann", "hello", None, false, at);
                }
                self.run.pause_ordered("ann", false, at);
            }
            6..8 => {
                let tasks: Vec<TaskPath> = self.run.tasks().map(|(path, _)| path.clone()).collect();
                if let Some(task) = self.pick(&tasks) {
                    self.run.cancel_ordered(&task, "ann", at);
                }
            }
            8 if self.roll(4) == 0 => {
                self.coverage.mark("run cancelled");
                self.run.cancel_ordered(&TaskPath::root(), "ann", at);
                self.instances.clear();
            }
            _ => {}
        }
    }
}
