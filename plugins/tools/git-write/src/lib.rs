//! The tools of provider `git-write`: branches and commits, made without touching the working tree
//! or the index.

mod branch;
mod commit;
mod files;

pub use branch::{BranchInput, BranchOutput, branch};
pub use commit::{Author, CommitInput, CommitOutput, FileChange, commit};

/// The tools.
#[baton_guest::tools(
    name = "git-write",
    description = "Makes branches and commits in a git repository, without touching the working tree.",
    read(".git/**"),
    write(".git/objects/**", ".git/refs/heads/**", "**/.git/objects/**", "**/.git/refs/heads/**")
)]
pub mod tools {
    use baton_guest::ToolError;
    use baton_tool_kit::Tree;

    use crate::{BranchInput, BranchOutput, CommitInput, CommitOutput};

    /// Makes a branch at a revision. Nothing is checked out. If the branch is there already at that
    /// commit, that is the result; at another one, it is an error.
    pub fn branch(input: BranchInput) -> Result<BranchOutput, ToolError> {
        crate::branch(&Tree::granted(), &input)
    }

    /// Commits files with given contents onto a branch, which is made if it is not there. The working
    /// tree, the index and what is checked out stay as they are; a branch that is checked out is
    /// refused. Returns the branch and the id of the commit. With the same key the same commit is
    /// returned, and none is made.
    #[tool(idempotency_key = "key")]
    pub fn commit(input: CommitInput) -> Result<CommitOutput, ToolError> {
        crate::commit(&Tree::granted(), &input)
    }
}

#[cfg(test)]
mod tests;
