//! Forecasts against what runs come to: ten shapes of scripts and a component, with answers of a
//! provider on loopback that are written as models write them, and what a forecast must not do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod answers;
mod builtin;
mod effects;
mod known;
mod place;
mod provider;
mod screen;
mod shapes;
