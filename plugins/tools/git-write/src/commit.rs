//! Making commits.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_git_store::{Commit, Id, Kind, Mode, Repository, Signature, TreeEntry, tree_bytes};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Tree, inside};
use serde::{Deserialize, Serialize};

use crate::branch::{in_use, reference};

/// Most files of one commit.
const FILES_MAX: usize = 1_000;
/// Longest message and longest key, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
const KEY_BYTES_MAX: usize = 200;
/// How far back a commit with the same key is looked for.
const KEY_COMMITS_MAX: usize = 1_000;
/// Begins the line of a message that holds the key.
const TRAILER: &str = "Baton-Key: ";

/// What to commit, and where.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct CommitInput {
    /// Directory of the repository, relative to the granted one. Default: that one.
    #[serde(default)]
    pub repository: String,
    /// The branch to commit onto, such as `fix/typo`. It is made if it is not there.
    pub branch: String,
    /// The revision at which a new branch begins. Default: `HEAD`.
    pub base: Option<String>,
    /// The message: a short first line, and more after an empty one.
    pub message: String,
    /// The files that change. All others stay as they are.
    pub files: Vec<FileChange>,
    /// Who it is by. Default: `Baton <baton@localhost>`.
    pub author: Option<Author>,
    /// Names this commit for good: the same key brings the same commit again.
    pub key: Option<String>,
}

/// A file that changes.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct FileChange {
    /// Its path in the repository.
    pub path: String,
    /// Its new content as text. Exactly one of this, `base64` and `delete`.
    pub text: Option<String>,
    /// Its new content in Base64.
    pub base64: Option<String>,
    /// Whether it is removed.
    #[serde(default)]
    pub delete: bool,
    /// Whether it can be executed. Default: as it was.
    pub executable: Option<bool>,
}

/// Who a commit is by.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
}

/// A commit on a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct CommitOutput {
    /// Name of the branch.
    pub branch: String,
    /// Id of the commit.
    pub commit: String,
    /// Id of the commit it follows.
    pub parent: String,
    /// Whether this call made it.
    pub created: bool,
}

/// Commits.
///
/// # Errors
/// When the input is wrong, the branch is checked out or changed meanwhile, or nothing would change.
pub fn commit(tree: &Tree, input: &CommitInput) -> Result<CommitOutput, ToolError> {
    let reference = reference(&input.branch)?;
    let changes = changes(&input.files)?;
    let message = message(input)?;
    let author = author(input.author.as_ref())?;
    let repository = Repository::open(tree, &input.repository)?;
    if repository.is_checked_out(&reference)? {
        let message = format!("the branch `{}` is checked out", input.branch);
        return Err(ToolError::failed("branch-checked-out", message));
    }
    let before = repository.reference(&reference)?;
    let parent = match before {
        Some(tip) => tip,
        None => repository.resolve(input.base.as_deref().unwrap_or("HEAD"))?,
    };
    let output = |commit: Id, parent: Id, created| CommitOutput {
        branch: input.branch.clone(),
        commit: commit.to_string(),
        parent: parent.to_string(),
        created,
    };
    if let (Some(key), Some(tip)) = (&input.key, before)
        && let Some(found) = with_key(&repository, tip, key)?
    {
        let parent = found.parents.first().copied().unwrap_or(found.id);
        return Ok(output(found.id, parent, false));
    }
    let parent = repository.commit(parent)?;
    let entries = Changes::of(&changes);
    // A directory without entries exists only at the root.
    let folder = match apply(&repository, Some(parent.tree), &entries)? {
        Some(folder) => folder,
        None => repository.write(Kind::Tree, &[])?,
    };
    if folder == parent.tree {
        return Err(ToolError::failed("nothing-to-commit", "the files are like that already"));
    }
    let commit =
        Commit { tree: folder, parents: vec![parent.id], committer: author.clone(), author, message, id: folder };
    let id = repository.write(Kind::Commit, &commit.to_bytes())?;
    if !repository.set(&reference, before, id)? {
        return Err(in_use(&input.branch));
    }
    Ok(output(id, parent.id, true))
}

/// The new content of a file; none if it is removed.
struct Content {
    bytes: Option<Vec<u8>>,
    executable: Option<bool>,
}

fn changes(files: &[FileChange]) -> Result<BTreeMap<String, Content>, ToolError> {
    let wrong = |path: &str, what: &str| {
        Err(ToolError::invalid_input("invalid-file", format!("the file `{path}` {what}")))
    };
    if files.is_empty() || files.len() > FILES_MAX {
        let message = format!("a commit has 1 to {FILES_MAX} files");
        return Err(ToolError::invalid_input("invalid-file", message));
    }
    let mut changes = BTreeMap::new();
    for file in files {
        let path = inside(&file.path)?;
        if path.is_empty() || path.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
            return wrong(&path, "cannot be committed");
        }
        let bytes = match (&file.text, &file.base64, file.delete) {
            (Some(text), None, false) => Some(text.clone().into_bytes()),
            (None, Some(text), false) => match STANDARD.decode(text) {
                Ok(bytes) => Some(bytes),
                Err(_) => return wrong(&path, "is not in Base64"),
            },
            (None, None, true) => None,
            _ => return wrong(&path, "needs exactly one of `text`, `base64` and `delete`"),
        };
        let content = Content { bytes, executable: file.executable };
        if changes.insert(path.clone(), content).is_some() {
            return wrong(&path, "is named twice");
        }
    }
    Ok(changes)
}

/// The message with the key in its last line.
fn message(input: &CommitInput) -> Result<String, ToolError> {
    let text = input.message.trim();
    if text.is_empty() || text.len() > MESSAGE_BYTES_MAX || text.contains('\0') {
        let message = format!("a message has 1 to {MESSAGE_BYTES_MAX} bytes, and no NUL");
        return Err(ToolError::invalid_input("invalid-message", message));
    }
    let Some(key) = &input.key else { return Ok(format!("{text}\n")) };
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
        let message = format!("a key is one line of 1 to {KEY_BYTES_MAX} bytes");
        return Err(ToolError::invalid_input("invalid-key", message));
    }
    Ok(format!("{text}\n\n{TRAILER}{key}\n"))
}

fn author(author: Option<&Author>) -> Result<Signature, ToolError> {
    let (name, email) = match author {
        Some(author) => (author.name.trim(), author.email.trim()),
        None => ("Baton", "baton@localhost"),
    };
    let is_wrong = |text: &str| text.is_empty() || text.contains(['<', '>', '\n', '\0']);
    if is_wrong(name) || is_wrong(email) {
        let message = "an author has a name and an address, without `<`, `>` and line breaks";
        return Err(ToolError::invalid_input("invalid-author", message));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
    Ok(Signature { name: name.into(), email: email.into(), seconds, offset_minutes: 0 })
}

/// The commit with this key, if the branch has one.
fn with_key(repository: &Repository, tip: Id, key: &str) -> Result<Option<Commit>, ToolError> {
    let wanted = format!("{TRAILER}{key}");
    let mut next = Some(tip);
    for _ in 0..KEY_COMMITS_MAX {
        let Some(id) = next else { return Ok(None) };
        // Where history was cut off, there is nothing further back.
        let Ok(commit) = repository.commit(id) else { return Ok(None) };
        if commit.message.lines().any(|line| line == wanted) {
            return Ok(Some(commit));
        }
        next = commit.parents.first().copied();
    }
    Ok(None)
}

/// The changes in one directory, and in those below it.
#[derive(Default)]
struct Changes<'a> {
    files: BTreeMap<&'a str, &'a Content>,
    folders: BTreeMap<&'a str, Changes<'a>>,
}

impl<'a> Changes<'a> {
    fn of(all: &'a BTreeMap<String, Content>) -> Self {
        let mut root = Self::default();
        for (path, content) in all {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let mut at = &mut root;
            for part in folder.split('/').filter(|part| !part.is_empty()) {
                at = at.folders.entry(part).or_default();
            }
            at.files.insert(name, content);
        }
        root
    }
}

/// Writes a directory with its changes; none if nothing is left in it.
fn apply(
    repository: &Repository,
    tree: Option<Id>,
    changes: &Changes<'_>,
) -> Result<Option<Id>, ToolError> {
    let before = tree.map(|id| repository.tree(id)).transpose()?.unwrap_or_default();
    let mut entries: BTreeMap<Vec<u8>, TreeEntry> =
        before.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    for (name, content) in &changes.files {
        let key = name.as_bytes().to_vec();
        let old = entries.remove(&key);
        if old.as_ref().is_some_and(|entry| entry.mode == Mode::Tree) {
            let message = format!("`{name}` is a directory");
            return Err(ToolError::failed("is-a-directory", message));
        }
        match &content.bytes {
            None if old.is_none() => {
                let message = format!("`{name}` is not there and cannot be removed");
                return Err(ToolError::failed("not-found", message));
            }
            None => {}
            Some(bytes) => {
                let was = old.is_some_and(|entry| entry.mode == Mode::Executable);
                let executable = content.executable.unwrap_or(was);
                let mode = if executable { Mode::Executable } else { Mode::File };
                let id = repository.write(Kind::Blob, bytes)?;
                entries.insert(key.clone(), TreeEntry { mode, name: key, id });
            }
        }
    }
    for (name, below) in &changes.folders {
        let key = name.as_bytes().to_vec();
        let old = entries.remove(&key);
        if old.as_ref().is_some_and(|entry| entry.mode != Mode::Tree) {
            let message = format!("`{name}` is a file, not a directory");
            return Err(ToolError::failed("not-a-directory", message));
        }
        if let Some(id) = apply(repository, old.map(|entry| entry.id), below)? {
            entries.insert(key.clone(), TreeEntry { mode: Mode::Tree, name: key, id });
        }
    }
    if entries.is_empty() {
        return Ok(None);
    }
    repository.write(Kind::Tree, &tree_bytes(entries.into_values().collect())).map(Some)
}
