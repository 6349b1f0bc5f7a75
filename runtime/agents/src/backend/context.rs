//! What surrounds an attempt: its tools, its meter, the people who look on.

use std::sync::Arc;

use baton_core::json::Json;
use baton_core::tool::RawToolSpec;
use baton_host::port::{CallError, ToolOffer};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::{BackendFuture, Meter, Notice, Redact};
use crate::denied::Denied;
use crate::inbox::Inbox;
use crate::model::FreeMeter;
use crate::sessions::Sessions;

/// What surrounds an attempt.
#[derive(Clone)]
pub struct JobContext {
    /// Becomes `true` when the result is not wanted any more.
    pub cancelled: watch::Receiver<bool>,
    /// Where notices go. A full or closed channel never stops the work.
    pub notices: UnboundedSender<Notice>,
    /// The tools the agent was given; none: no tools.
    pub tools: Option<Arc<dyn Toolbox>>,
    /// What meters its calls of models.
    pub meter: Arc<dyn Meter>,
    /// What takes secrets out of a text before it is said to a model, or kept.
    pub redact: Redact,
    /// What people tell the agent.
    pub inbox: Inbox,
    /// What policy takes away from it while it works.
    pub denied: Denied,
    /// The sessions of its own that it can go on with.
    pub sessions: Sessions,
    /// Which turn of the attempt this is, from 0: a further one begins with what people said meanwhile.
    pub turn: u32,
}

impl JobContext {
    /// The surroundings of an attempt outside of any run: no tools, no caps, no secrets to take out.
    #[must_use]
    pub fn alone(cancelled: watch::Receiver<bool>, notices: UnboundedSender<Notice>) -> Self {
        let meter = Arc::new(FreeMeter::new());
        let (redact, inbox) = (Redact::default(), Inbox::default());
        let (denied, sessions) = (Denied::default(), Sessions::default());
        Self { cancelled, notices, tools: None, meter, redact, inbox, denied, sessions, turn: 0 }
    }
}

/// The tools of one agent task.
pub trait Toolbox: Send + Sync {
    /// What they are, in the order of their names.
    fn offers(&self) -> Vec<ToolOffer>;

    /// Calls one and waits for what it returns. The call is a task of the run: on record before it
    /// starts. Dropping the future stops nothing by itself; the end of the attempt does.
    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>>;

    /// Whether one of them did, or may have done, what must not happen twice: then the attempt must
    /// not be followed by another.
    fn did_once(&self) -> bool;
}
