//! The imperative shell around the rules of a run: makes records durable, then acts.
//!
//! One task drives each run (`run_loop`). It feeds what happens to `baton_core::run::Run`,
//! appends the records that come out, and only then performs the actions they call for. Guests run
//! beside it and reach the same `Run` through `port`.

#![forbid(unsafe_code)]

mod admission;
mod api;
mod backends;
mod calls;
mod control;
mod engine;
mod error;
pub mod fork;
mod inboxes;
mod instances;
mod jobs;
mod launch;
pub mod live;
mod meter;
mod orders;
mod outage;
mod pauses;
mod port;
mod providers;
pub mod replay;
mod reuse;
mod run_loop;
mod scheduler;
mod script;
mod shared;

pub use api::{
    EngineConfig, NewRun, Observer, Policy, ResumeOptions, RunHandle, RunReport, StandIn, Watcher,
};
pub use engine::Engine;
pub use error::EngineError;
pub use outage::OUTAGE_WAIT_MS_MAX;
