//! Who else writes on the terminal while progress is shown there: whoever asks a person, and whoever has
//! something to tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use baton_core::ids::TaskPath;
use tokio::sync::mpsc;

/// What the progress is told.
pub(super) enum Cue {
    /// A line that stays.
    Say(String),
    /// A person is asked something, or has typed more of the answer.
    Ask(Question),
    /// Nobody is asked any more.
    Release,
}

/// What a person is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The gate.
    pub task: TaskPath,
    /// The question and what was said about it so far, in lines.
    pub lines: Vec<String>,
    /// What the person has typed so far.
    pub typed: String,
}

/// Lets somebody else write on the terminal.
#[derive(Clone, Debug)]
pub struct Stage {
    cues: mpsc::UnboundedSender<Cue>,
    draws: Arc<AtomicBool>,
}

impl Stage {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Cue>) {
        let (cues, told) = mpsc::unbounded_channel();
        (Self { cues, draws: Arc::default() }, told)
    }

    /// Whether progress is drawn in place, so that what a person types has to be drawn as well.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.draws.load(Ordering::Relaxed)
    }

    pub(super) fn set_draws(&self, draws: bool) {
        self.draws.store(draws, Ordering::Relaxed);
    }

    /// Shows a question, below the progress where that is drawn in place. Elsewhere nothing else is
    /// written before [`Self::release`], and of the lines only those that were not there before.
    pub fn ask(&self, question: Question) {
        // Where no progress is shown any more nobody is asked.
        let _ = self.cues.send(Cue::Ask(question));
    }

    /// Lets the question stand as it is, and the progress go on.
    pub fn release(&self) {
        let _ = self.cues.send(Cue::Release);
    }

    /// Writes a line that stays.
    pub fn say(&self, line: &str) {
        let _ = self.cues.send(Cue::Say(line.to_owned()));
    }
}
