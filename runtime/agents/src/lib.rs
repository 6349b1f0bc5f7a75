//! Backends: what performs agent tasks.
//!
//! [`work`](work::work) is what the engine calls: it makes attempts on a [`Backend`] until the
//! handoff fits the task's schema. [`Backends`] finds a backend by the name people write. External
//! programs run under [`supervise`], so that none outlives its host.

pub mod acp;
pub mod backend;
pub mod coding;
pub mod command;
pub mod component;
pub mod confine;
mod denied;
mod inbox;
pub mod isolation;
pub mod ladder;
pub mod model;
mod people;
mod process;
mod registry;
pub mod retry;
pub mod schema;
mod sessions;
mod speech;
mod stop;
pub mod supervise;
mod work;

pub use acp::AcpBackend;
pub use backend::{
    Answer, Backend, BackendError, BackendFuture, Job, JobContext, Notice, Steering, Toolbox,
};
pub use coding::{CodingBackend, CodingKind};
pub use command::{CommandBackend, CommandError};
pub use component::{ComponentBackend, not_granted};
pub use denied::{Denied, NARROWED, narrowed};
pub use model::ModelBackend;
pub use process::{
    Keep, Kept, Launch, Remains, RunError, StreamLaunch, StreamProcess, Streaming, Supervisor,
};
pub use registry::{BackendNameError, Backends, takes_messages};
pub use retry::{RETRY_TRIES_MAX, RETRY_WAIT_MS_MAX};
pub use sessions::{Session, Sessions};
pub use stop::{Leash, Stop, cancelled};
pub use work::work;
