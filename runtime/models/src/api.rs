//! The one trait behind which every provider stands.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::error::ModelError;
use crate::message::{ModelReply, ModelRequest};

/// A future of a model, without a name.
pub type ModelFuture<'a> =
    Pin<Box<dyn Future<Output = Result<ModelReply, ModelError>> + Send + 'a>>;

/// What surrounds a request.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// Becomes `true` when nobody wants the answer any more.
    pub cancelled: watch::Receiver<bool>,
    /// How long the whole exchange may take.
    pub deadline: Duration,
    /// How long it may be silent: no byte of an answer that has begun, no word of the model.
    pub silence: Duration,
    /// Where signs of life go.
    pub activity: mpsc::UnboundedSender<Activity>,
    /// W3C trace context for the request, if the run has one.
    pub traceparent: Option<String>,
}

/// A sign of life of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// The request is on its way.
    Sent,
    /// The answer has begun.
    Begun,
    /// A piece of text.
    Text(String),
    /// A piece of reasoning.
    Thinking(String),
    /// A tool is being called.
    Calling(String),
}

/// Something that answers as a model. Makes one request; retries nothing.
pub trait ModelApi: Send + Sync {
    /// Sends a request and reads the whole answer.
    fn complete<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a CallContext,
    ) -> ModelFuture<'a>;
}
