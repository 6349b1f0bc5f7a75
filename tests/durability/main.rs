//! What survives `kill -9`, and what one owner means, seen from outside through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod kill;
mod ownership;
mod pinning;
mod script_kill;
mod support;
