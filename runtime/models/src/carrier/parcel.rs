//! What goes into an exchange, and what comes out of it.

use std::fmt;
use std::sync::Arc;

use baton_core::model::Api;

use super::adjust::Adjust;
use super::upstream::Upstream;
use super::watch::Seen;
use crate::api::CallContext;
use crate::error::ModelError;
use crate::key::KeySource;
use crate::recorded::Exchange;

/// What is needed for an exchange, beside the library's request.
pub(crate) struct Parcel {
    pub provider: Arc<str>,
    pub model: String,
    pub api: Api,
    pub upstream: Upstream,
    pub key: Option<KeySource>,
    pub exchange: Option<Arc<dyn Exchange>>,
    pub answer_max: usize,
    pub event_max: usize,
    pub adjust: Adjust,
    pub context: CallContext,
}

impl fmt::Debug for Parcel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, model, .. } = self;
        formatter.debug_struct("Parcel").field("to", provider).field("model", model).finish()
    }
}

/// How an exchange ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The answer was whole, or why not.
    pub result: Result<(), ModelError>,
    /// What it told of itself.
    pub seen: Seen,
    /// The provider may have done the work, and charge for it.
    pub served: bool,
}
