//! Confined programs. What this machine cannot enforce is not asserted as enforced: then it must be
//! said, and the program must run all the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod network;
mod place;
mod privileges;
