//! Isolated agents and what becomes of their changes, through the real binary in real repositories.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod apply;
mod clean;
mod forks;
mod many;
mod place;
