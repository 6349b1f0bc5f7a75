//! The rules of a durable run, as plain values.
//!
//! Nothing here does I/O: no clock, disk, network, thread or wasm engine. A run is the fold of its
//! records ([`run::Run`]); a guest's commands are matched against them ([`replay`]); what the
//! engine must do next comes back as [`action::Action`]s.

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod action;
pub mod backend;
pub mod blobs;
pub mod budget;
pub mod command;
pub mod digest;
pub mod files;
pub mod forecast;
pub mod fork;
pub mod gate;
pub mod handoff;
pub mod ids;
pub mod json;
pub mod limits;
pub mod manifest;
pub mod model;
pub mod record;
pub mod refusal;
pub mod replay;
pub mod report;
pub mod reuse;
pub mod run;
pub mod scope;
pub mod session;
pub mod spec;
pub mod tool;
pub mod trace;
mod words;
