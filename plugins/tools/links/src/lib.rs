//! The tool of provider `links`.

mod check;
mod web;

pub use check::{CheckInput, CheckOutput, CheckedLink, Counts, LinkStatus, check};

/// The tools.
#[baton_guest::tools(
    name = "links",
    description = "Checks the links of Markdown files.",
    read("**"),
    http("HEAD,GET https://*:*", "HEAD,GET http://*:*")
)]
pub mod tools {
    use baton_guest::ToolError;
    use baton_tool_kit::Tree;

    use crate::{CheckInput, CheckOutput};

    /// Checks the links of Markdown files: whether relative targets exist and have the anchor they
    /// name, and, with `http`, whether web pages answer (only hosts that were granted are asked).
    /// Returns the links that lead nowhere with path, line and reason, and how many there are of
    /// each kind.
    pub fn check(input: CheckInput) -> Result<CheckOutput, ToolError> {
        crate::check(&Tree::granted(), &input)
    }
}

#[cfg(test)]
mod tests;
