//! Answers from a recording.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::difference::{self, Difference};
use super::directory::{self, RecordingError};
use super::exchange::{Kept, Question};
use super::{Answered, Asked, Exchange, Redact};
use crate::error::{ModelError, Trouble};

/// Exchanges that are looked through for one that is like a request that was not recorded.
const NEAREST_MAX: usize = 256;
/// Bytes of files that are read for it.
const NEAREST_BYTES_MAX: u64 = 64 << 20;
/// Differences that are told.
const TOLD_MAX: usize = 4;

/// Answers requests as they were answered when they were recorded; equal ones in that order, the
/// last answer again and again. Nothing is ever sent.
pub struct Replay {
    directory: PathBuf,
    redact: Redact,
    /// Files by stem, in order.
    files: HashMap<String, Vec<PathBuf>>,
    /// How often each stem was asked for.
    asked: Mutex<HashMap<String, usize>>,
}

impl Replay {
    /// Answers from a directory.
    ///
    /// # Errors
    /// When it holds no recording, or cannot be read.
    pub fn open(directory: &Path, redact: Redact) -> Result<Self, RecordingError> {
        directory::check(directory)?;
        let mut files: HashMap<String, Vec<PathBuf>> = HashMap::new();
        for file in directory::list(directory)? {
            if let Some((stem, _)) = directory::parts(&file) {
                files.entry(stem.to_owned()).or_default().push(file);
            }
        }
        for list in files.values_mut() {
            list.sort_unstable_by_key(|file| directory::parts(file).map(|(_, number)| number));
        }
        Ok(Self { directory: directory.to_path_buf(), redact, files, asked: Mutex::default() })
    }

    fn answer(&self, asked: &Asked<'_>) -> Result<Answered, ModelError> {
        let question =
            Question::new(asked, &self.redact).map_err(|error| failed(error.to_string()))?;
        let stem = question.stem();
        let Some(files) = self.files.get(&stem) else { return Err(self.miss(&question)) };
        let turn = {
            let mut counts = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(stem).or_default();
            let turn = *count;
            *count += 1;
            turn
        };
        let Some(file) = files.get(turn).or(files.last()) else {
            return Err(self.miss(&question));
        };
        let kept = Kept::read(file).map_err(|error| failed(error.to_string()))?;
        // The name is part of a digest only, and files can be renamed.
        if kept.path != question.path || kept.request != question.body {
            return Err(failed(format!("{} is of another request", file.display())));
        }
        Ok(kept.answered())
    }

    /// Says what is recorded instead.
    fn miss(&self, question: &Question) -> ModelError {
        let mut nearest: Option<(Vec<Difference>, PathBuf)> = None;
        let prefix = format!("{}-", question.api.as_str());
        let same_api = self.files.iter().filter(|(stem, _)| stem.starts_with(&prefix));
        let mut files: Vec<_> = same_api.filter_map(|(_, files)| files.first()).collect();
        files.sort_unstable();
        let all = files.len();
        let mut bytes = 0;
        for file in files.into_iter().take(NEAREST_MAX) {
            bytes += std::fs::metadata(file).map_or(0, |metadata| metadata.len());
            if bytes > NEAREST_BYTES_MAX {
                break;
            }
            let Ok(kept) = Kept::read(file) else { continue };
            if kept.path != question.path {
                continue;
            }
            let found = difference::between(&kept.request, &question.body);
            if nearest.as_ref().is_none_or(|(best, _)| found.len() < best.len()) {
                nearest = Some((found, file.clone()));
            }
        }
        let place = self.directory.display();
        failed(match nearest {
            Some((differences, file)) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let told: Vec<String> =
                    differences.iter().take(TOLD_MAX).map(ToString::to_string).collect();
                let more = differences.len().saturating_sub(TOLD_MAX);
                let more = if more > 0 { format!("; and {more} more") } else { String::new() };
                format!(
                    "{place} has no answer to this request; the nearest recorded one ({name}) \
                     differs in {}{more}",
                    told.join("; ")
                )
            }
            None if all > 0 => format!(
                "{place} has no answer to this request, and none to any request of {} to {}",
                question.api.as_str(),
                question.path
            ),
            None => format!(
                "{place} has no answer to this request, and none to any request of {}",
                question.api.as_str()
            ),
        })
    }
}

fn failed(message: String) -> ModelError {
    ModelError {
        trouble: Trouble::Permanent,
        code: "not-recorded",
        message,
        after_ms: None,
        usage: None,
        partial: String::new(),
    }
}

impl Exchange for Replay {
    fn replay(&self, asked: &Asked<'_>) -> Option<Result<Answered, ModelError>> {
        Some(self.answer(asked))
    }

    fn keep(&self, _: &Asked<'_>, _: &Answered) {}
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("directory", &self.directory).finish_non_exhaustive()
    }
}
