//! Interface `files` of the host in memory. Ignore files are not looked at.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Event, Stage};
use crate::files::{Content, Entry, EntryKind, FileError, FileErrorKind, Found, Listing, Matches};
use crate::host::{FileHost, RawSelection};

/// Largest file that is read, in bytes.
const READ_BYTES_MAX: usize = 8 << 20;
/// Bytes that are shown of a line.
const LINE_BYTES_MAX: usize = 1_024;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    #[serde(rename = "ignored")]
    _ignored: bool,
    hidden: bool,
    directories: bool,
    limit: Option<usize>,
}

/// A selection that has been checked.
struct Query {
    include: Option<GlobSet>,
    exclude: GlobSet,
    options: Options,
}

impl Query {
    fn parse(selection: &RawSelection) -> Result<Self, FileError> {
        let options = serde_json::from_str(&selection.options).map_err(|error| invalid(&error))?;
        let include = match selection.include.as_slice() {
            [] => None,
            patterns => Some(globs(patterns)?),
        };
        Ok(Self { include, exclude: globs(&selection.exclude)?, options })
    }

    fn takes(&self, path: &str) -> bool {
        let hidden = path.split('/').any(|name| name.starts_with('.'));
        (self.options.hidden || !hidden)
            && self.include.as_ref().is_none_or(|include| include.is_match(path))
            && !self.exclude.is_match(path)
    }

    fn cut<T>(&self, results: &mut Vec<T>) -> bool {
        let limit = self.options.limit.unwrap_or(usize::MAX);
        let truncated = results.len() > limit;
        results.truncate(limit);
        truncated
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, FileError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| invalid(&error))?);
    }
    set.build().map_err(|error| invalid(&error))
}

fn invalid(error: &dyn std::fmt::Display) -> FileError {
    failed(FileErrorKind::InvalidQuery, "invalid-query", error.to_string())
}

fn failed(kind: FileErrorKind, code: &str, message: String) -> FileError {
    FileError { kind, code: code.into(), message }
}

/// `sha256:` and the digest in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn check(path: &str) -> Result<(), FileError> {
    let bad = path.is_empty()
        || path.starts_with('/')
        || path.contains('\0')
        || path.split('/').any(|name| name == "..");
    if bad {
        let message = format!("`{path}` is not a path inside the root");
        return Err(failed(FileErrorKind::InvalidPath, "invalid-path", message));
    }
    Ok(())
}

impl Stage {
    fn is_directory(&self, path: &str) -> bool {
        let state = self.state.borrow();
        state
            .files
            .keys()
            .any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    fn absent(&self, path: &str) -> FileError {
        if self.is_directory(path) {
            let message = format!("`{path}` is a directory");
            return failed(FileErrorKind::WrongKind, "is-directory", message);
        }
        failed(FileErrorKind::NotFound, "not-found", format!("there is no `{path}`"))
    }
}

impl FileHost for Stage {
    fn read(&self, path: &str) -> Result<Content, FileError> {
        self.note(Event::Read(path.into()));
        check(path)?;
        let bytes = self.state.borrow().files.get(path).cloned();
        let bytes = bytes.ok_or_else(|| self.absent(path))?;
        if bytes.len() > READ_BYTES_MAX {
            let message = format!("{} bytes; the limit is {READ_BYTES_MAX}", bytes.len());
            return Err(failed(FileErrorKind::TooLarge, "too-large", message));
        }
        Ok(Content { digest: digest(&bytes), bytes })
    }

    fn list(&self, selection: &RawSelection) -> Result<Listing, FileError> {
        let query = Query::parse(selection)?;
        let state = self.state.borrow();
        let mut directories = BTreeSet::new();
        let mut entries = Vec::new();
        for (path, bytes) in &state.files {
            if query.takes(path) {
                let size = bytes.len() as u64;
                entries.push(Entry { path: path.clone(), kind: EntryKind::File, size });
            }
            let parents = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
            directories.extend(parents.map(str::to_owned));
        }
        if query.options.directories {
            let taken = directories.into_iter().filter(|path| query.takes(path));
            entries.extend(taken.map(|path| Entry { path, kind: EntryKind::Directory, size: 0 }));
            entries.sort_by(|left, right| left.path.cmp(&right.path));
        }
        let truncated = query.cut(&mut entries);
        Ok(Listing { entries, truncated })
    }

    fn search(&self, pattern: &str, selection: &RawSelection) -> Result<Matches, FileError> {
        let query = Query::parse(selection)?;
        let expression = regex::Regex::new(pattern).map_err(|error| invalid(&error))?;
        let state = self.state.borrow();
        let mut matches = Vec::new();
        let texts = state.files.iter().filter(|(path, _)| query.takes(path));
        for (path, text) in
            texts.filter_map(|(path, bytes)| Some((path, str::from_utf8(bytes).ok()?)))
        {
            for (line, text) in (1..).zip(text.lines()) {
                let Some(found) = expression.find(text) else {
                    continue;
                };
                let column = u32::try_from(found.start()).unwrap_or(u32::MAX);
                let end = text.floor_char_boundary(LINE_BYTES_MAX);
                let text = text.get(..end).unwrap_or(text).to_owned();
                matches.push(Found { path: path.clone(), line, column, text });
            }
        }
        let truncated = query.cut(&mut matches);
        Ok(Matches { matches, truncated })
    }

    fn stat(&self, path: &str) -> Result<Entry, FileError> {
        check(path)?;
        let size = self.state.borrow().files.get(path).map(|bytes| bytes.len() as u64);
        match size {
            Some(size) => Ok(Entry { path: path.into(), kind: EntryKind::File, size }),
            None if self.is_directory(path) => {
                Ok(Entry { path: path.into(), kind: EntryKind::Directory, size: 0 })
            }
            None => Err(self.absent(path)),
        }
    }
}
