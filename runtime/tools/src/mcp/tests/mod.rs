#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod calls;
mod client;
mod fake;
mod http;
mod listing;
mod refusals;
mod requests;
mod results;
mod web;
mod wire;
