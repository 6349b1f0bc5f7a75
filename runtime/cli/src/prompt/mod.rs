//! Asks the person at this terminal what a run asks, while it is driven or looked at here. Whoever
//! answers first, here or elsewhere, lets it go on.

mod dialog;
mod keys;

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
pub use self::keys::give_back;
use self::keys::{Editor, Keys, Quiet, Typed};
use crate::control::{Fate, order};
use crate::gates::{OpenGate, words};
use crate::live::{Question, Stage};
use crate::output::{BAD, BOLD, DIM, columns};
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
            block: Vec::new(),
            keys: Keys::default(),
            editor: Editor::default(),
            quiet: None,
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
    /// What stands on the terminal of the question that is asked.
    block: Vec<String>,
    keys: Keys,
    editor: Editor,
    /// The terminal leaves it to the progress to show what is typed.
    quiet: Option<Quiet>,
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
                piece = self.keys.next(), if self.listens() => self.typed(piece).await,
                () = tokio::time::sleep(SETTLE), if self.asked.is_none() => self.next().await,
            }
        }
        if self.asked.take().is_some() {
            self.release();
        }
    }

    /// Whether a line would mean something.
    fn listens(&self) -> bool {
        self.asked.is_some() || (self.keys.is_open() && !self.later.is_empty())
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
                    self.release();
                    self.stage.say(&paint(DIM, &format!("  {}", one_line(&how))));
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
        self.block = words::question(gate, columns()).lines().map(ToOwned::to_owned).collect();
        for line in words::more(gate, self.journal.now(), columns()) {
            self.block.push(format!("    {line}"));
        }
        self.prompt(&dialog);
        if self.stage.draws() {
            self.quiet = Quiet::begin();
        }
        self.show(&task);
        self.asked = Some((task, dialog));
        self.keys.open();
    }

    /// Shows the question, and what was typed so far.
    fn show(&self, task: &TaskPath) {
        let (task, typed) = (task.clone(), self.editor.text().to_owned());
        self.stage.ask(Question { task, lines: self.block.clone(), typed });
    }

    /// Says what can be answered now.
    fn prompt(&mut self, dialog: &Dialog) {
        self.block.push(format!("  {} {}", paint(BOLD, ">"), dialog.prompt()));
    }

    fn problem(&mut self, why: &str) {
        self.block.push(format!("  {} {}", paint(BAD, "!"), one_line(why)));
    }

    /// Nobody is asked any more: the progress goes on.
    fn release(&mut self) {
        // The terminal first: what is typed from now on is shown by nobody else.
        self.quiet = None;
        self.editor.clear();
        self.stage.release();
    }

    /// Takes in keys; none: nobody is at the terminal any more.
    async fn typed(&mut self, piece: Option<Vec<u8>>) {
        let Some(piece) = piece else { return self.hear(None).await };
        for typed in self.editor.feed(&piece) {
            match typed {
                Typed::Line(line) => self.hear(Some(line)).await,
                Typed::End => self.hear(Some(String::new())).await,
            }
        }
        if let Some((task, _)) = &self.asked {
            self.show(task);
        }
    }

    async fn hear(&mut self, line: Option<String>) {
        let Some((task, mut dialog)) = self.asked.take() else {
            // Enter, after gates were put off: they are asked again.
            self.later.clear();
            return;
        };
        let Some(line) = line else {
            self.put_off(task);
            return;
        };
        if self.quiet.is_some() && !line.is_empty() {
            self.block.push(format!("  {} {}", paint(BOLD, ">"), one_line(&line)));
        }
        match dialog.hear(&line).await {
            Turn::More => {
                self.prompt(&dialog);
                self.show(&task);
                self.asked = Some((task, dialog));
            }
            Turn::Again(why) => {
                self.problem(&why);
                self.prompt(&dialog);
                self.show(&task);
                self.asked = Some((task, dialog));
            }
            Turn::Later => self.put_off(task),
            Turn::Answer(answer) => {
                let Some((run, ..)) = &self.run else { return };
                let control = Control::Answer { task: task.clone(), answer };
                let fate = order(&*self.journal, run, control).await;
                match fate {
                    Ok(Fate::Refused(why)) => self.problem(&why),
                    Ok(_) => {}
                    Err(error) => self.problem(&error.told()),
                }
                self.show(&task);
                self.open.remove(&task);
                self.release();
            }
        }
    }

    fn put_off(&mut self, task: TaskPath) {
        if let Some(gate) = self.open.get(&task) {
            let again = if self.keys.is_open() { "; Enter asks again" } else { "" };
            let line = format!("  not now: `{}` answers it{again}", gate.command());
            self.block.push(paint(DIM, &line));
            self.show(&task);
        }
        self.later.push(task);
        self.release();
    }
}
