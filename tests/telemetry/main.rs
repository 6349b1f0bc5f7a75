//! Traces and numbers, through the binary: a collector and a provider on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod collector;
mod traces;
