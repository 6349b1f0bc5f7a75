//! The files that a dry run may read, for answers that cite them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use baton_core::files::{EntryKind, FileAnswer, FileRequest, Selection, SelectionOptions};
use baton_host::files::ScopedFiles;

/// Files that are known by name.
const FILES_MAX: u64 = 2_000;
/// Bytes of the largest file that is looked into.
const FILE_BYTES_MAX: usize = 256 << 10;
/// Lines of a file that may be cited.
const LINES_MAX: usize = 2_000;
/// Bytes of a token of a file, as tokenizers find them in programs and prose.
const TOKEN_BYTES: u64 = 4;
/// Bytes of one file that an agent is given at once, as far as it asks for no more.
const SEEN_BYTES_MAX: u64 = 32 << 10;
/// Characters of a line that is cited, from the least to the most: an answer quotes what can be found
/// again, and no minified program.
const LINE_CHARS: std::ops::RangeInclusive<usize> = 3..=200;

/// A line and its number, from one.
pub(crate) type Line = (u64, String);

/// Lines of a file that may be cited; none: it is no text, or not to be read.
type Lines = Option<Arc<[Line]>>;

/// Files by name, and their bytes together, as far as agents see them at once.
#[derive(Debug, Default)]
struct Files {
    names: Vec<String>,
    bytes: u64,
}

/// What may be read. All dry runs of a forecast share it, so that nothing is read twice.
#[derive(Debug, Default)]
pub(crate) struct World {
    scoped: Option<ScopedFiles>,
    files: OnceLock<Files>,
    known: Mutex<HashMap<String, Lines>>,
}

impl World {
    /// Of these files; none: nothing may be read.
    pub(crate) fn of(scoped: Option<ScopedFiles>) -> Self {
        Self { scoped, ..Self::default() }
    }

    /// Names of files, in byte order.
    pub(crate) fn names(&self) -> &[String] {
        &self.files().names
    }

    /// Tokens of a file on average; none: there are no files, or they may not be looked at.
    pub(crate) fn file_tokens(&self) -> Option<u64> {
        let Files { names, bytes } = self.files();
        let count = u64::try_from(names.len()).ok().filter(|count| *count > 0)?;
        Some(bytes / count / TOKEN_BYTES)
    }

    fn files(&self) -> &Files {
        self.files.get_or_init(|| {
            let options =
                SelectionOptions { limit: Some(FILES_MAX), ..SelectionOptions::default() };
            let selection = Selection { options, ..Selection::default() };
            let request = FileRequest::List { selection };
            let answer = self.scoped.as_ref().map(|scoped| scoped.observe(&request));
            let Some(Ok(FileAnswer::Listing { entries, .. })) = answer else {
                return Files::default();
            };
            let mut files = Files::default();
            for entry in entries.into_iter().filter(|entry| entry.kind == EntryKind::File) {
                files.bytes += entry.size.min(SEEN_BYTES_MAX);
                files.names.push(entry.path);
            }
            files
        })
    }

    /// The lines of a file that may be cited.
    pub(crate) fn lines(&self, path: &str) -> Lines {
        let scoped = self.scoped.as_ref()?;
        let known = |world: &Self| {
            world.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
        };
        if let Some(lines) = known(self) {
            return lines;
        }
        let lines = match scoped.observe(&FileRequest::Read { path: path.to_owned() }) {
            Ok(FileAnswer::Content { bytes, .. }) if bytes.len() <= FILE_BYTES_MAX => {
                std::str::from_utf8(&bytes).ok().and_then(citable)
            }
            _ => None,
        };
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(path.to_owned(), lines.clone());
        lines
    }
}

fn citable(text: &str) -> Lines {
    let lines = (1..).zip(text.lines()).take(LINES_MAX);
    let fit = lines.filter(|(_, line)| LINE_CHARS.contains(&line.trim().chars().count()));
    let lines: Arc<[Line]> = fit.map(|(number, line)| (number, line.to_owned())).collect();
    (!lines.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_found_again_is_citable() {
        let lines = citable("# A\n\n}\n    let x = 1;\n").unwrap_or_default();
        assert_eq!(*lines, [(1, "# A".to_owned()), (4, "    let x = 1;".to_owned())]);
        assert_eq!(citable("\n\n"), None);
        assert_eq!(citable(&"x".repeat(500)), None);
    }

    #[test]
    fn files_are_as_long_as_they_are_on_average() {
        let world = World::default();
        let names = vec!["a".to_owned(), "b".to_owned()];
        let _ = world.files.set(Files { names, bytes: 4_000 });
        assert_eq!(world.file_tokens(), Some(500));
    }

    #[test]
    fn where_nothing_may_be_read_nothing_is_known() {
        let world = World::default();
        assert!(world.names().is_empty());
        assert_eq!(world.file_tokens(), None);
        assert_eq!(world.lines("a.md"), None);
    }
}
