//! Runs guests: loads components, links what their world may reach, holds them to their limits and
//! says how they ended.
//!
//! The host knows nothing of journals, schedulers or backends: a guest's calls go to a
//! [`port::WorkflowPort`] or [`port::AgentPort`], and its end comes back as a [`GuestEnd`]. What a
//! tool reaches is WASI, as far as its [`tool::ToolGrant`] goes.
//!
//! What is absent on purpose: threads, component-model async and sockets; in workflows and agents
//! also HTTP, directories, and any call that waits other than `wait-any`, tools and `files`.

mod bindings;
mod cache;
mod calls;
mod contract;
mod convert;
mod end;
mod engine_config;
mod error;
pub mod files;
mod guest;
mod host;
mod inspect;
mod instance;
mod limiter;
mod linker;
mod meter;
mod output;
mod pool;
pub mod port;
mod signature;
mod state;
pub mod tool;
mod trap;
mod trusted;
mod virtual_wasi;

#[cfg(test)]
mod tests;

pub use end::{AgentTask, Captured, GuestEnd};
pub use error::{HostError, LoadError};
pub use guest::Guest;
pub use host::{GuestFuture, Host, HostConfig, ToolFuture};
pub use inspect::{Inspection, inspect};
pub use pool::Slot;
