//! Runs that move, programs that are kept, and what is removed: seen from outside, through the binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod faults;
mod gc;
mod letters;
mod moving;
mod programs;
mod save;
mod storm;
mod support;
mod temporary;
