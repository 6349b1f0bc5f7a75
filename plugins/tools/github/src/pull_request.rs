//! Pull requests.

use baton_guest::{Schema, ToolError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{Api, encoded};
use crate::marker::{marked, marker};

/// A pull request to be opened.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct PullRequestInput {
    /// The repository it is for: `OWNER/NAME`.
    pub repository: String,
    /// The branch with the changes, which is on GitHub already; `USER:BRANCH` of a fork.
    pub head: String,
    /// The branch to merge it into, such as `main`.
    pub base: String,
    /// Title.
    pub title: String,
    /// Description, in Markdown.
    #[serde(default)]
    pub body: String,
    /// Whether it is a draft.
    #[serde(default)]
    pub draft: bool,
    /// Names this pull request for good: the same key brings the same one again, even if it was
    /// closed or merged meanwhile.
    pub key: Option<String>,
    /// Where the API of GitHub is. Default: `https://api.github.com`.
    pub base_url: Option<String>,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct PullRequestOutput {
    /// Its number in the repository.
    pub number: u64,
    /// Its id on GitHub.
    pub id: u64,
    /// Its page.
    pub url: String,
    /// `open` or `closed`.
    pub state: String,
    /// Id of the commit at its head.
    pub commit: String,
    /// Whether this call opened it.
    pub created: bool,
}

/// What GitHub says of one.
#[derive(Deserialize)]
struct Found {
    number: u64,
    id: u64,
    html_url: String,
    state: String,
    body: Option<String>,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    sha: String,
}

impl Found {
    fn output(self, created: bool) -> PullRequestOutput {
        PullRequestOutput {
            number: self.number,
            id: self.id,
            url: self.html_url,
            state: self.state,
            commit: self.head.sha,
            created,
        }
    }
}

/// Opens a pull request, unless it is there. `token` is the stand-in for the secret.
///
/// # Errors
/// When the input is wrong, or GitHub does not do it.
pub fn pull_request(input: &PullRequestInput, token: &str) -> Result<PullRequestOutput, ToolError> {
    let marker = input.key.as_deref().map(marker).transpose()?;
    let api = Api::new(input.base_url.as_deref(), &input.repository, token)?;
    if let Some(found) = find(&api, input, marker.as_deref())? {
        return Ok(found.output(false));
    }
    let body = json!({
        "title": input.title,
        "head": input.head,
        "base": input.base,
        "body": marked(&input.body, marker.as_deref()),
        "draft": input.draft,
    });
    match api.post::<Found>("pulls", &body)? {
        Ok(made) => Ok(made.output(true)),
        // Somebody may have opened it meanwhile.
        Err(refusal) if refusal.status == 422 => {
            let found = find(&api, input, marker.as_deref())?;
            found.map(|found| found.output(false)).ok_or(refusal.error)
        }
        Err(refusal) => Err(refusal.error),
    }
}

/// The pull request with this mark, else the one that is open.
fn find(
    api: &Api,
    input: &PullRequestInput,
    marker: Option<&str>,
) -> Result<Option<Found>, ToolError> {
    let head = match input.head.split_once(':') {
        Some(_) => input.head.clone(),
        None => format!("{}:{}", api.owner(), input.head),
    };
    let (head, base) = (encoded(&head), encoded(&input.base));
    let state = if marker.is_some() { "all" } else { "open" };
    let path = format!("pulls?state={state}&head={head}&base={base}&per_page=100");
    let mut all: Vec<Found> = api.get(&path)?;
    let has_mark = |found: &Found| {
        let body = found.body.as_deref().unwrap_or_default();
        marker.is_some_and(|marker| body.contains(marker))
    };
    let place = all.iter().position(has_mark);
    let place = place.or_else(|| all.iter().position(|found| found.state == "open"));
    Ok(place.map(|place| all.swap_remove(place)))
}
