//! Listing commits.

use baton_git_store::{Commit, Id, Repository};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Tree, inside};
use serde::{Deserialize, Serialize};

use crate::commit::CommitInfo;
use crate::history::History;

/// Most commits, and how many where nobody says.
const LIMIT_MAX: usize = 1_000;
const LIMIT: usize = 50;

/// Which commits.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct LogInput {
    /// Where to begin: a branch, tag, commit, `HEAD~2`, … Default: `HEAD`.
    pub revision: Option<String>,
    /// Leave out what this revision reaches: with `revision` a branch and this the main branch, what
    /// is new on the branch.
    pub exclude: Option<String>,
    /// Only commits that changed this file or directory.
    pub path: Option<String>,
    /// Only commits whose author's name or address holds this text; capitals count as small letters.
    pub author: Option<String>,
    /// Only commits whose message holds this text; capitals count as small letters.
    pub message: Option<String>,
    /// Most commits to return, at most 1000. Default: 50.
    pub limit: Option<usize>,
    /// How many of them to pass over first.
    pub skip: usize,
}

/// Commits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct LogOutput {
    /// Newest first.
    pub commits: Vec<CommitInfo>,
    /// Whether there are more.
    pub truncated: bool,
}

/// Lists commits.
///
/// # Errors
/// When the repository cannot be read, or a revision is unknown.
pub fn log(tree: &Tree, input: &LogInput) -> Result<LogOutput, ToolError> {
    let repository = Repository::open(tree)?;
    let from = repository.resolve(input.revision.as_deref().unwrap_or("HEAD"))?;
    let without = input.exclude.as_deref().map(|name| repository.resolve(name)).transpose()?;
    let path = input.path.as_deref().map(inside).transpose()?;
    let author = input.author.as_deref().map(str::to_lowercase);
    let words = input.message.as_deref().map(str::to_lowercase);
    let wanted = |commit: &Commit| {
        let person = || format!("{} <{}>", commit.author.name, commit.author.email).to_lowercase();
        author.as_deref().is_none_or(|author| person().contains(author))
            && words.as_deref().is_none_or(|words| commit.message.to_lowercase().contains(words))
    };
    let limit = input.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let mut history = History::new(&repository, &[from], &Vec::from_iter(without))?;
    let follow = |commit: &Commit| match &path {
        Some(path) => {
            Ok(changed(&repository, commit, path)?.err().unwrap_or_else(|| commit.parents.clone()))
        }
        None => Ok(commit.parents.clone()),
    };
    let mut output = LogOutput::default();
    let mut skipped = 0;
    while let Some(commit) = history.next(follow)? {
        let touches = match &path {
            Some(path) => changed(&repository, &commit, path)?.is_ok(),
            None => true,
        };
        if !touches || !wanted(&commit) {
            continue;
        }
        if skipped < input.skip {
            skipped += 1;
        } else if output.commits.len() < limit {
            output.commits.push(CommitInfo::from(&commit));
        } else {
            output.truncated = true;
            break;
        }
    }
    Ok(output)
}

/// Whether a commit changed what is at a path. If not, the parents to go on to: where a parent has
/// the same there, that one alone tells how it came about.
fn changed(
    repository: &Repository,
    commit: &Commit,
    path: &str,
) -> Result<Result<(), Vec<Id>>, ToolError> {
    let own = repository.at_path(commit.tree, path)?;
    for parent in &commit.parents {
        if repository.at_path(repository.commit(*parent)?.tree, path)? == own {
            return Ok(Err(vec![*parent]));
        }
    }
    Ok(if own.is_none() && commit.parents.is_empty() { Err(Vec::new()) } else { Ok(()) })
}
