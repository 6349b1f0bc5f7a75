//! Tests of the state machine, with programs that stand in for guests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod backends;
mod budgets;
mod charges;
mod choice;
mod commands;
mod coverage;
mod damage;
mod denials;
mod divergence;
mod fixture;
mod fork;
mod guest;
mod people;
mod programs;
mod proof;
mod properties;
mod recovery;
mod reuse;
mod sim;
mod tampering;
mod tools;
mod waits;
