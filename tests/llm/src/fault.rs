//! What can go wrong.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::seen::Api;

/// Something that goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The request is read and nothing ever comes.
    SilentBeforeHeaders,
    /// Headers, and nothing more.
    SilentAfterHeaders,
    /// So many bytes of the body, and nothing more.
    SilentAfter(usize),
    /// One byte at a time, with so many milliseconds before each.
    Drip(u64),
    /// The body is one byte shorter than its length says.
    ShortBody,
    /// The connection is reset in the middle of the body.
    Reset,
    /// The connection is closed before anything was answered.
    ClosedBeforeHeaders,
    /// Another status, with an error in the words of the API.
    Refuses(Refusal),
    /// A status with any body of any type.
    Raw {
        /// Status.
        status: u16,
        /// `content-type`.
        media_type: String,
        /// Body.
        body: String,
    },
    /// An error in the middle of a stream that had begun well. Plain answers are errors under 200.
    ErrorEvent,
    /// The stream ends properly, but without the event that says that the answer is whole.
    NoEnd,
    /// The body ends properly after so many bytes.
    Cut(usize),
    /// Another byte at this place of the body.
    Changed {
        /// The place.
        at: usize,
        /// The byte.
        byte: u8,
    },
    /// These bytes in place of an answer of HTTP, and the end.
    Bytes(String),
    /// Headers without end.
    EndlessHeaders,
    /// Chunks of one byte each: every character beyond ASCII is split.
    OneByteChunks,
    /// Bytes that are no UTF-8 in place of the first `BAD` of the text.
    BadUtf8,
    /// Events that tell of usage and of the end come twice.
    Twice,
    /// Events of kinds that nobody knows, and unknown fields.
    UnknownEvents,
    /// An answer of so many bytes.
    Huge {
        /// Bytes of text.
        bytes: usize,
        /// In one event instead of many.
        one_event: bool,
    },
    /// Compressed, so many bytes when expanded.
    Bomb(usize),
    /// A good answer, compressed although that was not asked for.
    Compressed,
    /// Another address: 307 to this URL.
    Redirect(String),
}

impl Fault {
    /// A short name, for counting.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SilentBeforeHeaders => "silent-before-headers",
            Self::SilentAfterHeaders => "silent-after-headers",
            Self::SilentAfter(_) => "silent-after",
            Self::Drip(_) => "drip",
            Self::ShortBody => "short-body",
            Self::Reset => "reset",
            Self::ClosedBeforeHeaders => "closed-before-headers",
            Self::Refuses(_) => "refuses",
            Self::Raw { .. } => "raw",
            Self::ErrorEvent => "error-event",
            Self::NoEnd => "no-end",
            Self::Cut(_) => "cut",
            Self::Changed { .. } => "changed",
            Self::Bytes(_) => "bytes",
            Self::EndlessHeaders => "endless-headers",
            Self::OneByteChunks => "one-byte-chunks",
            Self::BadUtf8 => "bad-utf8",
            Self::Twice => "twice",
            Self::UnknownEvents => "unknown-events",
            Self::Huge { .. } => "huge",
            Self::Bomb(_) => "bomb",
            Self::Compressed => "compressed",
            Self::Redirect(_) => "redirect",
        }
    }

    pub(crate) fn drip(&self) -> Option<Duration> {
        match self {
            Self::Drip(millis) => Some(Duration::from_millis(*millis)),
            _ => None,
        }
    }
}

/// Errors that providers send, each as the API says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// 429: too many requests or tokens a minute.
    RateLimited,
    /// 429: all that may be spent is spent.
    SpendCap,
    /// The account cannot pay.
    Billing,
    /// 529, or what the API sends in its place.
    Overloaded,
    /// 500.
    Internal,
    /// 503.
    Unavailable,
    /// 401: the key is wrong.
    Auth,
    /// 403: the key may not do this.
    Forbidden,
    /// 413.
    TooLarge,
    /// 404: no such model.
    NoModel,
    /// 400: the request is wrong.
    Invalid,
}

impl Refusal {
    /// Status and body.
    #[must_use]
    pub fn answer(self, api: Api) -> (u16, Value) {
        let (status, message) = (self.status(api), self.message(api));
        let body = match api {
            Api::Anthropic => json!({
                "type": "error",
                "error": {"type": self.anthropic(), "message": message},
                "request_id": "req_refused",
            }),
            Api::OpenaiChat | Api::OpenaiResponses => {
                let (kind, code) = self.openai();
                json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
            }
            Api::Gemini => {
                let mut error =
                    json!({"code": status, "message": message, "status": self.gemini()});
                if self == Self::SpendCap {
                    error["details"] = json!([{
                        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                        "violations": [{
                            "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                            "quotaId": "GenerateRequestsPerDayPerProjectPerModel",
                        }],
                    }]);
                }
                json!({"error": error})
            }
            Api::Ollama => json!({"error": message}),
        };
        (status, body)
    }

    fn status(self, api: Api) -> u16 {
        match self {
            Self::RateLimited | Self::SpendCap => 429,
            Self::Billing if api == Api::Anthropic => 400,
            Self::Billing if matches!(api, Api::OpenaiChat | Api::OpenaiResponses) => 429,
            Self::Billing => 402,
            Self::Overloaded => 529,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Auth => 401,
            Self::Forbidden => 403,
            Self::TooLarge => 413,
            Self::NoModel => 404,
            Self::Invalid => 400,
        }
    }

    fn message(self, api: Api) -> &'static str {
        match self {
            Self::RateLimited => "This request would exceed your rate limit. Please slow down.",
            Self::SpendCap if api == Api::Anthropic => {
                "You have reached your specified API usage limits. You will regain access on 2030-01-01 at 00:00 UTC."
            }
            Self::SpendCap => {
                "You exceeded your current quota, please check your plan and billing details."
            }
            Self::Billing => "Your credit balance is too low to access the API.",
            Self::Overloaded => "Overloaded",
            Self::Internal => "Internal server error",
            Self::Unavailable => "The service is currently unavailable.",
            Self::Auth => "invalid x-api-key",
            Self::Forbidden => "Your key does not have permission to use the resource.",
            Self::TooLarge => "Request exceeds the maximum size",
            Self::NoModel => "The model does not exist or you do not have access to it.",
            Self::Invalid => "messages: at least one message is required",
        }
    }

    fn anthropic(self) -> &'static str {
        match self {
            Self::RateLimited | Self::SpendCap => "rate_limit_error",
            Self::Billing | Self::Invalid => "invalid_request_error",
            Self::Overloaded => "overloaded_error",
            Self::Internal | Self::Unavailable => "api_error",
            Self::Auth => "authentication_error",
            Self::Forbidden => "permission_error",
            Self::TooLarge => "request_too_large",
            Self::NoModel => "not_found_error",
        }
    }

    fn openai(self) -> (&'static str, Value) {
        match self {
            Self::RateLimited => ("tokens", json!("rate_limit_exceeded")),
            Self::SpendCap => ("insufficient_quota", json!("insufficient_quota")),
            Self::Billing => ("billing_not_active", json!("billing_not_active")),
            Self::Overloaded | Self::Internal | Self::Unavailable => ("server_error", Value::Null),
            Self::Auth => ("invalid_request_error", json!("invalid_api_key")),
            Self::NoModel => ("invalid_request_error", json!("model_not_found")),
            Self::Forbidden | Self::TooLarge | Self::Invalid => {
                ("invalid_request_error", Value::Null)
            }
        }
    }

    fn gemini(self) -> &'static str {
        match self {
            Self::RateLimited | Self::SpendCap => "RESOURCE_EXHAUSTED",
            Self::Billing => "FAILED_PRECONDITION",
            Self::Overloaded | Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
            Self::Auth => "UNAUTHENTICATED",
            Self::Forbidden => "PERMISSION_DENIED",
            Self::TooLarge | Self::Invalid => "INVALID_ARGUMENT",
            Self::NoModel => "NOT_FOUND",
        }
    }
}
