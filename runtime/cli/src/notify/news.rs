//! What is told to a hook, from the records of a run. Pure.

use baton_core::handoff::{FailureKind, Outcome};
use baton_core::ids::RunId;
use baton_core::record::{Body, Pause, Record, Work};
use serde::Serialize;

use super::settings::Event;
use crate::gates::OpenGate;
use crate::pause::words;

/// What happened, as a hook reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// `gate`, `paused`, `failed` or `done`.
    pub event: Event,
    run: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    answer: String,
}

impl News {
    /// The gate that it is about.
    pub fn gate(&self) -> Option<&str> {
        self.task.as_deref().filter(|_| self.event == Event::Gate)
    }
}

/// Follows a run.
#[derive(Debug, Default)]
pub struct Follower {
    run: Option<(RunId, String)>,
}

impl Follower {
    /// Takes in a record; what it means to a person who is elsewhere.
    pub fn take(&mut self, record: &Record) -> Option<News> {
        if let Body::RunStarted(started) = &record.body {
            self.run = Some((started.run.clone(), started.name().to_owned()));
            return None;
        }
        let (run, name) = self.run.clone()?;
        let news = |event: Event, state: &'static str| News {
            event,
            run: run.to_string(),
            name: name.clone(),
            task: None,
            state,
            question: None,
            choices: Vec::new(),
            reason: None,
            answer: String::new(),
        };
        match &record.body {
            Body::Spawned { task, work, .. } => {
                let Work::Gate { spec, due } = &**work else { return None };
                let gate = OpenGate {
                    run: run.clone(),
                    name: name.clone(),
                    task: task.clone(),
                    spec: spec.clone(),
                    since: record.at,
                    due: *due,
                };
                Some(News {
                    task: Some(gate.id()),
                    question: Some(spec.question.clone()),
                    choices: spec.options.choices.clone(),
                    answer: gate.command(),
                    ..news(Event::Gate, "waiting")
                })
            }
            // Whoever hears of gates has heard of this one.
            Body::Paused { reason: Pause::Gate { .. } } => None,
            Body::Paused { reason } => {
                let waits = matches!(reason, Pause::Message);
                let answer = match reason {
                    Pause::Message => format!("baton send {run} TEXT"),
                    _ => format!("baton resume {run}"),
                };
                let state = if waits { "waiting" } else { "paused" };
                let reason = Some(words(reason, record.at));
                Some(News { reason, answer, ..news(Event::Paused, state) })
            }
            Body::Finished { outcome: Outcome::Done(handoff), .. } => {
                let reason = (!handoff.summary.is_empty()).then(|| handoff.summary.clone());
                let answer = format!("baton show {run}");
                Some(News { reason, answer, ..news(Event::Done, "done") })
            }
            Body::Finished { outcome: Outcome::Failed(failure), .. } => {
                let cancelled = failure.kind == FailureKind::Cancelled;
                let state = if cancelled { "cancelled" } else { "failed" };
                let reason = Some(failure.to_string());
                let answer = format!("baton show {run}");
                Some(News { reason, answer, ..news(Event::Failed, state) })
            }
            _ => None,
        }
    }
}
