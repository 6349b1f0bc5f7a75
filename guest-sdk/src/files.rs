//! Reading files inside the granted root.

use std::rc::Rc;

use serde_json::{Map, Value};

use crate::host::{FileHost, RawSelection};

/// Why a path or query was refused. The list never grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileErrorKind {
    /// The path is malformed: absolute, with `..`, NUL, or not UTF-8.
    InvalidPath,
    /// Outside the grant, or a link that leads out of the root.
    Denied,
    /// Nothing is there.
    NotFound,
    /// A directory where a file was expected, or the reverse.
    WrongKind,
    /// A device, FIFO or socket.
    NotRegular,
    /// Larger than the limit for one read.
    TooLarge,
    /// The glob pattern, regular expression or option is malformed.
    InvalidQuery,
    /// The operating system failed; the code says how.
    Io,
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct FileError {
    /// The kind.
    pub kind: FileErrorKind,
    /// A stable code in kebab-case.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

/// Kind of a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// A file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path inside the root.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Size in bytes; 0 for a directory.
    pub size: u64,
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// `sha256:` and the hexadecimal digest of the bytes.
    pub digest: String,
}

/// The answer to [`Selection::list`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In byte order of their paths.
    pub entries: Vec<Entry>,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// A line that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Path inside the root.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Byte offset of the match in the line, from 0.
    pub column: u32,
    /// The line without its end, cut at 1,024 bytes.
    pub text: String,
}

/// The answer to [`Selection::search`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// In order of path and line.
    pub matches: Vec<Found>,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// Files inside the granted root. For a workflow every answer is recorded, so a replay sees what
/// the run saw.
#[derive(Clone)]
pub struct Files {
    host: Rc<dyn FileHost>,
}

impl Files {
    pub(crate) fn new(host: Rc<dyn FileHost>) -> Self {
        Self { host }
    }

    /// Reads a whole regular file of at most 8 MiB. The path is relative to the root.
    ///
    /// # Errors
    /// Says why the file cannot be read.
    pub fn read(&self, path: &str) -> Result<Content, FileError> {
        self.host.read(path)
    }

    /// Reads a whole text file.
    ///
    /// # Errors
    /// As [`Files::read`]; kind [`FileErrorKind::WrongKind`] and code `not-text` when the file is
    /// not UTF-8.
    pub fn read_text(&self, path: &str) -> Result<String, FileError> {
        String::from_utf8(self.host.read(path)?.bytes).map_err(|_| FileError {
            kind: FileErrorKind::WrongKind,
            code: "not-text".into(),
            message: format!("`{path}` is not UTF-8 text"),
        })
    }

    /// Says what is at a path.
    ///
    /// # Errors
    /// Says why nothing can be said.
    pub fn stat(&self, path: &str) -> Result<Entry, FileError> {
        self.host.stat(path)
    }

    /// Begins a query about the files that match one of the glob patterns (`*` within a name, `**`
    /// across directories, `?`, `[…]`, `{a,b}`); no pattern means every file.
    ///
    /// ```no_run
    /// # fn example(cx: baton_guest::Cx) -> baton_guest::Result<()> {
    /// let pages = cx.files().select(["docs/**/*.md"]).exclude(["**/old/**"]).list()?;
    /// let todo = cx.files().select(["**/*.rs"]).limit(100).search(r"\bdeprecated\b")?;
    /// # Ok(()) }
    /// ```
    pub fn select<S: Into<String>>(&self, include: impl IntoIterator<Item = S>) -> Selection {
        Selection {
            host: Rc::clone(&self.host),
            include: include.into_iter().map(Into::into).collect(),
            exclude: Vec::new(),
            options: Map::new(),
        }
    }

    /// Lists what the patterns match: `select(include).list()`.
    ///
    /// # Errors
    /// As [`Selection::list`].
    pub fn list<S: Into<String>>(
        &self,
        include: impl IntoIterator<Item = S>,
    ) -> Result<Listing, FileError> {
        self.select(include).list()
    }

    /// Searches what the patterns match: `select(include).search(pattern)`.
    ///
    /// # Errors
    /// As [`Selection::search`].
    pub fn search<S: Into<String>>(
        &self,
        pattern: &str,
        include: impl IntoIterator<Item = S>,
    ) -> Result<Matches, FileError> {
        self.select(include).search(pattern)
    }
}

/// Which files a query is about.
#[must_use = "a selection does nothing until `list` or `search`"]
pub struct Selection {
    host: Rc<dyn FileHost>,
    include: Vec<String>,
    exclude: Vec<String>,
    options: Map<String, Value>,
}

impl Selection {
    /// Leaves out what matches one of these glob patterns.
    pub fn exclude<S: Into<String>>(mut self, exclude: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(exclude.into_iter().map(Into::into));
        self
    }

    /// Also what `.gitignore` and `.ignore` files leave out.
    pub fn ignored(self) -> Self {
        self.option("ignored", true)
    }

    /// Also names that begin with a dot.
    pub fn hidden(self) -> Self {
        self.option("hidden", true)
    }

    /// Directories too (for [`Selection::list`]).
    pub fn directories(self) -> Self {
        self.option("directories", true)
    }

    /// At most so many results.
    pub fn limit(self, results: u32) -> Self {
        self.option("limit", results)
    }

    fn option(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    /// Lists what is selected, at most 100,000 entries.
    ///
    /// # Errors
    /// Says why the query was refused.
    pub fn list(self) -> Result<Listing, FileError> {
        let (host, raw) = self.into_raw();
        host.list(&raw)
    }

    /// Searches the selected text files, line by line, for a regular expression (syntax of the
    /// crate `regex`). At most 10,000 matches; files that are not UTF-8 are passed over.
    ///
    /// # Errors
    /// Says why the query was refused.
    pub fn search(self, pattern: &str) -> Result<Matches, FileError> {
        let (host, raw) = self.into_raw();
        host.search(pattern, &raw)
    }

    fn into_raw(self) -> (Rc<dyn FileHost>, RawSelection) {
        let options = Value::Object(self.options).to_string();
        (self.host, RawSelection { include: self.include, exclude: self.exclude, options })
    }
}
