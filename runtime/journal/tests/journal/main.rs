//! Tests of the journal through its public face.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod conformance;
mod contention;
mod damage;
mod faults;
mod fixtures;
mod format;
mod housekeeping;
mod projection;
mod queries;
mod sqlite;
mod tidying;
