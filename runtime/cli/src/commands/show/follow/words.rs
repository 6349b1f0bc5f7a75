//! What an agent says in the call that is under way, drawn in place below its transcript.

use std::path::Path;

use baton_core::ids::{RunId, TaskPath};
use baton_core::record::Record;
use baton_engine::live::{Reader, Said};

use crate::error::Result;
use crate::live::model::Model;
use crate::output::{rows, stdout};
use crate::transcript::text::{How, speaking};

/// Lines of a part of it.
const LINES: usize = 12;

/// What an agent says.
pub(super) struct Words {
    ears: Reader,
    task: TaskPath,
    how: How,
    /// Knows what is on record already.
    model: Model,
    /// What is drawn.
    drawn: String,
}

impl Words {
    pub(super) fn new(live: &Path, run: &RunId, task: &TaskPath, how: How) -> Self {
        let how = How { lines: how.lines.map(|_| LINES), ..how };
        let (ears, task) = (Reader::new(live, run), task.clone());
        Self { ears, task, how, model: Model::default(), drawn: String::new() }
    }

    /// What was said since the last look.
    pub(super) fn hear(&mut self) -> Vec<Said> {
        self.ears.read()
    }

    /// Takes in a record.
    pub(super) fn know(&mut self, record: &Record) {
        self.model.apply(record);
    }

    /// Draws what is said by now.
    pub(super) fn draw(&mut self, heard: Vec<Said>) -> Result<()> {
        for said in heard.into_iter().filter(|said| said.task == self.task) {
            self.model.hear(said);
        }
        let speech = self.model.task(&self.task).map(|task| &task.speech);
        let text = match speech.filter(|speech| !speech.parts.is_empty()) {
            Some(speech) => speaking(speech, self.how),
            None => String::new(),
        };
        // Only what is on the screen can be taken away again: the end of it.
        let most = rows().saturating_sub(2).max(1);
        let over = text.lines().count().saturating_sub(most);
        let text: String = text.lines().skip(over).map(|line| format!("{line}\n")).collect();
        if text == self.drawn {
            return Ok(());
        }
        self.erase()?;
        stdout(&text)?;
        self.drawn = text;
        Ok(())
    }

    /// Takes away what is drawn.
    pub(super) fn erase(&mut self) -> Result<()> {
        match std::mem::take(&mut self.drawn).lines().count() {
            0 => Ok(()),
            lines => stdout(&format!("\x1b[{lines}F\x1b[J")),
        }
    }
}
