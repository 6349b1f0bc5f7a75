//! Answers to the requests of tools.

use std::rc::Rc;

use serde_json::Value;

use crate::http::{Error, Request, scripted};

/// How a request ends in a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpAnswer {
    /// With a response.
    Response {
        /// Its status.
        status: u16,
        /// Its header fields, in order.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Vec<u8>,
    },
    /// Without one.
    Error(Error),
}

impl HttpAnswer {
    /// A response with a text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::Response { status, headers: Vec::new(), body: text.into().into_bytes() }
    }

    /// A response with JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string()).header("content-type", "application/json")
    }

    /// The same with a header field; nothing changes for an error.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Self::Response { headers, .. } = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }
}

/// Answers the requests that `body` sends on this thread. Without it every request is denied.
pub fn with_http<T>(
    answer: impl Fn(&Request) -> HttpAnswer + 'static,
    body: impl FnOnce() -> T,
) -> T {
    scripted::with(Rc::new(answer), body)
}
