//! Names of commits.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};

use baton_guest::ToolError;

use crate::{Id, Repository, damaged, io};

/// Most references that are listed.
const REFERENCES_MAX: usize = 20_000;
/// Longest way from one name to another.
const LINKS_MAX: usize = 5;

/// A name and the object it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its full name, such as `refs/heads/main`.
    pub name: String,
    /// The object.
    pub id: Id,
}

impl Repository {
    /// The object that a full name stands for; none if there is no such name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn reference(&self, name: &str) -> Result<Option<Id>, ToolError> {
        let mut name = name.to_owned();
        for _ in 0..LINKS_MAX {
            if !is_safe(&name) {
                return Ok(None);
            }
            let Some(text) = self.file(&name)? else {
                return Ok(self.packed()?.get(&name).copied());
            };
            match text.trim_end().strip_prefix("ref:") {
                Some(other) => name = other.trim().to_owned(),
                None => {
                    let id = Id::from_hex(text.trim_end());
                    return id.map(Some).ok_or_else(|| damaged(format!("the reference {name}")));
                }
            }
        }
        Err(damaged(format!("the reference {name} leads nowhere")))
    }

    /// The branch that is checked out; none if a commit is.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn head(&self) -> Result<Option<String>, ToolError> {
        let text = self.file("HEAD")?.unwrap_or_default();
        Ok(text.trim_end().strip_prefix("ref:").map(|name| name.trim().to_owned()))
    }

    /// Whether a branch is checked out here or in another working tree.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn is_checked_out(&self, name: &str) -> Result<bool, ToolError> {
        let mut heads = vec![self.head()?];
        if let Ok(entries) = fs::read_dir(self.folder.join("worktrees")) {
            for entry in entries.flatten() {
                let text = fs::read_to_string(entry.path().join("HEAD")).unwrap_or_default();
                heads.push(text.trim_end().strip_prefix("ref:").map(|name| name.trim().to_owned()));
            }
        }
        Ok(heads.iter().flatten().any(|head| head == name))
    }

    /// The references whose full name begins with `prefix`, in the order of their names.
    ///
    /// # Errors
    /// When the repository cannot be read, or there are too many.
    pub fn references(&self, prefix: &str) -> Result<Vec<Reference>, ToolError> {
        let mut names: Vec<String> = self.packed()?.into_keys().collect();
        self.loose("refs", &mut names)?;
        names.retain(|name| name.starts_with(prefix));
        names.sort();
        names.dedup();
        let mut references = Vec::new();
        for name in names {
            if let Some(id) = self.reference(&name)? {
                references.push(Reference { name, id });
            }
        }
        Ok(references)
    }

    fn loose(&self, folder: &str, names: &mut Vec<String>) -> Result<(), ToolError> {
        let entries = match fs::read_dir(self.folder.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io(&error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| io(&error))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{folder}/{name}");
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.loose(&path, names)?;
            } else if !path.ends_with(".lock") {
                names.push(path);
            }
            if names.len() > REFERENCES_MAX {
                let message = format!("the repository has more than {REFERENCES_MAX} references");
                return Err(ToolError::failed("too-large", message));
            }
        }
        Ok(())
    }

    fn packed(&self) -> Result<BTreeMap<String, Id>, ToolError> {
        let text = self.file("packed-refs")?.unwrap_or_default();
        // Lines with `#` are about the file, those with `^` about the tag above.
        let lines = text.lines().filter(|line| !line.starts_with(['#', '^']));
        let pair = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some((name.to_owned(), Id::from_hex(id)?))
        };
        Ok(lines.filter_map(pair).collect())
    }

    /// Sets a reference to an object, if it stands for `before` now (none: if it is not there).
    /// False: it stands for something else, or somebody else is about to set it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set(&self, name: &str, before: Option<Id>, after: Id) -> Result<bool, ToolError> {
        let place = self.folder.join(name);
        let lock = self.folder.join(format!("{name}.lock"));
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(|error| io(&error))?;
        }
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&lock) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            file => file.map_err(|error| io(&error))?,
        };
        let outcome = self.reference(name).and_then(|now| {
            if now != before {
                return Ok(false);
            }
            writeln!(file, "{after}")
                .and_then(|()| file.sync_all())
                .and_then(|()| fs::rename(&lock, &place))
                .map(|()| true)
                .map_err(|error| io(&error))
        });
        if !matches!(outcome, Ok(true)) {
            // Whoever comes next must not wait for a lock that nobody holds.
            let _ = fs::remove_file(&lock);
        }
        outcome
    }
}

/// Whether a name stays inside of the repository.
fn is_safe(name: &str) -> bool {
    let special = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    (special || name.starts_with("refs/"))
        && !name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Whether a text can be the name of a branch, by the rules of `git check-ref-format`.
#[must_use]
pub fn is_branch_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let letter = |c: char| {
        !c.is_ascii_control() && !matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
    };
    !name.is_empty()
        && name.len() <= 200
        && name != "HEAD"
        && name != "@"
        && !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && name.split('/').all(part)
        && name.chars().all(letter)
}
