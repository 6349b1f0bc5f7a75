//! Tests with guests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod cached;
mod calls;
mod guests;
mod limits;
mod mock;
mod refusals;
mod tools;
mod warm;
