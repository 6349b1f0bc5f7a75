//! Writes exchanges down while they happen.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::directory::{self, EXCHANGES_MAX, RecordingError};
use super::exchange::{Kept, Question};
use super::{Answered, Asked, Exchange, Redact};
use crate::error::ModelError;

/// Lets requests go to their providers and keeps what they answer.
pub struct Recorder {
    directory: PathBuf,
    redact: Redact,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The next number of each stem.
    next: HashMap<String, u32>,
    exchanges: usize,
    trouble: Option<RecordingError>,
}

impl Recorder {
    /// Records into the directory of a [`Recording`](super::Recording), after what it holds.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(directory: &Path, redact: Redact) -> Result<Self, RecordingError> {
        directory::check(directory)?;
        let mut state = State::default();
        for file in directory::list(directory)? {
            state.exchanges += 1;
            if let Some((stem, number)) = directory::parts(&file) {
                let next = state.next.entry(stem.to_owned()).or_default();
                *next = (*next).max(number.saturating_add(1));
            }
        }
        Ok(Self { directory: directory.to_path_buf(), redact, state: Mutex::new(state) })
    }

    /// What kept an exchange from being recorded, if anything did; the first such trouble. The
    /// run it happened to goes on: its answers were paid for.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.trouble.as_ref().map(ToString::to_string)
    }

    fn write(
        &self,
        state: &mut State,
        asked: &Asked<'_>,
        answered: &Answered,
    ) -> Result<(), RecordingError> {
        if state.exchanges >= EXCHANGES_MAX {
            return Err(RecordingError::Full(self.directory.clone()));
        }
        let question = Question::new(asked, &self.redact)?;
        let stem = question.stem();
        let kept = Kept::new(asked, question, answered, &self.redact)?;
        let number = state.next.get(&stem).copied().unwrap_or(0);
        let number = directory::write(&self.directory, &stem, number, &kept)?;
        state.next.insert(stem, number.saturating_add(1));
        state.exchanges += 1;
        Ok(())
    }
}

impl Exchange for Recorder {
    fn replay(&self, _: &Asked<'_>) -> Option<Result<Answered, ModelError>> {
        None
    }

    fn keep(&self, asked: &Asked<'_>, answered: &Answered) {
        // One at a time: the order of equal requests is the order of their answers.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.write(&mut state, asked, answered) {
            state.trouble.get_or_insert(error);
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("directory", &self.directory).finish_non_exhaustive()
    }
}
