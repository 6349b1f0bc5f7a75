//! Agents that speak the Agent Client Protocol, with one that does what a test says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod end;
mod files;
mod narrowed;
mod people;
mod permission;
mod session;
mod world;
