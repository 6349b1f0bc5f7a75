//! The tool of provider `http`.

mod fetch;
mod plain;

pub use fetch::{FetchInput, FetchOutput, Show, fetch};
pub use plain::plain;

/// The tools.
#[baton_guest::tools(
    name = "http",
    description = "Sends HTTP requests to hosts that were granted.",
    http("https://*:*", "http://*:*")
)]
pub mod tools {
    use baton_guest::ToolError;

    use crate::{FetchInput, FetchOutput};

    /// Sends an HTTP request (GET where nothing else is said) and returns status, headers and body of
    /// the response; of an HTML page, its text alone where asked for. Any status is a result, 404
    /// included. Reaches only hosts that were granted; follows redirects, each of which must be
    /// granted, too.
    pub fn fetch(input: FetchInput) -> Result<FetchOutput, ToolError> {
        crate::fetch(&input)
    }
}

#[cfg(test)]
mod tests;
