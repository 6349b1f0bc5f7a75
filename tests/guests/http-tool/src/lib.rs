//! Sends requests as they are described, also malformed ones, and says what came of them. What it
//! says of an error is the host's own word.

#![allow(
    unsafe_code,
    reason = "looking for secrets in all of its memory is a purpose of this guest"
)]

mod memory;
mod send;

/// The tools of this component.
#[baton_guest::tools(
    name = "http-tool",
    description = "Sends requests as they are described.",
    http("https://*:*", "http://*:*"),
    secrets("*")
)]
pub mod tools {
    use baton_guest::{Schema, ToolError};
    use serde::{Deserialize, Serialize};

    use crate::{memory, send};

    /// A request, in the parts that the host's interface takes.
    #[derive(Debug, Default, Serialize, Deserialize, Schema)]
    #[serde(default)]
    pub struct Request {
        /// Any text.
        pub method: String,
        /// Any text; empty: none.
        pub scheme: String,
        /// Host and port, or any other text.
        pub authority: String,
        /// Path and query, or any other text.
        pub path: String,
        /// Names and values. In a value, `{secret NAME}` is what the guest holds of that secret.
        pub headers: Vec<Header>,
        /// Bytes of a body of spaces.
        pub body_bytes: u64,
    }

    /// A header.
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct Header {
        /// Its name.
        pub name: String,
        /// Its value.
        pub value: String,
    }

    /// What came of a request.
    #[derive(Debug, Default, Serialize, Deserialize, Schema)]
    pub struct Came {
        /// What the host said, and to which part; empty: there was a response.
        pub error: String,
        /// The status of the response.
        pub status: u16,
        /// Its headers, a line each.
        pub headers: String,
        /// Its body.
        pub body: String,
    }

    /// A search.
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct Search {
        /// Requests to send before.
        pub requests: Vec<Request>,
        /// What to look for, written backwards, so that it is not in memory for being looked for.
        pub backwards: String,
        /// A secret whose stand-in must be found.
        pub secret: String,
    }

    /// What was in memory.
    #[derive(Debug, Serialize, Deserialize, Schema)]
    pub struct Found {
        /// Whether the text was.
        pub text: bool,
        /// Whether the stand-in was.
        pub stand_in: bool,
        /// Bytes of memory.
        pub bytes: u64,
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When a secret is not granted.
    pub fn send(input: Request) -> Result<Came, ToolError> {
        send::send(&input)
    }

    /// Sends requests, and then looks through all of its memory.
    ///
    /// # Errors
    /// When a secret is not granted.
    pub fn search(input: Search) -> Result<Found, ToolError> {
        for request in &input.requests {
            send::send(request)?;
        }
        let stand_in: String = baton_guest::secret(&input.secret)?.chars().rev().collect();
        Ok(Found {
            text: memory::holds(input.backwards.as_bytes()),
            stand_in: memory::holds(stand_in.as_bytes()),
            bytes: memory::size() as u64,
        })
    }
}
