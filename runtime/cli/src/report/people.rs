//! What people did to a run: messages, answers, orders.

use std::collections::BTreeMap;

use baton_core::handoff::Outcome;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Record, Work};

use super::html::{Anchor, At, Html};
use super::{ACTS_MAX, Report, TEXT_BYTES_MAX, cut, when};
use crate::text::one_line;

/// Something that a person did, or was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Number of the record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who; empty: the workflow.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// The task it is about; the root: the run.
    pub task: TaskPath,
    /// A message, question or note.
    pub text: String,
}

/// Gathers what people did.
#[derive(Clone, Debug, Default)]
pub struct People {
    acts: Vec<Act>,
    more: u64,
    /// Gates that are open.
    gates: BTreeMap<TaskPath, ()>,
}

impl People {
    /// What was gathered, and how many acts there were beyond.
    #[must_use]
    pub fn acts(self) -> (Vec<Act>, u64) {
        (self.acts, self.more)
    }

    /// Takes one more record in.
    pub fn take(&mut self, record: &Record) {
        let root = TaskPath::root;
        match &record.body {
            Body::RunStarted(started) => {
                self.add(record, &started.by, "started the run", root(), "");
            }
            Body::Spawned { task, work, .. } => {
                if let Work::Gate { spec, .. } = &**work {
                    self.gates.insert(task.clone(), ());
                    self.add(record, "", "asks", task.clone(), &spec.question);
                }
            }
            Body::Completed { task, outcome, .. } if self.gates.remove(task).is_some() => {
                self.answered(record, task, outcome);
            }
            Body::Messaged { sender, text, task, urgent } => {
                let what = if *urgent { "said urgently" } else { "said" };
                self.add(record, sender, what, task.clone().unwrap_or_default(), text);
            }
            Body::CancelOrdered { task, by } => {
                self.add(record, by, "cancelled", task.clone(), "");
            }
            Body::PauseOrdered { by, now, lifted } => {
                let what = match (lifted, now) {
                    (true, _) => "took the pause back",
                    (false, true) => "paused at once",
                    (false, false) => "paused",
                };
                self.add(record, by, what, root(), "");
            }
            Body::RestartOrdered { task, by, note } => {
                let note = note.as_deref().unwrap_or_default();
                self.add(record, by, "restarted", task.clone(), note);
            }
            Body::DenialsAdded { by, denials } => {
                self.add(record, by, "denied from then on", root(), &denials.words().join("\n"));
            }
            Body::Resumed { by, .. } => self.add(record, by, "went on", root(), ""),
            _ => {}
        }
    }

    fn answered(&mut self, record: &Record, task: &TaskPath, outcome: &Outcome) {
        let Outcome::Done(handoff) = outcome else {
            return self.add(record, "", "has no answer to", task.clone(), "");
        };
        let answer = handoff.output.value();
        let text = |name: &str| answer.get(name).and_then(|text| text.as_str()).unwrap_or_default();
        let flag = |name: &str| answer.get(name).and_then(serde_json::Value::as_bool);
        let defaulted = flag("defaulted").unwrap_or_default();
        let verdict = if flag("approved").unwrap_or_default() { "approved" } else { "rejected" };
        let what = match (defaulted, text("choice")) {
            (true, _) => format!("{verdict} by the default at the deadline"),
            (false, "") => verdict.to_owned(),
            (false, choice) => format!("{verdict}: {choice}"),
        };
        let who = if defaulted { "nobody" } else { text("by") };
        self.add(record, who, &what, task.clone(), text("note"));
    }

    fn add(&mut self, record: &Record, who: &str, what: &str, task: TaskPath, text: &str) {
        if self.acts.len() >= ACTS_MAX {
            self.more += 1;
            return;
        }
        let (kept, missing) = cut(text, TEXT_BYTES_MAX);
        let more = if missing > 0 { "…" } else { "" };
        self.acts.push(Act {
            seq: record.seq,
            at: record.at,
            who: who.to_owned(),
            what: what.to_owned(),
            task,
            text: format!("{kept}{more}"),
        });
    }
}

/// The section about people.
pub fn write(html: &mut Html, report: &Report) {
    html.of("table", "", |html| {
        html.fixed("<thead><tr><th>when</th><th>record</th><th>who</th><th>what</th></tr></thead>");
        html.of("tbody", "", |html| {
            for act in &report.acts {
                html.of("tr", "", |html| {
                    html.line("td", "when", &when(act.at));
                    html.line("td", "num", &act.seq.to_string());
                    let who = one_line(&act.who);
                    html.line("td", "", if who.is_empty() { "the workflow" } else { &who });
                    html.of("td", "", |html| {
                        html.text(&one_line(&act.what));
                        if !act.task.is_root() {
                            html.text(" ");
                            let anchor = Anchor::of(&act.task);
                            html.element("a", &[At::Link(&anchor)], |html| {
                                html.text(&format!("/{}", act.task));
                            });
                        }
                        if !act.text.trim().is_empty() {
                            html.line("pre", "", act.text.trim_end());
                        }
                    });
                });
            }
        });
    });
    if report.acts_more > 0 {
        html.line("p", "cut", &format!("{} more are left out here", report.acts_more));
    }
}
