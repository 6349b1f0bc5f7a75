//! The audited tree as an agent reaches it: through the files it was granted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use baton_guest::{EntryKind, FileErrorKind, Files};
use docs_audit_analysis::{Presence, Source, Tree};

/// Glob patterns of one listing at the most.
const PATTERNS_MAX: usize = 100;
/// Names one listing may bring.
const NAMES_MAX: u32 = 20_000;

/// Files of the grant. What was looked up once is not asked for again; contents are not kept.
pub struct Disk {
    files: Files,
    present: RefCell<HashMap<String, Presence>>,
    names: HashMap<String, Vec<String>>,
    unread: RefCell<HashMap<String, String>>,
}

impl Disk {
    /// The files of a grant.
    pub fn new(files: &Files) -> Self {
        Self {
            files: files.clone(),
            present: RefCell::default(),
            names: HashMap::new(),
            unread: RefCell::default(),
        }
    }

    /// Lists directories, so that [`Tree::names`] can answer for them. Directories that cannot be
    /// listed stay unknown.
    pub fn list(&mut self, directories: &[String]) {
        for chunk in directories.chunks(PATTERNS_MAX) {
            let patterns = chunk.iter().map(|directory| match directory.as_str() {
                "" => "*".to_string(),
                _ => format!("{}/*", escape(directory)),
            });
            let selection = self.files.select(patterns).ignored().hidden().directories();
            let Ok(listing) = selection.limit(NAMES_MAX).list() else {
                continue;
            };
            if listing.truncated {
                continue;
            }
            for directory in chunk {
                if self.stat(directory) == Presence::Directory {
                    self.names.entry(directory.clone()).or_default();
                }
            }
            for entry in listing.entries {
                let (directory, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
                if let Some(names) = self.names.get_mut(directory) {
                    names.push(name.to_string());
                }
            }
        }
    }

    /// Why a file could not be read, in words, if it was tried.
    pub fn why_unread(&self, path: &str) -> Option<String> {
        self.unread.borrow().get(path).cloned()
    }

    fn ask(&self, path: &str) -> Presence {
        if path.is_empty() {
            return Presence::Directory;
        }
        match self.files.stat(path) {
            Ok(entry) if entry.kind == EntryKind::Directory => Presence::Directory,
            Ok(_) => Presence::File,
            Err(error) if error.kind == FileErrorKind::NotFound => Presence::Missing,
            Err(_) => Presence::Unknown,
        }
    }
}

impl Tree for Disk {
    fn stat(&self, path: &str) -> Presence {
        if let Some(known) = self.present.borrow().get(path) {
            return *known;
        }
        let presence = self.ask(path);
        self.present.borrow_mut().insert(path.into(), presence);
        presence
    }

    fn read(&self, path: &str) -> Option<Rc<Source>> {
        match self.files.read(path) {
            Ok(content) => {
                let text = String::from_utf8_lossy(&content.bytes).into_owned();
                Some(Rc::new(Source { text, digest: content.digest }))
            }
            Err(error) => {
                self.unread.borrow_mut().insert(path.into(), error.message);
                None
            }
        }
    }

    fn names(&self, directory: &str) -> Option<Vec<String>> {
        self.names.get(directory).cloned()
    }
}

/// A path as a glob pattern that matches nothing else.
fn escape(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '\\') {
            pattern.extend(['[', c, ']']);
        } else {
            pattern.push(c);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn patterns_of_paths_hold_no_wildcards() {
        for (path, pattern) in [("a/b-1.0", "a/b-1.0"), ("a[b]/{c}*", "a[[]b[]]/[{]c[}][*]")] {
            assert_eq!(escape(path), pattern);
        }
    }
}
