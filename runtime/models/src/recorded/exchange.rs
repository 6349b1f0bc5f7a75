//! One exchange as a file.

use std::fs;
use std::io;
use std::path::Path;

use baton_core::digest::Digest;
use baton_core::json::{DEPTH_MAX, Json};
use baton_core::model::Api;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::directory::RecordingError;
use super::{Answered, Asked, Redact};

/// Bytes of a request that is recorded or replayed.
pub(super) const REQUEST_BYTES_MAX: u64 = 32 << 20;
/// Bytes of an answer that is recorded.
pub(super) const ANSWER_BYTES_MAX: u64 = 32 << 20;
/// Bytes of a file. Text within JSON is at most six times as long.
const FILE_BYTES_MAX: u64 = 6 * (REQUEST_BYTES_MAX + ANSWER_BYTES_MAX);
/// The form that is written and read.
const FORMAT: u32 = 1;
/// Headers that say something of an answer; all others say something of a connection, an account
/// or a moment.
const HEADERS: [&str; 5] =
    ["content-type", "request-id", "x-request-id", "retry-after", "x-goog-request-id"];

/// What is asked, in the form that is compared.
pub(super) struct Question {
    pub api: Api,
    pub path: String,
    pub body: Value,
    pub digest: Digest,
}

/// What a file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    format: u32,
    pub provider: String,
    pub api: Api,
    pub path: String,
    pub request: Value,
    status: u16,
    headers: Vec<(String, String)>,
    answer: String,
}

impl Question {
    /// # Errors
    /// When the body is larger than the limit or is not JSON.
    pub(super) fn new(asked: &Asked<'_>, redact: &Redact) -> Result<Self, RecordingError> {
        let text = std::str::from_utf8(asked.body)
            .map_err(|_| RecordingError::Request("it is not text".to_owned()))?;
        let mut body = Json::parse(text, REQUEST_BYTES_MAX, DEPTH_MAX)
            .map_err(|error| RecordingError::Request(error.to_string()))?
            .value();
        clean(&mut body, redact);
        let path = redact(asked.path);
        // Keys come sorted from `value`, and cleaning them keeps their places: sort again by text.
        let canonical = Json::from(body.clone()).digest();
        let digest = Digest::of(format!("{}\n{path}\n{canonical}", asked.api.as_str()).as_bytes());
        Ok(Self { api: asked.api, path, body, digest })
    }

    /// What the names of its files begin with.
    pub(super) fn stem(&self) -> String {
        let hex = self.digest.hex();
        format!("{}-{}", self.api.as_str(), hex.get(..32).unwrap_or(&hex))
    }
}

impl Kept {
    /// # Errors
    /// When the answer is larger than the limit or is not text.
    pub(super) fn new(
        asked: &Asked<'_>,
        question: Question,
        answered: &Answered,
        redact: &Redact,
    ) -> Result<Self, RecordingError> {
        if answered.body.len() as u64 > ANSWER_BYTES_MAX {
            return Err(RecordingError::Answer(format!(
                "{} bytes where {ANSWER_BYTES_MAX} are the limit",
                answered.body.len()
            )));
        }
        let answer = std::str::from_utf8(&answered.body)
            .map_err(|_| RecordingError::Answer("it is not text".to_owned()))?;
        let headers = answered
            .headers
            .iter()
            .filter(|(name, _)| HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known)))
            .map(|(name, value)| (name.to_ascii_lowercase(), redact(value)))
            .collect();
        Ok(Self {
            format: FORMAT,
            provider: asked.provider.to_owned(),
            api: question.api,
            path: question.path,
            request: question.body,
            status: answered.status,
            headers,
            answer: redact(answer),
        })
    }

    /// # Errors
    /// When the file cannot be read, is too large, or is of another form.
    pub(super) fn read(file: &Path) -> Result<Self, RecordingError> {
        let trouble = |what: String| RecordingError::Damaged { file: file.to_path_buf(), what };
        let io = |error: io::Error| trouble(error.to_string());
        let size = fs::metadata(file).map_err(io)?.len();
        if size > FILE_BYTES_MAX {
            return Err(trouble(format!("{size} bytes where {FILE_BYTES_MAX} are the limit")));
        }
        let bytes = fs::read(file).map_err(io)?;
        let kept: Self =
            serde_json::from_slice(&bytes).map_err(|error| trouble(error.to_string()))?;
        if kept.format != FORMAT {
            return Err(trouble(format!("form {}, this program reads {FORMAT}", kept.format)));
        }
        Ok(kept)
    }

    pub(super) fn answered(self) -> Answered {
        Answered { status: self.status, headers: self.headers, body: Bytes::from(self.answer) }
    }
}

/// Takes secrets out of every string, names included.
fn clean(value: &mut Value, redact: &Redact) {
    match value {
        Value::String(text) => *text = redact(text),
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, redact)),
        Value::Object(map) => {
            let entries: Vec<_> = std::mem::take(map).into_iter().collect();
            map.extend(entries.into_iter().map(|(name, mut value)| {
                clean(&mut value, redact);
                (redact(&name), value)
            }));
        }
        _ => {}
    }
}
