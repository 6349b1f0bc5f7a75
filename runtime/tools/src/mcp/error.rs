//! What can go wrong with a server, and what a call that met it ends with.

use baton_agents::backend::BackendError;
use baton_core::handoff::{Failure, FailureKind};
use serde_json::{Value, json};

use super::listing::cut;
use crate::secrets::SecretError;

/// Something went wrong with a server. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[error("the MCP server `{server}` {problem}")]
pub struct McpError {
    /// Name of the server.
    pub server: String,
    /// What it was.
    pub problem: Problem,
}

/// What went wrong, said of the server.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No server has that name.
    #[error("is not configured")]
    Unknown,
    /// A secret that it is given cannot be had.
    #[error("needs a secret: {0}")]
    Secret(#[source] SecretError),
    /// A secret that it is given is bound to others.
    #[error(
        "is not among the hosts that the secret `{secret}` is bound to: add `{origin}` to `hosts` of \
         [secrets.{secret}]"
    )]
    SecretHost {
        /// Name of the secret.
        secret: String,
        /// Where the server is.
        origin: String,
    },
    /// It did not get as far as taking requests. Nothing was asked of it.
    #[error("could not be started: {0}")]
    Start(String),
    /// It went away while a request was open. What it did of it is not known.
    #[error("went away in the middle of a request: {0}")]
    Closed(String),
    /// It said something that is not an answer to what was asked.
    #[error("does not keep to the protocol: {0}")]
    Protocol(String),
    /// It answered with an error of the protocol.
    #[error("answered with error {code}: {message}")]
    Refused {
        /// The number of the error.
        code: i32,
        /// What the server says.
        message: String,
        /// What it adds.
        data: Option<Value>,
    },
    /// A message of it is too large.
    #[error("sent a message of more than {max} bytes; the limit is `tools.mcp_message_bytes`")]
    MessageBytes {
        /// The limit.
        max: u64,
    },
    /// It did not answer in time.
    #[error("did not answer within {ms} ms")]
    TimedOut {
        /// The limit.
        ms: u64,
    },
    /// The tool says that it failed.
    #[error("says that the tool failed: {message}")]
    Tool {
        /// The texts of its result.
        message: String,
        /// The whole result, as the output of a call that does not fail would hold it; null if
        /// that is too much.
        content: Value,
    },
    /// A result is larger or deeper than a result of a task may be.
    #[error("brought a result that is too much: {message}")]
    Result {
        /// The limit.
        code: &'static str,
        /// What is too much.
        message: String,
    },
}

impl Problem {
    /// The same with every text passed through `text`, everything else through `json`, and both cut
    /// to what may be recorded.
    pub(super) fn told(
        self,
        text: impl Fn(&str) -> String,
        json: impl Fn(Value) -> Value,
        bytes_max: u64,
    ) -> Self {
        let text = |said: String| cut(text(&said), bytes_max);
        // What says too much says nothing that fits.
        let json = |said: Value| Some(json(said)).filter(|said| fits(said, bytes_max));
        match self {
            Self::Start(why) => Self::Start(text(why)),
            Self::Closed(why) => Self::Closed(text(why)),
            Self::Protocol(why) => Self::Protocol(text(why)),
            Self::Refused { code, message, data } => {
                Self::Refused { code, message: text(message), data: data.and_then(json) }
            }
            Self::Tool { message, content } => {
                Self::Tool { message: text(message), content: json(content).unwrap_or_default() }
            }
            other => other,
        }
    }
}

fn fits(json: &Value, bytes_max: u64) -> bool {
    json.to_string().len() as u64 <= bytes_max
}

impl McpError {
    pub(super) fn new(server: &str, problem: Problem) -> Self {
        Self { server: server.to_owned(), problem }
    }

    /// What a call ends with. Another attempt is worth it only where a server could not be reached
    /// or went away.
    pub(super) fn backend(self) -> BackendError {
        let message = self.to_string();
        let failure = |kind, code: &str| Failure::new(kind, code, message.clone());
        let failed = |code: &str| failure(FailureKind::Failed, code);
        let failure = match self.problem {
            Problem::Unknown => failed("mcp-unknown"),
            Problem::Secret(_) | Problem::SecretHost { .. } => failed("secret"),
            Problem::Start(_) => {
                return BackendError::Retryable { failure: failed("mcp-start"), after_ms: None };
            }
            Problem::Closed(_) => {
                return BackendError::Retryable { failure: failed("mcp-closed"), after_ms: None };
            }
            Problem::Protocol(_) => failed("mcp-protocol"),
            Problem::Refused { code, data, .. } => {
                let mut detail = json!({ "code": code });
                if let (Some(detail), Some(data)) = (detail.as_object_mut(), data) {
                    detail.insert("data".into(), data);
                }
                failed("mcp-protocol").with_detail(detail)
            }
            Problem::MessageBytes { .. } => failure(FailureKind::Limit, "tools.mcp_message_bytes"),
            Problem::TimedOut { .. } => failure(FailureKind::TimedOut, "timeout"),
            Problem::Tool { content, .. } if content.is_object() => {
                failed("mcp-tool-error").with_detail(content)
            }
            Problem::Tool { .. } => failed("mcp-tool-error"),
            Problem::Result { code, .. } => failure(FailureKind::Limit, code),
        };
        BackendError::Permanent(failure)
    }
}
