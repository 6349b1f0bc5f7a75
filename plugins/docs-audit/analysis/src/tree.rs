//! Files as the rules see them.

use std::collections::BTreeMap;
use std::rc::Rc;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Nothing.
    Missing,
    /// Nobody can say: outside the grant, or the file system failed.
    Unknown,
}

/// A text file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The content. Bytes that are not UTF-8 are replaced.
    pub text: String,
    /// `sha256:` digest of the bytes.
    pub digest: String,
}

/// The audited tree. Paths are relative to its root, with `/` between their parts; the root is the
/// empty string.
pub trait Tree {
    /// What is at a path, hidden and ignored files included.
    fn stat(&self, path: &str) -> Presence;
    /// A file's text, if it can be read.
    fn read(&self, path: &str) -> Option<Rc<Source>>;
    /// Names in a directory, hidden and ignored ones included; none if nobody can say.
    fn names(&self, directory: &str) -> Option<Vec<String>>;
}

/// A tree held in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, Rc<Source>>,
}

impl Memory {
    /// A tree of these paths and texts. The digest of a file is a stand-in made from its text.
    pub fn new<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| {
            let text = text.into();
            let digest = format!("sha256:{:064x}", crate::text::hash(text.as_bytes()));
            (path.into(), Rc::new(Source { text, digest }))
        });
        Self { files: files.collect() }
    }

    fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.keys().filter_map(move |path| match directory {
            "" => Some(path.as_str()),
            _ => path.strip_prefix(directory)?.strip_prefix('/'),
        })
    }
}

impl Tree for Memory {
    fn stat(&self, path: &str) -> Presence {
        if self.files.contains_key(path) {
            Presence::File
        } else if path.is_empty() || self.below(path).next().is_some() {
            Presence::Directory
        } else {
            Presence::Missing
        }
    }

    fn read(&self, path: &str) -> Option<Rc<Source>> {
        self.files.get(path).cloned()
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        let mut names: Vec<String> = self
            .below(directory)
            .filter_map(|rest| rest.split('/').next())
            .map(ToString::to_string)
            .collect();
        names.dedup();
        (!names.is_empty()).then_some(names)
    }
}
