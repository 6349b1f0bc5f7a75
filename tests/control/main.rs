//! Acting on runs from other processes: orders, gates, runs in the background, those who are notified.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod actions;
mod background;
mod detached;
mod gates;
mod hooks;
mod latency;
mod sessions;
mod steered;
mod support;
mod terminal;
mod unowned;
mod unread;
