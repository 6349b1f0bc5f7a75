//! Agents that are models, through the binary: the brake, the caps, a crash, and secrets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod brake;
mod canary;
mod caps;
mod crash;
mod shown;
mod support;
