//! Tools through the binary: authority, sandbox, crashes, servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod agents;
mod builtin;
mod crash;
mod http;
mod languages;
mod matrix;
mod mcp;
mod paths;
mod project;
