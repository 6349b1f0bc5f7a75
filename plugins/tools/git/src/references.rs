//! Branches and tags.

use baton_git_store::Repository;
use baton_guest::{Schema, ToolError};
use baton_tool_kit::Tree;
use serde::{Deserialize, Serialize};

use crate::commit::CommitInfo;

/// Most references that are returned.
const REFERENCES_MAX: usize = 1_000;

/// Of which repository, and which of them.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct ReferencesInput {
    /// Only names that begin with this, such as `refs/tags/`. Default: all.
    pub prefix: String,
}

/// A name and its commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct NamedCommit {
    /// The full name, such as `refs/heads/main`.
    pub name: String,
    /// Id of the commit; of a tag, the one it is for.
    pub commit: String,
    /// When it was recorded, as in RFC 3339.
    pub time: String,
    /// The first line of its message.
    pub subject: String,
}

/// Names and their commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct ReferencesOutput {
    /// The branch that is checked out, such as `refs/heads/main`; none if a commit is.
    pub head: Option<String>,
    /// In order of their names.
    pub references: Vec<NamedCommit>,
    /// Whether there are more.
    pub truncated: bool,
}

/// Lists references.
///
/// # Errors
/// When the repository cannot be read.
pub fn references(tree: &Tree, input: &ReferencesInput) -> Result<ReferencesOutput, ToolError> {
    let repository = Repository::open(tree)?;
    let all = repository.references(&input.prefix)?;
    let mut output = ReferencesOutput {
        head: repository.head()?,
        references: Vec::new(),
        truncated: all.len() > REFERENCES_MAX,
    };
    for reference in all.into_iter().take(REFERENCES_MAX) {
        // A tag may be for something that is no commit.
        let Ok(commit) = repository.commit(reference.id) else { continue };
        let info = CommitInfo::from(&commit);
        output.references.push(NamedCommit {
            name: reference.name,
            commit: info.id,
            time: info.committer.time,
            subject: info.subject,
        });
    }
    Ok(output)
}
