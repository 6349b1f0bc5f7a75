//! The workflow-script dialect, behaviour by behaviour, through the real binary. Every test is named
//! by the number of the behaviour it shows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod agent;
mod attack;
mod budget;
mod case;
mod children;
mod end;
mod escape;
mod exhaust;
mod extensions;
mod fan_out;
mod file;
mod globals;
mod journal;
mod limits;
mod place;
mod registry;
mod reuse;
mod sandbox;
mod start;
mod timers;
mod worktrees;
