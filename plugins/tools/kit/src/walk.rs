//! Walking the granted directory.

use std::fs;

use baton_guest::ToolError;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::path;
use crate::select::{Filter, Selection};
use crate::tree::{Tree, failed};

/// Most entries that one walk looks at.
pub const VISITED_MAX: usize = 200_000;

/// Files that name what is left out, the one that wins first.
const IGNORE_FILES: [&str; 2] = [".ignore", ".gitignore"];

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path inside the root.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
}

/// Files in byte order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files.
    pub files: Vec<Entry>,
    /// Whether [`VISITED_MAX`] cut the walk.
    pub truncated: bool,
}

impl Listing {
    /// Leaves out what would be more than `bytes_max` to read. Files larger than `file_bytes_max`
    /// are not read and count for nothing.
    pub fn cut(&mut self, bytes_max: u64, file_bytes_max: u64) {
        let mut bytes = 0;
        let mut fits = |file: &Entry| {
            bytes += if file.size > file_bytes_max { 0 } else { file.size };
            bytes <= bytes_max
        };
        let count = self.files.iter().take_while(|file| fits(file)).count();
        self.truncated |= count < self.files.len();
        self.files.truncate(count);
    }
}

impl Tree {
    /// The files below a directory (empty: the root) that a selection means; the file itself where
    /// `start` is one. Symbolic links are passed over, and so is `.git`.
    ///
    /// # Errors
    /// When a pattern cannot be read, or the start cannot be listed.
    pub fn select(&self, start: &str, selection: &Selection) -> Result<Listing, ToolError> {
        let filter = selection.filter()?;
        let start = path::inside(start)?;
        let place = self.locate(&start)?;
        if place.is_file() {
            let size = fs::metadata(&place).map_err(|error| failed(&start, &error))?.len();
            return Ok(Listing { files: vec![Entry { path: start, size }], truncated: false });
        }
        let mut walk = Walk {
            tree: self,
            selection,
            filter,
            visited: 0,
            listing: Listing::default(),
            rules: self.rules_above(&start, selection),
        };
        walk.directory(&start).map_err(|error| failed(&start, &error))?;
        let mut listing = walk.listing;
        listing.files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(listing)
    }

    /// Rules of the directories above one.
    fn rules_above(&self, start: &str, selection: &Selection) -> Vec<Rules> {
        let mut rules = Vec::new();
        if selection.ignored || start.is_empty() {
            return rules;
        }
        let ends = start.match_indices('/').map(|(at, _)| start.get(..at).unwrap_or_default());
        for directory in std::iter::once("").chain(ends) {
            // Only what is there is read: asking for more would count as trying what is not granted.
            let Ok(entries) = fs::read_dir(self.root().join(directory)) else { continue };
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let present: Vec<String> =
                names.filter(|name| IGNORE_FILES.contains(&name.as_str())).collect();
            rules
                .extend(self.rules(directory, &Vec::from_iter(present.iter().map(String::as_str))));
        }
        rules
    }

    /// What the named ignore files of a directory say.
    fn rules(&self, directory: &str, names: &[&str]) -> Option<Rules> {
        let mut builder = GitignoreBuilder::new(".");
        // Of two rules that fit, the later one counts.
        for name in IGNORE_FILES.iter().rev().filter(|name| names.contains(name)) {
            let text = self.read_text(&joined(directory, name)).unwrap_or_default();
            for line in text.lines() {
                // A line that is no pattern is passed over, as git does.
                let _ = builder.add_line(None, line);
            }
        }
        let matcher = builder.build().ok().filter(|matcher| !matcher.is_empty())?;
        Some(Rules { directory: directory.to_owned(), matcher })
    }
}

/// What the ignore files of one directory say.
struct Rules {
    directory: String,
    matcher: Gitignore,
}

impl Rules {
    /// Whether a path below the directory is left out; none: nothing is said.
    fn says(&self, path: &str, is_directory: bool) -> Option<bool> {
        let below = match self.directory.as_str() {
            "" => path,
            directory => path.strip_prefix(directory)?.strip_prefix('/')?,
        };
        let found = self.matcher.matched(below, is_directory);
        (!found.is_none()).then(|| found.is_ignore())
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    selection: &'a Selection,
    filter: Filter,
    visited: usize,
    listing: Listing,
    /// Of the directories from the root to the one at hand.
    rules: Vec<Rules>,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &str) -> std::io::Result<()> {
        let place = self.tree.root().join(directory);
        let mut names = Vec::new();
        for entry in fs::read_dir(place)? {
            let entry = entry?;
            // A name that is not UTF-8 cannot be told to anybody in JSON.
            let Ok(name) = entry.file_name().into_string() else { continue };
            names.push((name, entry));
            self.visited += 1;
            if self.visited > VISITED_MAX {
                self.listing.truncated = true;
                break;
            }
        }
        names.sort_by(|(left, _), (right, _)| left.cmp(right));
        let depth = self.rules.len();
        if !self.selection.ignored {
            let present: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
            if IGNORE_FILES.iter().any(|name| present.contains(name)) {
                self.rules.extend(self.tree.rules(directory, &present));
            }
        }
        for (name, entry) in names {
            if name == ".git" || (name.starts_with('.') && !self.selection.hidden) {
                continue;
            }
            let path = joined(directory, &name);
            let Ok(kind) = entry.file_type() else { continue };
            if self.is_ignored(&path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                if !self.listing.truncated && !self.filter.leaves_out(&path) {
                    // A directory that cannot be listed is as good as empty.
                    let _ = self.directory(&path);
                }
            } else if kind.is_file() && self.filter.takes(&path) {
                let size = entry.metadata().map_or(0, |metadata| metadata.len());
                self.listing.files.push(Entry { path, size });
            }
        }
        self.rules.truncate(depth);
        Ok(())
    }

    /// The nearest directory that says something decides.
    fn is_ignored(&self, path: &str, is_directory: bool) -> bool {
        self.rules.iter().rev().find_map(|rules| rules.says(path, is_directory)).unwrap_or(false)
    }
}

fn joined(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
