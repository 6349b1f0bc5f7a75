//! A small HTTP client for tools. It waits; a tool has nothing else to do meanwhile.
//!
//! A request is sent only where the tool was granted it. Redirects are not followed unless
//! [`Request::follow_redirects`] says so, and each one is a request of its own: it is checked like
//! the first. A component that sends nothing imports nothing of this.
//!
//! ```
//! use baton_guest::ToolError;
//! use baton_guest::http::Request;
//! use baton_guest::testing::{HttpAnswer, with_http};
//!
//! fn title(url: &str) -> Result<String, ToolError> {
//!     let response = Request::get(url).header("accept", "application/json").send()?;
//!     let page: serde_json::Value = response.checked()?.json()?;
//!     Ok(page["title"].as_str().unwrap_or("untitled").to_owned())
//! }
//!
//! let answer = |_: &Request| HttpAnswer::json(200, &serde_json::json!({ "title": "Home" }));
//! assert_eq!(with_http(answer, || title("https://example.org/")).unwrap(), "Home");
//! ```

mod error;
mod redirect;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod scripted;
mod url;
#[cfg(target_arch = "wasm32")]
mod wasi;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::error::{Error, ErrorKind};

#[cfg(not(target_arch = "wasm32"))]
use self::scripted as transport;
#[cfg(target_arch = "wasm32")]
use self::wasi as transport;

/// Largest body of a response in bytes, where [`Request::limit`] does not say.
pub const BODY_BYTES_DEFAULT: usize = 8 << 20;

/// A request to be sent.
#[derive(Clone, Debug)]
#[must_use = "a request is not sent without `send`"]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Where: `http://…` or `https://…`.
    pub url: String,
    /// Header fields, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    timeout: Option<Duration>,
    limit: usize,
    redirects: u32,
    broken: Option<Error>,
}

impl Request {
    /// A request by its method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into().to_ascii_uppercase(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            limit: BODY_BYTES_DEFAULT,
            redirects: 0,
            broken: None,
        }
    }

    /// `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// `HEAD`.
    pub fn head(url: impl Into<String>) -> Self {
        Self::new("HEAD", url)
    }

    /// `POST`.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// `PUT`.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// `PATCH`.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header field.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// The body is this value as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body = body,
            Err(error) => {
                self.broken = Some(Error::new(ErrorKind::Request, "body", error.to_string()));
            }
        }
        self.header("content-type", "application/json")
    }

    /// Wall time for connecting, for the first byte, and between bytes: each of them.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Largest body of the response in bytes; a larger one is an error.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Follows so many redirects at the most. To another origin, `authorization` and `cookie` are
    /// not sent along.
    pub fn follow_redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Sends it and waits for the whole response, whatever its status is.
    ///
    /// # Errors
    /// When it was not granted, when no response came, or when that was too large.
    pub fn send(self) -> Result<Response, Error> {
        redirect::follow(self, transport::send)
    }

    fn too_large(&self) -> String {
        format!("the body of the response is larger than {} bytes", self.limit)
    }

    /// Whether it has a header field of this name.
    #[cfg(target_arch = "wasm32")]
    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its status, such as 200.
    pub status: u16,
    /// Its header fields, in order; names in small letters, bytes that are not UTF-8 replaced.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Where it came from, after all redirects.
    pub url: String,
}

impl Response {
    /// The first header field of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The response, if its status is one of success.
    ///
    /// # Errors
    /// When it is not: code `http-status`.
    pub fn checked(self) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        let message = format!("`{}` answered with status {}", self.url, self.status);
        Err(Error::new(ErrorKind::Status(self.status), "http-status", message))
    }

    /// The body as text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body)
            .map_err(|error| Error::new(ErrorKind::Body, "not-utf8", error.to_string()))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::new(ErrorKind::Body, "not-json", error.to_string()))
    }
}

#[cfg(test)]
mod tests;
