//! Runs that are forked, retried, held against each other and replayed, through the real binary with
//! real scripts and an agent that notes every call.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod anywhere;
mod effects;
mod hostile;
mod people;
mod programs;
mod replays;
mod retries;
#[allow(dead_code, reason = "a part of it is for another suite")]
mod support;
mod tampered;
