//! Guests that attack their host, each ended or answered in its own way, seen from outside through
//! the real binary. After each the same home still runs an honest workflow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod batch;
mod cases;
mod children;
mod components;
mod files;
mod guests;
mod shown;
mod yard;
