//! The command line as people and programs meet it: the real binary, its output and exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cases;
mod check;
mod check_script;
mod control;
mod control_help;
mod docs;
mod errors;
mod help;
mod list;
mod manifest;
mod model_choices;
mod models;
mod new;
mod packages;
mod policy;
mod receipts;
mod run_help;
mod script_ends;
mod scripts;
mod support;
