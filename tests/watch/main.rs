//! `baton watch` on a terminal of its own, over runs that other processes own: keys in, screens out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod asking;
mod journey;
mod live;
mod manners;
mod place;
mod terminal;
