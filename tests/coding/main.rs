//! The real coding agents, through the binary, against a provider that a script speaks for.
//!
//! They are optional: `tests/coding/install.sh FOLDER` installs them, `BATON_TEST_CODING_DIR` says
//! where they are (otherwise they are looked for in `PATH`), and with `BATON_TEST_CODING=require` one
//! that is not there fails its test instead of being passed over with a line that says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod adapters;
mod claude;
mod codex;
mod gemini;
mod sessions;
mod support;
