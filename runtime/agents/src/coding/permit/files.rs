//! Files of the root: whether they may be touched, and touching them for an agent.

use std::path::{Component, Path, PathBuf};

use baton_core::files::{EntryKind, FileAnswer, FileError, FileErrorKind, FileRequest};
use baton_host::files::ScopedFiles;

use super::{Permit, Wish};

/// Names below a directory that stand for any: the directory is granted if they are.
const ANY_NAMES: [&str; 2] = ["any-name", "any-name/any-name"];

/// Why a file could not be read or written for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// There is no such file.
    pub missing: bool,
    /// In words.
    pub words: String,
}

impl Permit {
    /// Reads a file for an agent.
    ///
    /// # Errors
    /// In words, for the agent; what is outside of the scope is on record.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, Trouble> {
        let Some(relative) = self.relative(path) else {
            return Err(self.refused(&Wish::Read(path.to_owned())));
        };
        let mut last = None;
        for files in &self.read {
            let request = FileRequest::Read { path: relative.clone() };
            match self.context.denied.reading(files).and_then(|files| files.observe(&request)) {
                Ok(FileAnswer::Content { bytes, .. }) => return Ok(bytes),
                Ok(_) => {}
                Err(error) if error.kind == FileErrorKind::Denied => {}
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(trouble(&error)),
            None => Err(self.refused(&Wish::Read(path.to_owned()))),
        }
    }

    /// Writes a file for an agent.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
        let wish = || Wish::Write(path.to_owned());
        let (Some(relative), Some(files)) = (self.relative(path), &self.write) else {
            return Err(self.refused(&wish()));
        };
        match self.context.denied.writing(files).and_then(|own| own.write(&relative, bytes, None)) {
            Ok(_) => Ok(()),
            Err(error) if error.kind == FileErrorKind::Denied => Err(self.refused(&wish())),
            Err(error) => Err(trouble(&error)),
        }
    }

    fn refused(&self, wish: &Wish) -> Trouble {
        let words = match self.judge(wish) {
            Err(words) => words,
            // It was changed in between.
            Ok(()) => "it is not there".into(),
        };
        Trouble { missing: false, words }
    }

    /// The path inside the root; the root itself is empty.
    pub(super) fn relative(&self, path: &Path) -> Option<String> {
        if self.roots.is_empty() {
            return None;
        }
        let inside = match path.is_absolute() {
            false => straight(path)?,
            true => {
                let path = straight(path)?;
                self.roots.iter().find_map(|root| path.strip_prefix(root).ok())?.to_owned()
            }
        };
        inside.to_str().map(ToOwned::to_owned)
    }

    pub(super) fn may_read(&self, path: &str) -> bool {
        self.readers().any(|files| passes(&files, path))
    }

    /// What may be read at this moment.
    fn readers(&self) -> impl Iterator<Item = ScopedFiles> {
        self.read.iter().filter_map(|files| self.context.denied.reading(files).ok())
    }

    pub(super) fn may_write(&self, path: &str) -> bool {
        let files = self.write.as_ref().and_then(|own| self.context.denied.writing(own).ok());
        files.is_some_and(|files| passes(&files, path)) && self.leads_straight(path)
    }

    /// Whether what is not there yet would come to be where its path says, and not where a link on
    /// the way leads to.
    fn leads_straight(&self, path: &str) -> bool {
        let Some(root) = self.roots.last() else { return false };
        let whole = root.join(path);
        whole.symlink_metadata().is_ok()
            || whole
                .ancestors()
                .skip(1)
                .find_map(|above| Some((above, above.canonicalize().ok()?)))
                .is_some_and(|(above, real)| above == real)
    }

    /// Whether whatever may be in a directory may be read. Secrets that patterns take away from it
    /// are no reason against it: nobody could search anything.
    pub(super) fn may_read_all(&self, path: &str) -> bool {
        let below =
            |name: &&str| if path.is_empty() { (*name).into() } else { format!("{path}/{name}") };
        let names: Vec<String> = ANY_NAMES.iter().map(below).collect();
        self.readers().any(|files| names.iter().all(|name| passes(&files, name)))
    }
}

fn trouble(error: &FileError) -> Trouble {
    Trouble { missing: error.kind == FileErrorKind::NotFound, words: error.message.clone() }
}

/// Whether a scope lets a path pass, and what it leads to.
fn passes(files: &ScopedFiles, path: &str) -> bool {
    match files.observe(&FileRequest::Stat { path: path.to_owned() }) {
        Ok(FileAnswer::Entry(entry)) => entry.kind == EntryKind::File,
        Ok(_) => false,
        // What is not there passed by its name.
        Err(error) => error.kind == FileErrorKind::NotFound,
    }
}

/// A path without `.` and `..`; none: it leads out of where it begins.
fn straight(path: &Path) -> Option<PathBuf> {
    let mut straight = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !straight.pop() {
                    return None;
                }
            }
            other => straight.push(other),
        }
    }
    Some(straight)
}
