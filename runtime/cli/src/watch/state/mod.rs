//! What the view shows: plain values, changed by keys and by what the journal tells.

pub mod answer;
pub mod calls;
pub mod detail;
pub mod filter;
pub mod input;
pub mod rows;
pub mod run;

use baton_core::gate::GateAnswer;
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_journal::store::{Address, Control, LetterState};

use self::answer::AnswerForm;
use self::input::Input;
use self::run::Run;

/// Everything on the screen.
#[derive(Debug, Default)]
pub struct State {
    /// The runs that are watched.
    pub runs: Vec<Run>,
    /// The one that is shown.
    pub at: usize,
    /// What keys mean at present.
    pub mode: Mode,
    /// The last thing to tell.
    pub notice: Option<Notice>,
    /// The answer to a gate that was filled in last: where it does not fit, it is asked for again.
    pub answered: Option<AnswerForm>,
    /// Runs that were begun from here.
    pub begun: Vec<RunId>,
    /// The one of them that is to be shown.
    pub next: Option<RunId>,
    /// Orders of which nobody knows yet what became of them.
    pub sent: Vec<Sent>,
    /// The present moment, by the store's clock.
    pub now: Timestamp,
    /// What the last drawing came to.
    pub metrics: Metrics,
}

/// What keys mean.
#[derive(Debug, Default)]
pub enum Mode {
    /// They go through the tree.
    #[default]
    Tree,
    /// They go through the details.
    Detail,
    /// They write the filter; with what it was before.
    Filter(Input, String),
    /// They write a message.
    Message(Draft),
    /// They fill in the answer to a gate.
    Answer(AnswerForm),
    /// They say yes or no.
    Confirm(Confirm),
    /// Any of them ends the help.
    Help,
}

/// A message that is being written.
#[derive(Debug)]
pub struct Draft {
    /// Whom it is for.
    pub to: Address,
    /// The same in words.
    pub name: String,
    /// The text.
    pub input: Input,
    /// Whether it interrupts.
    pub urgent: bool,
}

/// A question before something changes a run.
#[derive(Debug)]
pub struct Confirm {
    /// The question.
    pub question: String,
    /// What follows a yes.
    pub yes: Effect,
    /// What else can be done: a key, what it does in words, and what follows.
    pub other: Option<(char, &'static str, Effect)>,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It is under way, or good to know.
    Plain,
    /// It did not work.
    Bad,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What; untrusted.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Notice {
    /// A notice.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }
}

/// An order on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Number of the letter.
    pub letter: u64,
    /// The run.
    pub run: RunId,
    /// What was ordered, in words.
    pub words: String,
}

/// Sizes of what was drawn last: they say how far a page goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Lines of the tree.
    pub tree: usize,
    /// The first line of the tree that is shown.
    pub top: usize,
    /// Lines of the details.
    pub detail: usize,
    /// The first line of the details that can be shown at the most.
    pub detail_end: usize,
}

/// What is done outside of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An order for the owner of a run.
    Send {
        /// The run.
        run: RunId,
        /// The order.
        control: Control,
        /// What it is, in words.
        words: String,
    },
    /// This program with other arguments.
    Command {
        /// The arguments.
        arguments: Vec<String>,
        /// What it does, in words.
        words: String,
    },
    /// Shows the details that are on the screen, uncut, in the person's pager.
    Page,
    /// Ends the view.
    Quit,
}

impl Effect {
    /// An order to cancel a task or run.
    #[must_use]
    pub fn cancel(run: &RunId, task: &TaskPath, words: String) -> Self {
        Self::Send { run: run.clone(), control: Control::Cancel { task: task.clone() }, words }
    }

    /// An answer to a gate.
    #[must_use]
    pub fn answer(run: &RunId, task: &TaskPath, answer: GateAnswer, words: String) -> Self {
        let control = Control::Answer { task: task.clone(), answer };
        Self::Send { run: run.clone(), control, words }
    }
}

impl State {
    /// The run that is shown.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.runs.get(self.at)
    }

    /// The same, to change it.
    pub fn run_mut(&mut self) -> Option<&mut Run> {
        self.runs.get_mut(self.at)
    }

    /// Keeps what a drawing came to.
    pub fn drawn(&mut self, metrics: Metrics) {
        self.metrics = metrics;
        if let Some(run) = self.run_mut() {
            run.top = metrics.top;
        }
    }

    /// Tells something.
    pub fn tell(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice::new(tone, text));
    }

    /// An order was put on its way.
    pub fn sent(&mut self, sent: Sent) {
        let owned = self.runs.iter().any(|run| run.row.run == sent.run && run.row.owned);
        if owned {
            self.tell(Tone::Plain, format!("{}: sent", sent.words));
        } else {
            let text = format!(
                "{}: sent; nobody owns the run: obeyed when `baton resume` goes on with it",
                sent.words
            );
            self.tell(Tone::Plain, text);
        }
        self.sent.push(sent);
    }

    /// What became of an order. One of which nothing is known stays.
    pub fn became(&mut self, letter: u64, state: Option<LetterState>) {
        let Some(at) = self.sent.iter().position(|sent| sent.letter == letter) else { return };
        let (obeyed, reply) = match state {
            None => (true, Some("the letter is gone".to_owned())),
            Some(LetterState { obeyed, reply }) => (obeyed, reply),
        };
        if !obeyed && reply.is_none() {
            return;
        }
        let sent = self.sent.remove(at);
        match reply {
            Some(reply) => self.tell(Tone::Bad, format!("{}: {reply}", sent.words)),
            None => self.tell(Tone::Good, format!("{}: obeyed", sent.words)),
        }
    }

    /// A command that ended well named this run: one that was not there when the command began was begun by
    /// it, even if it is listed by now. `before`: the runs that were watched then.
    pub fn named(&mut self, run: RunId, before: &[RunId]) {
        if !before.contains(&run) {
            self.begun.push(run.clone());
            self.next = Some(run);
        }
    }

    /// Shows the run that was begun from here, once it is listed. Never while a question is answered or
    /// a text is written: those are for the run that is shown.
    pub fn show_next(&mut self) {
        let is_next = |run: &Run| self.next.as_ref() == Some(&run.row.run);
        let place = self.runs.iter().position(is_next);
        if let (Some(place), Mode::Tree | Mode::Detail) = (place, &self.mode) {
            self.at = place;
            self.next = None;
        }
    }

    /// Puts the rows of runs in place of those that are known, and adds the others behind them.
    pub fn list(&mut self, rows: Vec<baton_journal::rows::RunRow>) {
        for row in rows {
            match self.runs.iter_mut().find(|run| run.row.run == row.run) {
                Some(run) => run.row = row,
                None => self.runs.push(Run::new(row)),
            }
        }
    }
}
