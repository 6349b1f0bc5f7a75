//! The workflows that need a model, end to end: the binary, a real repository, and a provider on
//! loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod docs_audit;
mod ladder;
mod migrate;
mod research;
mod review;
mod script;
mod support;
