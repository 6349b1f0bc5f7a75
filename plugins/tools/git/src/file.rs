//! Files as they were.

use baton_git_store::{Id, Mode, Repository};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Tree, inside};
use serde::{Deserialize, Serialize};

/// Largest text that is returned, in bytes.
const TEXT_BYTES_MAX: usize = 500 << 10;
/// Most entries of a directory that are returned.
const ENTRIES_MAX: usize = 5_000;

/// Which file, and when.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct FileInput {
    /// The revision: a branch, tag, commit, `HEAD~2`, … Default: `HEAD`.
    pub revision: Option<String>,
    /// Path of the file or directory in the repository. Default: its root.
    pub path: String,
    /// First line to return, from 1. Default: the first.
    pub first: Option<usize>,
    /// Last line to return. Default: the last.
    pub last: Option<usize>,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct FileEntry {
    /// Its name; that of a directory ends with `/`.
    pub name: String,
    /// Id of its object.
    pub id: String,
}

/// A file or directory as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct FileOutput {
    /// Id of the commit.
    pub commit: String,
    /// Id of the object.
    pub id: String,
    /// Size of the file in bytes; of a directory, how many entries it has.
    pub size: usize,
    /// Of a text file: its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a directory: its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<FileEntry>>,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// Reads a file or directory of a revision.
///
/// # Errors
/// When the repository cannot be read, the revision is unknown, or nothing is at the path.
pub fn file(tree: &Tree, input: &FileInput) -> Result<FileOutput, ToolError> {
    let repository = Repository::open(tree)?;
    let id = repository.resolve(input.revision.as_deref().unwrap_or("HEAD"))?;
    let commit = repository.commit(id)?;
    let (mode, object) = locate(&repository, commit.tree, &inside(&input.path)?)?;
    let mut output = FileOutput {
        commit: id.to_string(),
        id: object.to_string(),
        size: 0,
        text: None,
        entries: None,
        truncated: false,
    };
    match mode {
        Mode::Tree => {
            let entries = repository.tree(object)?;
            output.size = entries.len();
            output.truncated = entries.len() > ENTRIES_MAX;
            let entry = |entry: &baton_git_store::TreeEntry| FileEntry {
                name: entry.text() + if entry.mode == Mode::Tree { "/" } else { "" },
                id: entry.id.to_string(),
            };
            output.entries = Some(entries.iter().take(ENTRIES_MAX).map(entry).collect());
        }
        // The commit of another repository has no content here.
        Mode::Module => {}
        Mode::File | Mode::Executable | Mode::Link => {
            let bytes = repository.blob(object)?;
            output.size = bytes.len();
            if let Ok(text) = String::from_utf8(bytes) {
                let (text, truncated) = part(&text, input.first, input.last);
                output.text = Some(text);
                output.truncated = truncated;
            }
        }
    }
    Ok(output)
}

/// What is at a path of a commit's directory.
pub fn locate(repository: &Repository, tree: Id, path: &str) -> Result<(Mode, Id), ToolError> {
    repository.at_path(tree, path)?.ok_or_else(|| {
        ToolError::invalid_input("not-found", format!("there is no `{path}` in that revision"))
    })
}

/// These lines of a text, cut at the limit.
fn part(text: &str, first: Option<usize>, last: Option<usize>) -> (String, bool) {
    let skipped = first.unwrap_or(1).saturating_sub(1);
    let count = last.unwrap_or(usize::MAX).saturating_sub(skipped);
    let mut part = String::new();
    for line in text.split_inclusive('\n').skip(skipped).take(count) {
        if part.len() + line.len() > TEXT_BYTES_MAX {
            return (part, true);
        }
        part.push_str(line);
    }
    (part, false)
}
