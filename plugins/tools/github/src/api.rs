//! Requests to GitHub.

use baton_guest::ToolError;
use baton_guest::http::{Request, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Where nobody says.
const BASE_URL: &str = "https://api.github.com";
/// Largest response, in bytes.
const RESPONSE_BYTES_MAX: usize = 8 << 20;
/// Longest part of a message by GitHub that is passed on, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// A repository on GitHub.
pub struct Api {
    base: String,
    repository: String,
    token: String,
}

impl Api {
    /// The repository `OWNER/NAME`. `token` is the stand-in for a secret.
    ///
    /// # Errors
    /// When a name is wrong.
    pub fn new(base: Option<&str>, repository: &str, token: &str) -> Result<Self, ToolError> {
        let base = base.unwrap_or(BASE_URL).trim_end_matches('/');
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(ToolError::invalid_input(
                "invalid-base-url",
                "`base_url` is no URL of HTTP",
            ));
        }
        let is_name = |name: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !matches!(name, "" | "." | "..") && name.chars().all(fits)
        };
        let fits =
            repository.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name));
        if !fits {
            let message = "a repository is named as `OWNER/NAME`";
            return Err(ToolError::invalid_input("invalid-repository", message));
        }
        let [base, repository, token] = [base, repository, token].map(str::to_owned);
        Ok(Self { base, repository, token })
    }

    /// Who the repository belongs to.
    pub fn owner(&self) -> &str {
        self.repository.split('/').next().unwrap_or_default()
    }

    /// Asks for what is at a path below the repository.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ToolError> {
        let request = Request::get(self.url(path));
        read(self.send(request)?.map_err(|refusal| refusal.error)?)
    }

    /// Adds something at a path below the repository.
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<Result<T, Refusal>, ToolError> {
        let request = Request::post(self.url(path)).json(body);
        match self.send(request)? {
            Ok(response) => read(response).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}/{path}", self.base, self.repository)
    }

    fn send(&self, request: Request) -> Result<Result<Response, Refusal>, ToolError> {
        let response = request
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .header("user-agent", "baton")
            .header("authorization", format!("Bearer {}", self.token))
            .limit(RESPONSE_BYTES_MAX)
            .send()?;
        Ok(if response.is_success() { Ok(response) } else { Err(Refusal::of(&response)) })
    }
}

/// GitHub said no.
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// What it says of it.
    pub error: ToolError,
}

impl Refusal {
    fn of(response: &Response) -> Self {
        let body: Value = response.json().unwrap_or_default();
        let mut words: Vec<&str> =
            body.get("message").and_then(Value::as_str).into_iter().collect();
        let errors = body.get("errors").and_then(Value::as_array);
        for error in errors.into_iter().flatten() {
            words.extend(error.get("message").or(Some(error)).and_then(Value::as_str));
        }
        let words: String = words.join("; ").chars().take(MESSAGE_CHARS_MAX).collect();
        let status = response.status;
        let limited = status == 429
            || response.header("x-ratelimit-remaining") == Some("0")
            || response.header("retry-after").is_some();
        let message = |what: &str| format!("GitHub {what} (status {status}): {words}");
        let error = match status {
            401 => ToolError::denied("unauthorized", message("does not accept the token")),
            403 | 429 if limited => {
                ToolError::unavailable("rate-limit", message("is asked too often"))
            }
            403 => ToolError::denied("forbidden", message("does not allow it")),
            404 => ToolError::failed("not-found", message("knows no such thing, or hides it")),
            422 => ToolError::invalid_input("validation", message("does not accept the request")),
            500.. => ToolError::unavailable("server-error", message("failed")),
            _ => ToolError::failed("http-status", message("answered otherwise than expected")),
        };
        let error = error.detail("status", status);
        let error = match response.header("retry-after") {
            Some(seconds) => error.detail("retry_after", seconds),
            None => error,
        };
        Self { status, error }
    }
}

fn read<T: DeserializeOwned>(response: Response) -> Result<T, ToolError> {
    response.json().map_err(|error| {
        ToolError::failed(
            "bad-response",
            format!("GitHub sent something else than expected: {error}"),
        )
    })
}

/// A text as a part of a query.
pub fn encoded(text: &str) -> String {
    let mut result = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                result.push(byte.into());
            }
            byte => result.push_str(&format!("%{byte:02X}")),
        }
    }
    result
}
