//! Making commits.

use std::time::{SystemTime, UNIX_EPOCH};

use baton_git_store::{Commit, Id, Kind, Repository, Signature};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::Tree;
use serde::{Deserialize, Serialize};

use crate::branch::{in_use, is_free, reference};
use crate::files::{Changes, apply, changes};

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
    let repository = Repository::open(tree)?;
    if repository.is_checked_out(&reference)? {
        let message = format!("the branch `{}` is checked out", input.branch);
        return Err(ToolError::failed("branch-checked-out", message));
    }
    let before = repository.reference(&reference)?;
    let parent = match before {
        Some(tip) => tip,
        None => {
            is_free(&repository, &reference)?;
            repository.resolve(input.base.as_deref().unwrap_or("HEAD"))?
        }
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
    let commit = Commit {
        tree: folder,
        parents: vec![parent.id],
        committer: author.clone(),
        author,
        message,
        id: folder,
    };
    let id = repository.write(Kind::Commit, &commit.to_bytes())?;
    if !repository.set(&reference, before, id)? {
        return Err(in_use(&input.branch));
    }
    Ok(output(id, parent.id, true))
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
