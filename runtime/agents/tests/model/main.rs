//! Models as agents, with a model that answers from a script.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod calls;
mod files;
mod goes_on;
mod guidance;
mod limits;
mod people;
mod results;
mod troubles;
mod world;
