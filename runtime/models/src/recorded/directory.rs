//! The directory of a recording.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use baton_core::model::Models;
use baton_core::record::BackendChoice;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::exchange::Kept;
use crate::error::{ModelError, Trouble};

const INDEX: &str = "recording.json";
const EXCHANGES: &str = "exchanges";
const FORMAT: u32 = 1;
const INDEX_BYTES_MAX: u64 = 4 << 20;
/// Exchanges of a recording.
pub(super) const EXCHANGES_MAX: usize = 10_000;

/// Why a recording cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is none.
    #[error("{0} holds no recording")]
    None(PathBuf),
    /// The directory holds something else.
    #[error("{0} is neither empty nor a recording")]
    Occupied(PathBuf),
    /// A file cannot be read, or is not what a recording writes.
    #[error("{file}: {what}", file = file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be written.
    #[error("{file}: {error}", file = file.display())]
    Write {
        /// The file or directory.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A request that cannot be recorded or compared.
    #[error("a request cannot be recorded: {0}")]
    Request(String),
    /// An answer that cannot be recorded.
    #[error("an answer cannot be recorded: {0}")]
    Answer(String),
    /// It is full.
    #[error("{0} holds {EXCHANGES_MAX} exchanges, and that is the limit")]
    Full(PathBuf),
}

/// What a recording is about: the models it was made with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    format: u32,
    models: Models,
    backends: BackendChoice,
}

impl Recording {
    /// Begins a recording with the models of a run and its choice of backends, or goes on with one:
    /// models that were known before stay, the choice is the new one.
    ///
    /// # Errors
    /// When the directory holds anything else, or cannot be written.
    pub fn create(
        directory: &Path,
        models: &Models,
        backends: &BackendChoice,
    ) -> Result<(), RecordingError> {
        let exchanges = directory.join(EXCHANGES);
        let mut all = match read(directory) {
            Ok(known) => known.models,
            Err(RecordingError::None(_)) if is_empty(directory)? => Models::default(),
            Err(RecordingError::None(_)) => {
                return Err(RecordingError::Occupied(directory.to_path_buf()));
            }
            Err(error) => return Err(error),
        };
        all.providers.extend(models.providers.clone());
        all.tiers.extend(models.tiers.clone());
        all.prices.extend(models.prices.clone());
        for provider in all.providers.values_mut() {
            // Where a key lies on this machine concerns nobody who replays.
            provider.key = None;
            provider.recorded = None;
        }
        fs::create_dir_all(&exchanges)
            .map_err(|error| RecordingError::Write { file: exchanges, error })?;
        let recording = Self { format: FORMAT, models: all, backends: backends.clone() };
        let file = directory.join(INDEX);
        let write = || {
            let mut temporary = NamedTempFile::new_in(directory)?;
            serde_json::to_writer_pretty(&mut temporary, &recording)?;
            temporary.write_all(b"\n")?;
            temporary.persist(&file).map_err(|error| error.error).map(|_| ())
        };
        write().map_err(|error| RecordingError::Write { file: file.clone(), error })
    }

    /// The models of a recording, each answered by it, and the choice of backends. Without keys and
    /// rates: a recording needs neither.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn open(directory: &Path) -> Result<(Models, BackendChoice), RecordingError> {
        let Self { mut models, backends, .. } = read(directory)?;
        let absolute = fs::canonicalize(directory).map_err(|error| RecordingError::Damaged {
            file: directory.to_path_buf(),
            what: error.to_string(),
        })?;
        let Some(name) = absolute.to_str() else {
            return Err(RecordingError::Damaged {
                file: absolute,
                what: "its name is not Unicode".to_owned(),
            });
        };
        for provider in models.providers.values_mut() {
            provider.recorded = Some(name.to_owned());
            provider.requests_per_minute = None;
            provider.tokens_per_minute = None;
        }
        Ok((models, backends))
    }
}

/// Makes sure that there is a recording.
pub(super) fn check(directory: &Path) -> Result<(), RecordingError> {
    read(directory).map(|_| ())
}

fn read(directory: &Path) -> Result<Recording, RecordingError> {
    let file = directory.join(INDEX);
    let trouble = |what: String| RecordingError::Damaged { file: file.clone(), what };
    let size = match fs::metadata(&file) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RecordingError::None(directory.to_path_buf()));
        }
        Err(error) => return Err(trouble(error.to_string())),
    };
    if size > INDEX_BYTES_MAX {
        return Err(trouble(format!("{size} bytes where {INDEX_BYTES_MAX} are the limit")));
    }
    let bytes = fs::read(&file).map_err(|error| trouble(error.to_string()))?;
    let recording: Recording =
        serde_json::from_slice(&bytes).map_err(|error| trouble(error.to_string()))?;
    if recording.format != FORMAT {
        return Err(trouble(format!("form {}, this program reads {FORMAT}", recording.format)));
    }
    Ok(recording)
}

fn is_empty(directory: &Path) -> Result<bool, RecordingError> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => {
            Err(RecordingError::Damaged { file: directory.to_path_buf(), what: error.to_string() })
        }
    }
}

/// Files of exchanges, in the order of their names.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    let exchanges = directory.join(EXCHANGES);
    let trouble = |error: io::Error| RecordingError::Damaged {
        file: exchanges.clone(),
        what: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&exchanges).map_err(trouble)? {
        let file = entry.map_err(trouble)?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
        if files.len() > EXCHANGES_MAX {
            return Err(RecordingError::Full(directory.to_path_buf()));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Stem and number of an exchange's file.
pub(super) fn parts(file: &Path) -> Option<(&str, u32)> {
    let (stem, number) = file.file_stem()?.to_str()?.rsplit_once('-')?;
    Some((stem, number.parse().ok()?))
}

/// Writes an exchange under the first free number from `number` on; says which that was.
pub(super) fn write(
    directory: &Path,
    stem: &str,
    mut number: u32,
    kept: &Kept,
) -> Result<u32, RecordingError> {
    let exchanges = directory.join(EXCHANGES);
    let trouble = |error: io::Error| RecordingError::Write { file: exchanges.clone(), error };
    let mut temporary = NamedTempFile::new_in(&exchanges).map_err(trouble)?;
    serde_json::to_writer_pretty(&mut temporary, kept).map_err(|error| trouble(error.into()))?;
    temporary.write_all(b"\n").map_err(trouble)?;
    loop {
        // Another process may record into the same directory.
        let file = exchanges.join(format!("{stem}-{number:05}.json"));
        match temporary.persist_noclobber(&file) {
            Ok(_) => return Ok(number),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => {
                temporary = taken.file;
                number = number.saturating_add(1);
            }
            Err(other) => return Err(trouble(other.error)),
        }
    }
}

impl From<RecordingError> for ModelError {
    fn from(error: RecordingError) -> Self {
        Self {
            trouble: Trouble::Permanent,
            code: "recording",
            message: format!("The recorded answers cannot be used: {error}."),
            after_ms: None,
            usage: None,
            partial: String::new(),
        }
    }
}
