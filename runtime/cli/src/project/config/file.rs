//! A file of settings: what may stand in it, and where in it something is wrong.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::NESTING_MAX;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::notify::settings::RawNotify;
use crate::project::models::caps::RawCaps;
use crate::project::models::file as models_file;
use crate::project::places::Places;
use crate::project::policy::file::{
    Lists, Origin, RawHttp, RawPlugin, RawSecret, RawServer, RawTool, Wrong,
};
use crate::project::policy::{Place, Source};
use crate::project::retention::RawRetention;
use crate::project::scan::{self, Unread};

/// Bytes of a file of settings.
const SETTINGS_BYTES_MAX: u64 = 256 << 10;

/// A file of settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) scripts: Scripts,
    pub(super) grant: Lists,
    pub(super) deny: Lists,
    pub(super) plugins: BTreeMap<String, Spanned<RawPlugin>>,
    pub(super) tools: BTreeMap<String, Spanned<RawTool>>,
    pub(super) secrets: BTreeMap<String, Spanned<RawSecret>>,
    pub(super) mcp: BTreeMap<String, Spanned<RawServer>>,
    pub(super) http: RawHttp,
    pub(super) agents: models_file::RawAgents,
    pub(super) tiers: BTreeMap<String, Spanned<String>>,
    pub(super) providers: BTreeMap<String, Spanned<models_file::RawProvider>>,
    pub(super) prices: BTreeMap<String, Spanned<models_file::RawPrice>>,
    pub(super) caps: RawCaps,
    pub(super) quota: models_file::RawQuota,
    pub(super) notify: RawNotify,
    pub(super) retention: RawRetention,
    pub(super) concurrency: BTreeMap<String, NonZeroU32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Scripts {
    pub(super) lenient: Option<bool>,
    pub(super) extensions: Option<bool>,
    pub(super) nesting: Option<u32>,
}

/// A file of settings that was read.
pub(super) struct Read {
    pub(super) source: Source,
    pub(super) at: Text,
    pub(super) file: File,
}

/// The person's file and the nearest one of the project, the person's first, as far as they exist.
pub(super) fn files(places: &Places) -> Result<Vec<Read>> {
    let (project, person) = places.settings();
    let project = project.into_iter().find(|path| path.exists());
    let mut files = Vec::new();
    for (source, path) in [(Source::Person, person), (Source::Project, project)] {
        let Some(path) = path else { continue };
        let (file, text) = read(&path)?;
        let at = Text { shown: places.shown(&path), path, text };
        files.push(Read { source, at, file });
    }
    Ok(files)
}

/// The text of a file, to say where something in it stands.
pub struct Text {
    pub(super) path: PathBuf,
    /// The path as a person reads it.
    shown: String,
    text: String,
}

impl Text {
    pub(super) fn origin<'a>(&'a self, source: Source, places: &'a Places) -> Origin<'a> {
        Origin {
            source,
            shown: &self.shown,
            folder: self.path.parent().unwrap_or(places.here()),
            home: places.home(),
            text: &self.text,
        }
    }

    pub(super) fn wrong(&self, wrong: &Wrong) -> CliError {
        let (line, column) = position(&self.text, wrong.at);
        let message = format!("{}:{line}:{column}: {}", self.path.display(), wrong.message);
        CliError::new(Code::Config, message).frame(frame(&self.text, line, column))
    }

    /// Something that stands on a line and must not.
    #[must_use]
    pub fn error(&self, place: &Place, message: &str) -> CliError {
        let line = place.text.rsplit(':').next().and_then(|line| line.parse().ok()).unwrap_or(1);
        let message = format!("{}:{line}: {message}", self.path.display());
        CliError::new(Code::Config, message).frame(frame(&self.text, line, 1))
    }
}

/// A line with a mark below a column.
fn frame(text: &str, line: usize, column: usize) -> String {
    let number = line.to_string();
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let (blank, mark) = (" ".repeat(number.len()), " ".repeat(column.saturating_sub(1)));
    format!("{number} | {shown}\n{blank} | {mark}^")
}

/// A file of settings and its text.
pub(super) fn read(path: &Path) -> Result<(File, String)> {
    let refused = |message: String| CliError::new(Code::Config, message);
    let bytes = match scan::read(path, SETTINGS_BYTES_MAX) {
        Ok(bytes) => bytes,
        // The person's file is looked for wherever it could be.
        Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((File::default(), String::new()));
        }
        Err(Unread::Io(error)) => return Err(CliError::file("read", path, &error)),
        Err(Unread::TooLarge { size, max }) => {
            let message =
                format!("{} has {size} bytes; settings have at most {max}", path.display());
            return Err(refused(message));
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| refused(format!("{} is not UTF-8", path.display())))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
        let message = format!("{}:{line}:{column}: {}", path.display(), error.message());
        refused(message).frame(error.to_string())
    })?;
    if let Some(nesting) = file.scripts.nesting
        && nesting > NESTING_MAX
    {
        let message = format!(
            "{}: `nesting` is {nesting}; workflows nest at most {NESTING_MAX} deep",
            path.display()
        );
        return Err(refused(message));
    }
    Ok((file, text))
}

/// Line and column of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
