//! What agents say in the calls that are under way, drawn in place below what is on record.

use std::path::Path;

use baton_core::ids::{RunId, TaskPath};
use baton_core::record::Record;
use baton_engine::live::{Reader, Said};

use crate::error::Result;
use crate::live::model::Model;
use crate::live::words::speakers;
use crate::output::{rows, stdout};
use crate::pause::now;
use crate::transcript::text::{How, speaking};

/// Lines of a part of what one agent says.
const LINES: usize = 12;
/// Lines of agents of a run, one each.
const SPEAKERS: usize = 8;

/// What an agent says, or what all agents of a run say.
pub(super) struct Words {
    ears: Reader,
    /// None: all of them.
    only: Option<TaskPath>,
    how: How,
    /// Knows what is on record already.
    model: Model,
    /// What is drawn.
    drawn: String,
}

impl Words {
    pub(super) fn new(live: &Path, run: &RunId, only: Option<TaskPath>, how: How) -> Self {
        let how = How { lines: how.lines.map(|_| LINES), ..how };
        let ears = Reader::new(live, run);
        Self { ears, only, how, model: Model::default(), drawn: String::new() }
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
        let wanted = |said: &Said| self.only.as_ref().is_none_or(|only| said.task == *only);
        heard.into_iter().filter(wanted).for_each(|said| self.model.hear(said));
        // Only what is on the screen can be taken away again: the end of it.
        let most = rows().saturating_sub(2).max(1);
        let lines: Vec<String> = match &self.only {
            None => speakers(&self.model, now(), self.how.columns, SPEAKERS.min(most)),
            Some(task) => {
                let speech = self.model.task(task).map(|task| &task.speech);
                let speech = speech.filter(|speech| !speech.parts.is_empty());
                let text = speech.map(|speech| speaking(speech, self.how)).unwrap_or_default();
                let over = text.lines().count().saturating_sub(most);
                text.lines().skip(over).map(ToOwned::to_owned).collect()
            }
        };
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
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
