//! Asks the person at this terminal what a run asks, while it is driven or looked at here. Whoever
//! answers first, here or elsewhere, lets it go on.

mod dialog;
mod lines;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::limits::RunLimits;
use baton_core::record::{Body, Record, Work};
use baton_engine::Observer;
use baton_journal::store::{Control, Journal};
use tokio::sync::{mpsc, oneshot};

use self::dialog::{Dialog, Turn};
use self::lines::Lines;
use crate::control::{Fate, order};
use crate::gates::{OpenGate, words};
use crate::live::Stage;
use crate::output::{BAD, BOLD, DIM, columns, note};
use crate::text::{one_line, paint};

/// How long no record comes before a person is asked: a gate may be answered by a record that is on
/// its way.
const SETTLE: Duration = Duration::from_millis(100);

/// Whether there is a person at this terminal who can be asked.
#[must_use]
pub fn possible() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    // A job in the background of a shell is stopped when it reads.
    let foreground = rustix::termios::tcgetpgrp(std::io::stdin())
        .is_ok_and(|group| group == rustix::process::getpgrp());
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && foreground && !set("CI")
}

/// Somebody who asks.
pub struct Asker {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Asker {
    /// Begins to ask what the records say that is asked. They go to the second of the pair.
    #[must_use]
    pub fn start(journal: Arc<dyn Journal>, stage: Stage) -> (Self, Observer) {
        let (observer, records) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let asking = Asking {
            journal,
            stage,
            run: None,
            open: BTreeMap::new(),
            asked: None,
            later: Vec::new(),
            lines: Lines::default(),
        };
        (Self { stop, task: tokio::spawn(asking.ask(records, stopped)) }, observer)
    }

    /// Asks nothing more.
    pub async fn finish(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

struct Asking {
    journal: Arc<dyn Journal>,
    stage: Stage,
    /// The run, the name of its workflow, and its limits.
    run: Option<(RunId, String, RunLimits)>,
    /// Gates that nobody has answered.
    open: BTreeMap<TaskPath, OpenGate>,
    /// The one that the person is asked, and what was said so far.
    asked: Option<(TaskPath, Dialog)>,
    /// Those that the person does not want to answer now.
    later: Vec<TaskPath>,
    lines: Lines,
}

impl Asking {
    async fn ask(
        mut self,
        mut records: mpsc::UnboundedReceiver<Arc<Record>>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let mut watching = true;
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                record = records.recv(), if watching => match record {
                    Some(record) => self.take(&record),
                    None => watching = false,
                },
                line = self.lines.next(), if self.listens() => self.hear(line).await,
                () = tokio::time::sleep(SETTLE), if self.asked.is_none() => self.next().await,
            }
        }
        if self.asked.take().is_some() {
            self.stage.release();
        }
    }

    /// Whether a line would mean something.
    fn listens(&self) -> bool {
        self.asked.is_some() || (self.lines.is_open() && !self.later.is_empty())
    }

    fn take(&mut self, record: &Record) {
        match &record.body {
            Body::RunStarted(started) => {
                let limits = started.limits.run;
                self.run = Some((started.run.clone(), started.name().to_owned(), limits));
            }
            Body::Spawned { task, work, .. } => {
                if let Work::Gate { spec, due } = &**work {
                    self.opened(task, spec.clone(), *due, record.at);
                }
            }
            Body::Completed { task, outcome, .. } => {
                self.later.retain(|later| later != task);
                if self.open.remove(task).is_some()
                    && self.asked.as_ref().is_some_and(|(asked, _)| asked == task)
                {
                    self.asked = None;
                    let how = match (outcome.handoff(), outcome.failure()) {
                        (Some(handoff), _) => handoff.summary.clone(),
                        (None, Some(failure)) => failure.to_string(),
                        (None, None) => String::new(),
                    };
                    note(&paint(DIM, &format!("  {}", one_line(&how))));
                    self.stage.release();
                }
            }
            _ => {}
        }
    }

    fn opened(
        &mut self,
        task: &TaskPath,
        spec: baton_core::gate::GateSpec,
        due: Option<Timestamp>,
        since: Timestamp,
    ) {
        let Some((run, name, _)) = &self.run else { return };
        let (run, name, task) = (run.clone(), name.clone(), task.clone());
        let gate = OpenGate { run, name, task: task.clone(), spec, since, due };
        self.open.insert(task, gate);
    }

    /// Asks the next gate that the person has not put off.
    async fn next(&mut self) {
        let fresh = self.open.keys().find(|task| !self.later.contains(task)).cloned();
        if let Some(task) = fresh {
            self.begin(task).await;
        }
    }

    async fn begin(&mut self, task: TaskPath) {
        let (Some(gate), Some((_, _, limits))) = (self.open.get(&task), &self.run) else { return };
        let dialog = Dialog::new(gate.spec.clone(), *limits);
        self.stage.hold().await;
        let block = words::question(gate, columns());
        note(block.trim_end());
        for line in words::more(gate, self.journal.now(), columns()) {
            note(&format!("    {line}"));
        }
        prompt(&dialog);
        self.asked = Some((task, dialog));
        self.lines.open();
    }

    async fn hear(&mut self, line: Option<String>) {
        let Some((task, mut dialog)) = self.asked.take() else {
            // Enter, after gates were put off: they are asked again.
            self.later.clear();
            return;
        };
        let Some(line) = line else {
            // Nobody is at the terminal any more.
            self.put_off(task);
            return;
        };
        match dialog.hear(&line) {
            Turn::More => {
                prompt(&dialog);
                self.asked = Some((task, dialog));
            }
            Turn::Again(why) => {
                note(&format!("  {} {}", paint(BAD, "!"), one_line(&why)));
                prompt(&dialog);
                self.asked = Some((task, dialog));
            }
            Turn::Later => self.put_off(task),
            Turn::Answer(answer) => {
                let Some((run, ..)) = &self.run else { return };
                let control = Control::Answer { task: task.clone(), answer };
                match order(&*self.journal, run, control).await {
                    Ok(Fate::Refused(why)) => {
                        note(&format!("  {} {}", paint(BAD, "!"), one_line(&why)));
                    }
                    Ok(_) => {}
                    Err(error) => note(&format!("  {} {}", paint(BAD, "!"), error.told())),
                }
                self.open.remove(&task);
                self.stage.release();
            }
        }
    }

    fn put_off(&mut self, task: TaskPath) {
        if let Some(gate) = self.open.get(&task) {
            let again = if self.lines.is_open() { "; Enter asks again" } else { "" };
            note(&paint(DIM, &format!("  not now: `{}` answers it{again}", gate.command())));
        }
        self.later.push(task);
        self.stage.release();
    }
}

fn prompt(dialog: &Dialog) {
    note(&format!("  {} {}", paint(BOLD, ">"), dialog.prompt()));
}
