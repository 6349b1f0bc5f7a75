//! The tools of provider `github`: pull requests and comments, each made once however often it is
//! asked for.

mod api;
mod comment;
mod marker;
mod pull_request;

pub use comment::{CommentInput, CommentOutput, comment};
pub use pull_request::{PullRequestInput, PullRequestOutput, pull_request};

/// The tools.
#[baton_guest::tools(
    name = "github",
    description = "Opens pull requests and writes comments on GitHub, each of them once.",
    http("GET,POST https://*:*", "GET,POST http://127.0.0.1:*"),
    secrets("github")
)]
pub mod tools {
    use baton_guest::ToolError;

    use crate::{CommentInput, CommentOutput, PullRequestInput, PullRequestOutput};

    /// Opens a pull request from a branch that is on GitHub already, or returns the one that is open
    /// for that branch. Returns its number, id and URL. Needs the secret `github`.
    #[tool(idempotency_key = "key")]
    pub fn pull_request(input: PullRequestInput) -> Result<PullRequestOutput, ToolError> {
        crate::pull_request(&input, &baton_guest::secret("github")?)
    }

    /// Writes a comment on an issue or a pull request. With the same key it is written once: later
    /// calls return the comment that is there. Returns its id and URL. Needs the secret `github`.
    #[tool(idempotency_key = "key")]
    pub fn comment(input: CommentInput) -> Result<CommentOutput, ToolError> {
        crate::comment(&input, &baton_guest::secret("github")?)
    }
}

#[cfg(test)]
mod tests;
