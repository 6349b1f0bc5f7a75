//! A run of fifty tasks, forked at every one of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod everywhere;
#[allow(dead_code, reason = "a part of it is for another suite")]
mod support;
