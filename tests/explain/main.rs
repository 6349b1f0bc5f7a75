//! What Baton says of a run to people: why it is as it is, the page about it, and answers to messages
//! after its end. Through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod follow;
mod page;
mod report;
mod support;
mod why;
