//! Patches merged into real working trees.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod merged;
mod refused;
mod repository;
