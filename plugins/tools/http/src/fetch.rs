//! Sending a request.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_guest::http::{Request, Response};
use baton_guest::{Schema, ToolError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plain::plain;

/// Most redirects, and how many where nobody says.
const REDIRECTS_MAX: u32 = 20;
const REDIRECTS: u32 = 5;
/// Largest response, in bytes.
const RESPONSE_BYTES_MAX: usize = 8 << 20;
/// Most bytes of the body that are shown, and how many where nobody says.
const SHOWN_BYTES_MAX: usize = 512 << 10;
const SHOWN_BYTES: usize = 128 << 10;
/// Longest wait for a response, and how long where nobody says, in milliseconds.
const TIMEOUT_MS_MAX: u64 = 120_000;
const TIMEOUT_MS: u64 = 30_000;

/// A request.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct FetchInput {
    /// Where: `https://…` or `http://…`.
    pub url: String,
    /// Method. Default: `GET`.
    pub method: Option<String>,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body as text. At most one of this, `json` and `base64`.
    pub text: Option<String>,
    /// Body as JSON; `content-type` is set.
    pub json: Option<Value>,
    /// Body as bytes in Base64.
    pub base64: Option<String>,
    /// Most redirects to follow, at most 20. Default: 5.
    pub redirects: Option<u32>,
    /// How to show the body. Default: `auto`.
    #[serde(default)]
    pub show: Show,
    /// Most bytes of the body to return, at most 524288. Default: 131072.
    pub bytes_max: Option<usize>,
    /// Longest wait for a response, in milliseconds, at most 120000. Default: 30000.
    pub timeout_ms: Option<u64>,
}

/// How a body is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// As text if it is UTF-8, else in Base64.
    #[default]
    Auto,
    /// The text of an HTML page without its markup; anything else as `auto` does.
    Plain,
    /// In Base64.
    Base64,
    /// Not at all.
    Nothing,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct FetchOutput {
    /// Its status, such as 200.
    pub status: u16,
    /// Where it came from, after all redirects.
    pub url: String,
    /// Header fields, names in small letters; of equal names, the values with `, ` between them.
    pub headers: BTreeMap<String, String>,
    /// Size of the body in bytes.
    pub bytes: usize,
    /// The body as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Whether the body was cut.
    pub truncated: bool,
}

/// Sends it.
///
/// # Errors
/// When the request is malformed or not granted, or no response came.
pub fn fetch(input: &FetchInput) -> Result<FetchOutput, ToolError> {
    let method = input.method.as_deref().unwrap_or("GET");
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(ToolError::invalid_input("invalid-method", "a method is a word of letters"));
    }
    let timeout = input.timeout_ms.unwrap_or(TIMEOUT_MS).clamp(1, TIMEOUT_MS_MAX);
    let mut request = Request::new(method, &input.url)
        .follow_redirects(input.redirects.unwrap_or(REDIRECTS).min(REDIRECTS_MAX))
        .timeout(Duration::from_millis(timeout))
        .limit(RESPONSE_BYTES_MAX);
    for (name, value) in &input.headers {
        request = request.header(name, value);
    }
    let has = |wanted: &str| input.headers.keys().any(|name| name.eq_ignore_ascii_case(wanted));
    if !has("user-agent") {
        request = request.header("user-agent", "baton");
    }
    request = match (&input.text, &input.json, &input.base64) {
        (None, None, None) => request,
        (Some(text), None, None) => request.body(text.as_bytes()),
        (None, Some(json), None) if has("content-type") => request.body(json.to_string()),
        (None, Some(json), None) => request.json(json),
        (None, None, Some(text)) => {
            let wrong = |_| ToolError::invalid_input("invalid-body", "the body is not in Base64");
            request.body(STANDARD.decode(text).map_err(wrong)?)
        }
        _ => {
            let message = "a request has one body: `text`, `json` or `base64`";
            return Err(ToolError::invalid_input("invalid-body", message));
        }
    };
    Ok(shown(request.send()?, input))
}

fn shown(response: Response, input: &FetchInput) -> FetchOutput {
    let limit = input.bytes_max.unwrap_or(SHOWN_BYTES).min(SHOWN_BYTES_MAX);
    let is_html = response.header("content-type").is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.starts_with("text/html") || kind.starts_with("application/xhtml")
    });
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in response.headers {
        let known = headers.entry(name).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(&value);
    }
    let mut output = FetchOutput {
        status: response.status,
        url: response.url,
        headers,
        bytes: response.body.len(),
        text: None,
        base64: None,
        truncated: false,
    };
    let mut body = response.body;
    let text = match input.show {
        Show::Nothing => return output,
        Show::Base64 => None,
        Show::Plain if is_html => Some(plain(&String::from_utf8_lossy(&body))),
        Show::Auto | Show::Plain => match String::from_utf8(body) {
            Ok(text) => {
                body = Vec::new();
                Some(text)
            }
            Err(error) => {
                body = error.into_bytes();
                None
            }
        },
    };
    match text {
        Some(mut text) => {
            output.truncated = text.len() > limit;
            let mut end = limit.min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            output.text = Some(text);
        }
        None => {
            output.truncated = body.len() > limit;
            body.truncate(limit);
            output.base64 = Some(STANDARD.encode(body));
        }
    }
    output
}
