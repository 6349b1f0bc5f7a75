//! What people order from other processes.

use baton_agents::schema::Schema;
use baton_core::gate::{GateAnswer, GateSpec, Verdict};
use baton_core::handoff::Failure;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Pause, Work};
use baton_core::run::OrderError;
use baton_journal::store::{Address, Control, Letter};

use crate::api::StandIn;
use crate::run_loop::RunLoop;

/// What is said of an answer that was given past the deadline.
const LATE: &str = "the deadline had passed when that was answered: what was set for it counts";

impl RunLoop {
    /// Does what a letter asks for. Why it cannot be done goes back to who sent it.
    pub(crate) async fn obey(&mut self, letter: Letter, now: Timestamp) {
        let Letter { id, at, by, control, .. } = letter;
        if !self.taken.insert(id) {
            return;
        }
        let done = match control {
            Control::Cancel { task } => self.cancel(&task, &by, now),
            Control::Pause => {
                self.pause_ordered(by, false, now);
                Ok(())
            }
            Control::PauseNow => {
                self.pause_ordered(by, true, now);
                Ok(())
            }
            Control::Resume => {
                self.unpark(&by, now);
                self.told_to_go_on(&by);
                Ok(())
            }
            Control::Send { to, text, urgent } => self.send(&to, &text, urgent, &by, now),
            Control::Answer { task, answer } => match self.is_late(&task, at) {
                true => Err(OrderError::Answer(LATE.into())),
                false => self.answer(&task, &answer, &by, now).await,
            },
            Control::Restart { task, note } => self.restart(&task, note, &by, now),
        };
        self.letters.push((id, done.err().map(|error| error.to_string())));
    }

    /// Goes on although somebody asked the run to pause while nobody drove it. Both is on record.
    pub(crate) fn pass_over(&mut self, pause: Letter, by: &str, now: Timestamp) {
        let Letter { id, by: who, control, .. } = pause;
        if self.taken.insert(id) {
            let run = &mut self.shared.lock().run;
            run.pause_ordered(&who, control == Control::PauseNow, now);
            run.pause_lifted(by, now);
            self.letters.push((id, Some(format!("{by} resumed the run anyway"))));
        }
    }

    fn cancel(&mut self, task: &TaskPath, by: &str, now: Timestamp) -> Result<(), OrderError> {
        let run = &mut self.shared.lock().run;
        if !task.is_root() {
            match run.task(task) {
                None => return Err(OrderError::NoTask(task.clone())),
                Some(_) if run.outcome(task).is_some() => {
                    return Err(OrderError::TaskEnded(task.clone()));
                }
                Some(_) => {}
            }
        }
        run.cancel_ordered(task, by, now);
        Ok(())
    }

    fn pause_ordered(&mut self, by: String, at_once: bool, now: Timestamp) {
        self.shared.lock().run.pause_ordered(&by, at_once, now);
        if at_once {
            self.leave_at_once(Pause::Person { by });
        } else {
            self.park(Pause::Person { by });
        }
    }

    /// Takes back that nothing more starts: what was not started is asked for once more.
    fn unpark(&mut self, by: &str, now: Timestamp) {
        if !matches!(self.parking, Some(Pause::Person { .. })) {
            return;
        }
        self.parking = None;
        self.shared.lock().run.pause_lifted(by, now);
        // A cap that left no room is asked again with the request; an outage is not over yet.
        self.held.clear();
        let waiting = self.shared.lock().run.unstarted();
        for task in waiting {
            if !self.stopped.contains(&task) {
                self.request(task);
            }
        }
    }

    fn send(
        &mut self,
        to: &Address,
        text: &str,
        urgent: bool,
        by: &str,
        now: Timestamp,
    ) -> Result<(), OrderError> {
        let mut cell = self.shared.lock();
        let tasks = match to {
            Address::Run => {
                cell.run.message(by, text, None, urgent, now)?;
                drop(cell);
                self.woken(by, now);
                return Ok(());
            }
            Address::Task(task) => vec![task.clone()],
            Address::Phase(phase) => cell.run.open_in_phase(phase),
        };
        if let (Address::Phase(phase), true) = (to, tasks.is_empty()) {
            return Err(OrderError::NoPhase(phase.clone()));
        }
        for task in &tasks {
            cell.run.message(by, text, Some(task), urgent, now)?;
            self.inboxes.deliver(&cell.run, task);
        }
        Ok(())
    }

    /// Whether an answer was given when the deadline of its gate had passed, whoever noticed that.
    fn is_late(&self, task: &TaskPath, given: Timestamp) -> bool {
        let cell = self.shared.lock();
        let open = cell.run.outcome(task).is_none();
        let work = cell.run.task(task).map(|known| &*known.work);
        open && matches!(work, Some(Work::Gate { due: Some(due), .. }) if *due <= given)
    }

    async fn answer(
        &mut self,
        task: &TaskPath,
        answer: &GateAnswer,
        by: &str,
        now: Timestamp,
    ) -> Result<(), OrderError> {
        let schema = match self.shared.lock().run.task(task).map(|known| &*known.work) {
            Some(Work::Gate { spec, .. }) if answer.verdict == Verdict::Approved => {
                spec.options.schema.clone()
            }
            _ => None,
        };
        if let (Some(schema), Some(data)) = (schema, &answer.data) {
            let failed = |failure: Failure| OrderError::Answer(failure.message);
            let schema = Schema::compile(&schema).await.map_err(failed)?;
            let problems = schema.errors(data).await.map_err(failed)?;
            if !problems.is_empty() {
                let text = format!("the data does not fit the schema: {}", problems.join("; "));
                return Err(OrderError::Answer(text));
            }
        }
        self.shared.lock().run.gate_answered(task, answer, by, now)?;
        self.woken(by, now);
        Ok(())
    }

    /// Answers every open gate without asking anybody.
    pub(crate) fn decide_gates(&mut self, stand_in: &dyn StandIn, now: Timestamp) {
        let run = &mut self.shared.lock().run;
        let open: Vec<(TaskPath, GateSpec)> =
            run.open_gates().map(|(task, spec)| (task.clone(), spec.clone())).collect();
        for (task, spec) in open {
            let answer = stand_in.decide(&task, &spec);
            if run.gate_answered(&task, &answer, "a dry run", now).is_err() {
                // Every gate takes a rejection.
                let _ = run.gate_answered(&task, &GateAnswer::rejected(), "a dry run", now);
            }
        }
    }

    fn restart(
        &mut self,
        task: &TaskPath,
        note: Option<String>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), OrderError> {
        {
            let run = &mut self.shared.lock().run;
            run.restart_ordered(task, by, note.clone(), now)?;
            if let Some(note) = note
                && matches!(run.task(task).map(|known| &*known.work), Some(Work::Agent { .. }))
            {
                // An agent reads why it begins anew; a tool has nobody who reads.
                run.message(by, &note, Some(task), false, now)?;
            }
        }
        // It is performed again as soon as what it does has ended.
        if self.jobs.has(task) {
            self.restarting.insert(task.clone());
        } else {
            self.request(task.clone());
        }
        self.metering.abort(task);
        self.jobs.abort(task);
        Ok(())
    }
}
