//! Commands, through a real supervisor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod call;
mod confined;
mod ends;
mod places;
mod programs;
mod streams;
