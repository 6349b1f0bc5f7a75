//! The tools of a step, apart from those that check it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use baton_core::json::Json;
use baton_core::tool::RawToolSpec;
use baton_host::port::{CallError, ToolOffer};

use crate::backend::{BackendFuture, Toolbox};

/// A toolbox that knows whether its own calls did what must not happen twice. The one it hands them
/// to knows that of the task as a whole, checks included, and a check is meant to be repeated.
pub(super) struct Watched {
    tools: Arc<dyn Toolbox>,
    did_once: Arc<AtomicBool>,
}

impl Watched {
    pub(super) fn new(tools: Arc<dyn Toolbox>) -> Self {
        let did_once = Arc::new(AtomicBool::new(tools.did_once()));
        Self { tools, did_once }
    }
}

impl Toolbox for Watched {
    fn offers(&self) -> Vec<ToolOffer> {
        self.tools.offers()
    }

    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>> {
        let (tools, did_once) = (Arc::clone(&self.tools), Arc::clone(&self.did_once));
        let call = tools.call(spec);
        Box::pin(async move {
            let answer = call.await;
            // After a check that must not happen twice, no call can be told from one that must not.
            if tools.did_once() {
                did_once.store(true, Ordering::Relaxed);
            }
            answer
        })
    }

    fn did_once(&self) -> bool {
        self.did_once.load(Ordering::Relaxed)
    }
}
