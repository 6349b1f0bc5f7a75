#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod calls;
mod fake;
mod http;
mod listing;
mod requests;
mod results;
mod web;
mod wire;
