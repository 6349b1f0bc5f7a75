//! What each record changes.

use baton_core::handoff::{FailureKind, Outcome};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Record, RunStarted, Work};
use baton_core::report::{Level, Report};
use baton_journal::rows::State;

use super::{Doing, Event, Model, Phase, ROOT, Uses};
use crate::pause::{waits, words as pause};
use crate::render::record::denied;

impl Model {
    /// Takes one record in.
    pub fn apply(&mut self, record: &Record) -> Option<Event> {
        let event = self.take(record);
        self.catch_up();
        event
    }

    fn take(&mut self, record: &Record) -> Option<Event> {
        (self.last, self.updated) = (record.seq, record.at);
        let mut spending = std::mem::take(&mut self.spending);
        // What is shared with another run was paid for there.
        if let Some(spent) = spending.apply(&record.body).filter(|_| record.seq > self.shared) {
            self.spent(&spent);
        }
        self.spending = spending;
        self.hush(record);
        self.note(record);
        match &record.body {
            Body::RunStarted(started) => return Some(self.began(started, record.at)),
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.spawned(task, work, record);
                if let Work::Gate { spec, .. } = &**work {
                    let question = spec.question.clone();
                    return Some(Event::Asked { task: task.clone(), question });
                }
            }
            Body::Denied { task, denial } => {
                let (label, name) = (self.label(task), format!("/{task}"));
                let what = denied(denial);
                return self.told.denial(|| Event::Denied { task: name, label, what });
            }
            Body::Reported { workflow, report, .. } => return self.reported(workflow, report),
            // What agents of the run before a fork told was told there, and may not hold any more.
            Body::AgentReported { report: Report::Log { level, text }, .. }
                if *level >= Level::Warn && record.seq > self.shared =>
            {
                return Some(Event::Log(*level, text.clone()));
            }
            Body::Started { tasks } => {
                for start in tasks {
                    self.started(&start.task, start.attempt, record.at);
                }
            }
            Body::AttemptFailed { task, attempt, failure, .. } => {
                if let Some(task) = self.task_mut(task) {
                    task.attempt = attempt.saturating_add(1);
                    task.doing = Doing::Unknown;
                }
                return Some(Event::Again { task: format!("/{task}"), why: failure.to_string() });
            }
            Body::NotReused { task, reason } => {
                let (label, name) = (self.label(task), format!("/{task}"));
                let why = reason.to_string();
                return self.told.miss(|| Event::NotReused { task: name, label, why });
            }
            Body::Completed { task, outcome, reused_from, .. } => {
                self.reused += u64::from(reused_from.is_some());
                // What was only asked for before a fork is performed in it.
                if reused_from.is_some() || record.seq <= self.shared {
                    self.task_mut(task).into_iter().for_each(|task| task.free = true);
                }
                return self.completed(task, outcome, record.at);
            }
            Body::Refused { refusal, .. } => return Some(Event::Refused(refusal.to_string())),
            Body::Asked { task, call, provider, .. } => {
                self.calling(task, Doing::Asking(provider.clone(), *call));
            }
            Body::Turned { task, .. } => self.calling(task, Doing::Unknown),
            Body::Deferred { task, provider, outage, .. } => {
                let why = format!("{provider}: {}", outage.as_str());
                self.put_off(task, Doing::PutOff(why.clone()));
                let (label, name) = (self.label(task), format!("/{task}"));
                return self.told.deferral(|| Event::Deferred { task: name, label, why });
            }
            Body::RestartOrdered { task, by, .. } => {
                self.put_off(task, Doing::Unknown);
                if let Some(task) = self.task_mut(task) {
                    task.attempt = 0;
                    task.uses = Uses::default();
                }
                let (label, by) = (self.label(task), by.clone());
                return Some(Event::Restarted { task: format!("/{task}"), label, by });
            }
            Body::Passed { task, backend, .. } => {
                if let Some(task) = self.task_mut(task) {
                    task.backend = Some(backend.clone());
                }
            }
            Body::Messaged { sender, text, task, .. } => {
                let to = task.as_ref().map(|task| format!("/{task}")).unwrap_or_default();
                return Some(Event::Message { to, by: sender.clone(), text: text.clone() });
            }
            Body::DenialsAdded { by, denials } => {
                let words = denials.words().join(", ");
                return Some(Event::Log(
                    Level::Warn,
                    format!("denied from now on ({by}): {words}"),
                ));
            }
            Body::PauseOrdered { by, lifted, .. } => {
                self.pausing = (!lifted).then(|| by.clone());
            }
            Body::Paused { reason } => {
                self.paused = Some(reason.clone());
                self.pausing = None;
                let waits = waits(reason, record.at) && self.continues == Some(true);
                return Some(Event::Paused { why: pause(reason, record.at), waits });
            }
            Body::Resumed { by, caps, .. } => {
                self.caps = caps.clone();
                (self.paused, self.pausing) = (None, None);
                self.told.goes_on();
                // What was made in one process and is driven in another begins so.
                let first = record.seq <= self.shared.max(1) + 1;
                return (!first).then(|| Event::Resumed(by.clone()));
            }
            Body::Finished { outcome, .. } => self.finished(outcome, record.at),
            Body::AgentReported { .. }
            | Body::AgentRead { .. }
            | Body::Snapshot(_)
            | Body::Observed { .. }
            | Body::CancelRequested { .. }
            | Body::Process { .. }
            | Body::CancelOrdered { .. }
            | Body::Heard { .. }
            | Body::Session { .. }
            | Body::Listening { .. } => {}
        }
        None
    }

    fn began(&mut self, started: &RunStarted, at: Timestamp) -> Event {
        self.began = started.fork.as_ref().map_or(at, |fork| fork.made);
        self.shared = started.fork.as_ref().map_or(0, |fork| fork.records);
        self.caps = started.caps.clone();
        self.continues.get_or_insert(started.continues);
        let (name, run) = (started.name().to_owned(), started.run.to_string());
        self.title = Some((name.clone(), run.clone()));
        for title in started.script.iter().flat_map(|script| &script.phases) {
            self.declare(title);
        }
        self.started = Some(Box::new(started.clone()));
        if let Some(root) = self.tasks.get_mut(ROOT) {
            root.label.clone_from(&name);
            (root.spawned, root.started) = (at, Some(self.began));
        }
        Event::Began { name, run }
    }

    fn calling(&mut self, path: &TaskPath, doing: Doing) {
        if let Some(task) = self.task_mut(path) {
            task.calling = matches!(doing, Doing::Asking(..));
            task.metered = true;
            task.doing = doing;
        }
    }

    fn finished(&mut self, outcome: &Outcome, at: Timestamp) {
        self.result = Some(outcome.clone());
        (self.paused, self.pausing) = (None, None);
        if let Some(root) = self.tasks.get_mut(ROOT) {
            root.ended = Some(at);
            root.failure = outcome.failure().map(ToString::to_string);
            root.state = match outcome.failure().map(|failure| failure.kind) {
                None => State::Done,
                Some(FailureKind::Cancelled) => State::Cancelled,
                Some(_) => State::Failed,
            };
        }
    }

    fn reported(&mut self, workflow: &TaskPath, report: &Report) -> Option<Event> {
        let workflow = self.places.get(workflow).copied().unwrap_or(ROOT);
        match report {
            Report::Phase { title } => {
                let place = self.phase(title);
                self.current.insert(workflow, place);
                Some(Event::Phase(title.clone()))
            }
            Report::Log { level: Level::Debug, .. } | Report::Artifact(_) => None,
            Report::Log { level, text } => Some(Event::Log(*level, text.clone())),
            Report::Progress { done, total } => {
                let place = match self.current.get(&workflow) {
                    Some(place) => *place,
                    None => self.phase(""),
                };
                if let Some(phase) = self.phases.get_mut(place) {
                    phase.progress = Some((*done, *total));
                }
                None
            }
        }
    }

    /// Place of the phase with this title, which begins.
    pub(super) fn phase(&mut self, title: &str) -> usize {
        let place = self.declare(title);
        if let Some(phase) = self.phases.get_mut(place) {
            phase.begun = true;
        }
        place
    }

    /// Place of the phase with this title, which is made if there is none.
    pub(in crate::live) fn declare(&mut self, title: &str) -> usize {
        if let Some(place) = self.titles.get(title) {
            return *place;
        }
        self.phases.push(Phase { title: title.into(), ..Phase::default() });
        let place = self.phases.len() - 1;
        self.titles.insert(title.into(), place);
        place
    }
}
