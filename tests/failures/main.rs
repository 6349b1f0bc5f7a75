//! The published failures of agent workflow runtimes, played again: each test is one report (`F01` to
//! `F64`, see `README.md` beside this file), with the counts of the report and times scaled down, and
//! shows what Baton does instead. "Live" is an attempt that really reached the provider.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod again;
mod answers;
mod cost;
mod isolation;
mod keys;
mod limits;
mod place;
mod quota;
mod rates;
mod resume;
mod rules;
mod slots;
mod stalls;
mod store;
