//! Why a run is paused, as JSON.

use baton_core::budget::Short;
use baton_core::gate::GateSpec;
use baton_core::ids::{RunId, TaskId};
use baton_core::record::Pause;
use serde::Serialize;

use super::raise;
use crate::gates::approve;
use crate::shapes::{dollars as usd, moment};

/// Why a run is paused, of `run`, `resume`, `ls` and `show` with `--json`.
#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "lowercase")]
pub enum PauseShape<'a> {
    /// A cap. Of `cost` the numbers are US dollars, of `wall-time` milliseconds.
    Cap {
        /// Which.
        cap: &'a str,
        /// The phase whose cap it is, if it is one of a phase.
        phase: Option<&'a str>,
        /// The task whose cap it is, if it is one of a task.
        task: Option<String>,
        /// The cap.
        limit: Option<Number>,
        /// What is spent of it or held back.
        spent: Option<Number>,
        /// The most that the next call takes.
        needs: Option<Number>,
        /// The flag of `baton resume` that makes room for it.
        flag: String,
    },
    /// A provider serves nobody for now.
    Provider {
        /// Its name.
        provider: &'a str,
        /// `quota`, `auth`, `billing`, `overload` or `unreachable`.
        outage: &'static str,
        /// When it may serve again.
        until: Option<String>,
        /// What it said.
        message: &'a str,
    },
    /// A person.
    Person {
        /// Who.
        by: &'a str,
    },
    /// Nothing is left to do before a person has answered.
    Gate {
        /// The gate that was asked first of those that are open.
        gate: String,
        /// Its question.
        question: &'a str,
        /// The command that says yes, with the first of its choices where it has some.
        answer: String,
    },
    /// Nothing is left to do before a person sends a message.
    Message {
        /// The command that does.
        answer: String,
    },
    /// The process that owned it was asked to end.
    Interrupted {},
}

/// An amount in a pause.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// Agents, tokens or milliseconds.
    Whole(u64),
    /// US dollars.
    Usd(f64),
}

impl<'a> PauseShape<'a> {
    /// The shape of why `run` is paused. `asked`: what the gate asks that it waits for.
    #[must_use]
    pub fn new(run: &RunId, reason: &'a Pause, asked: Option<&GateSpec>) -> Self {
        match reason {
            Pause::Cap { cap, short } => {
                let short = short.as_deref();
                let number = |of: fn(&Short) -> u64| {
                    let number = of(short?);
                    Some(if cap == "cost" {
                        Number::Usd(usd(number))
                    } else {
                        Number::Whole(number)
                    })
                };
                let task = short.and_then(|short| short.task.clone());
                Self::Cap {
                    cap,
                    phase: short.and_then(|short| short.phase.as_deref()),
                    task: task.map(|path| TaskId { run: run.clone(), path }.to_string()),
                    limit: number(|short| short.cap),
                    spent: number(|short| short.spent),
                    needs: number(|short| short.needs),
                    flag: raise(cap, short),
                }
            }
            Pause::Provider { provider, outage, until, message } => Self::Provider {
                provider,
                outage: outage.as_str(),
                until: until.map(moment),
                message,
            },
            Pause::Person { by } => Self::Person { by },
            Pause::Gate { task, question } => {
                let gate = TaskId { run: run.clone(), path: task.clone() }.to_string();
                let answer = match asked {
                    Some(spec) => approve(&gate, spec),
                    None => format!("baton approve {gate}"),
                };
                Self::Gate { gate, question, answer }
            }
            Pause::Message => Self::Message { answer: format!("baton send {run} TEXT") },
            Pause::Interrupted => Self::Interrupted {},
        }
    }
}
