//! Comments.

use baton_guest::{Schema, ToolError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Api;
use crate::marker::{marked, marker};

/// Comments of one page, and most pages that are looked through for a key.
const PAGE: usize = 100;
const PAGES_MAX: usize = 30;
/// Longest comment that GitHub takes, in characters.
const BODY_CHARS_MAX: usize = 65_000;

/// A comment to be written.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct CommentInput {
    /// The repository: `OWNER/NAME`.
    pub repository: String,
    /// Number of the issue or pull request.
    pub number: u64,
    /// The text, in Markdown, at most 65000 characters.
    pub body: String,
    /// Names this comment for good: the same key brings the same one again.
    pub key: Option<String>,
    /// Where the API of GitHub is. Default: `https://api.github.com`.
    pub base_url: Option<String>,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct CommentOutput {
    /// Number of the issue or pull request.
    pub number: u64,
    /// Its id on GitHub.
    pub id: u64,
    /// Its place on the page.
    pub url: String,
    /// Whether this call wrote it.
    pub created: bool,
}

/// What GitHub says of one.
#[derive(Deserialize)]
struct Found {
    id: u64,
    html_url: String,
    body: Option<String>,
}

/// Writes a comment, unless it is there. `token` is the stand-in for the secret.
///
/// # Errors
/// When the input is wrong, or GitHub does not do it.
pub fn comment(input: &CommentInput, token: &str) -> Result<CommentOutput, ToolError> {
    let count = input.body.chars().count();
    if input.body.trim().is_empty() || count > BODY_CHARS_MAX {
        let message = format!("a comment has 1 to {BODY_CHARS_MAX} characters");
        return Err(ToolError::invalid_input("invalid-body", message));
    }
    let marker = input.key.as_deref().map(marker).transpose()?;
    let api = Api::new(input.base_url.as_deref(), &input.repository, token)?;
    let output = |found: Found, created| CommentOutput {
        number: input.number,
        id: found.id,
        url: found.html_url,
        created,
    };
    if let Some(marker) = &marker
        && let Some(found) = find(&api, input.number, marker)?
    {
        return Ok(output(found, false));
    }
    let body = json!({ "body": marked(&input.body, marker.as_deref()) });
    let path = format!("issues/{}/comments", input.number);
    match api.post(&path, &body)? {
        Ok(made) => Ok(output(made, true)),
        Err(refusal) => Err(refusal.error),
    }
}

/// The comment with this mark.
fn find(api: &Api, number: u64, marker: &str) -> Result<Option<Found>, ToolError> {
    for page in 1..=PAGES_MAX {
        let path = format!("issues/{number}/comments?per_page={PAGE}&page={page}");
        let comments: Vec<Found> = api.get(&path)?;
        let is_last = comments.len() < PAGE;
        let has_mark =
            |found: &Found| found.body.as_deref().is_some_and(|body| body.contains(marker));
        if let Some(found) = comments.into_iter().find(has_mark) {
            return Ok(Some(found));
        }
        if is_last {
            return Ok(None);
        }
    }
    // Writing it now could be writing it twice.
    let message = format!("there are more than {} comments to look through", PAGE * PAGES_MAX);
    Err(ToolError::failed("too-many-comments", message))
}
