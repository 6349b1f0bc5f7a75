//! Making branches.

use baton_git_store::{Id, Repository, is_branch_name};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::Tree;
use serde::{Deserialize, Serialize};

/// Which branch, and where.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct BranchInput {
    /// Name of the branch, such as `fix/typo`.
    pub name: String,
    /// The revision at which it begins. Default: `HEAD`.
    pub at: Option<String>,
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct BranchOutput {
    /// Its name.
    pub branch: String,
    /// Id of its commit.
    pub commit: String,
    /// Whether this call made it.
    pub created: bool,
}

/// Makes a branch.
///
/// # Errors
/// When the name or the revision is wrong, or the branch is there at another commit.
pub fn branch(tree: &Tree, input: &BranchInput) -> Result<BranchOutput, ToolError> {
    let reference = reference(&input.name)?;
    let repository = Repository::open(tree)?;
    let at = repository.resolve(input.at.as_deref().unwrap_or("HEAD"))?;
    let output = |commit: Id, created| BranchOutput {
        branch: input.name.clone(),
        commit: commit.to_string(),
        created,
    };
    match repository.reference(&reference)? {
        Some(commit) if commit == at => return Ok(output(commit, false)),
        Some(commit) => {
            let message = format!("the branch `{}` is there already, at {commit}", input.name);
            return Err(
                ToolError::failed("branch-exists", message).detail("commit", commit.to_string())
            );
        }
        None => is_free(&repository, &reference)?,
    }
    if !repository.set(&reference, None, at)? {
        return Err(in_use(&input.name));
    }
    Ok(output(at, true))
}

/// The full name of a branch.
pub fn reference(name: &str) -> Result<String, ToolError> {
    if is_branch_name(name) {
        return Ok(format!("refs/heads/{name}"));
    }
    let shown: String = name.chars().take(200).collect();
    let message = format!("`{shown}` is no name for a branch");
    Err(ToolError::invalid_input("invalid-branch", message))
}

/// A branch cannot be a directory of others: a new one must stand neither above nor below those that
/// are there.
pub fn is_free(repository: &Repository, reference: &str) -> Result<(), ToolError> {
    let below = |above: &str, name: &str| {
        name.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
    };
    let others = repository.references("refs/heads/")?;
    match others.iter().find(|one| below(&one.name, reference) || below(reference, &one.name)) {
        None => Ok(()),
        Some(other) => {
            let message =
                format!("there is a branch `{}`, so there can be no `{reference}`", other.name);
            Err(ToolError::failed("branch-conflict", message))
        }
    }
}

/// Somebody else is changing the branch.
pub fn in_use(name: &str) -> ToolError {
    let message =
        format!("the branch `{name}` was changed by somebody else meanwhile, or is locked");
    ToolError::unavailable("branch-in-use", message)
}
