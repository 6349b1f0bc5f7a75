//! Results of one run used again in another, through the real binary with real scripts and an agent
//! that notes every call.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod calls;
mod crash;
mod files;
mod shown;
mod support;
