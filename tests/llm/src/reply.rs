//! What a script lets the server answer.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::fault::Fault;

/// Something a model says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Say {
    /// Text.
    Text(String),
    /// Reasoning.
    Thinking(String),
    /// A call of a tool.
    Call {
        /// Its name.
        name: String,
        /// Its input.
        input: Value,
    },
}

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Sent, cached ones included.
    pub input: u64,
    /// Received.
    pub output: u64,
    /// Part of `input` that came from a cache.
    pub cached: u64,
    /// Part of `input` that was written into a cache; only Anthropic tells.
    pub cache_written: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { input: 10, output: 5, cached: 0, cache_written: 0 }
    }
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finish {
    /// As what was said demands: a call of a tool, or the end.
    #[default]
    Fitting,
    /// The limit of tokens.
    Length,
    /// The provider kept the model from answering.
    Refused,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What is said, in this order.
    pub say: Vec<Say>,
    /// What it consumed; none: the answer does not tell.
    pub usage: Option<Usage>,
    /// Why it ends.
    pub finish: Finish,
    /// Headers in addition.
    pub headers: Vec<(String, String)>,
    /// Silence before the first byte.
    pub delay: Duration,
    /// Silence before every event of a stream.
    pub per_chunk: Duration,
    /// Characters of text in one event of a stream.
    pub piece: usize,
    /// Not a byte before this is released.
    pub hold: Option<Hold>,
    /// No event of a stream after so many of them before this is released.
    pub pause: Option<(usize, Hold)>,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            say: Vec::new(),
            usage: Some(Usage::default()),
            finish: Finish::Fitting,
            headers: Vec::new(),
            delay: Duration::ZERO,
            per_chunk: Duration::ZERO,
            piece: 24,
            hold: None,
            pause: None,
            fault: None,
        }
    }
}

impl Reply {
    /// Says a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().and_text(text)
    }

    /// Calls a tool.
    #[must_use]
    pub fn call(name: impl Into<String>, input: Value) -> Self {
        Self::default().and_call(name, input)
    }

    /// Goes wrong. What can be said before it does is a short text.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self::text("This answer does not arrive as it was meant to.").with(fault)
    }

    /// Says a text as well.
    #[must_use]
    pub fn and_text(mut self, text: impl Into<String>) -> Self {
        self.say.push(Say::Text(text.into()));
        self
    }

    /// Reasons as well.
    #[must_use]
    pub fn and_thinking(mut self, text: impl Into<String>) -> Self {
        self.say.push(Say::Thinking(text.into()));
        self
    }

    /// Calls a tool as well.
    #[must_use]
    pub fn and_call(mut self, name: impl Into<String>, input: Value) -> Self {
        self.say.push(Say::Call { name: name.into(), input });
        self
    }

    /// Consumes tokens.
    #[must_use]
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.usage = Some(Usage { input, output, ..self.usage.unwrap_or_default() });
        self
    }

    /// Part of the input came from a cache, and part was written into one.
    #[must_use]
    pub fn cached(mut self, read: u64, written: u64) -> Self {
        let usage = self.usage.unwrap_or_default();
        self.usage = Some(Usage { cached: read, cache_written: written, ..usage });
        self
    }

    /// Does not tell what it consumed.
    #[must_use]
    pub fn without_usage(mut self) -> Self {
        self.usage = None;
        self
    }

    /// Ends for another reason.
    #[must_use]
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    /// A header in addition.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Comes later, and slowly.
    #[must_use]
    pub fn slow(mut self, delay: Duration, per_chunk: Duration) -> Self {
        self.delay = delay;
        self.per_chunk = per_chunk;
        self
    }

    /// Comes when it is released.
    #[must_use]
    pub fn held(mut self, hold: &Hold) -> Self {
        self.hold = Some(hold.clone());
        self
    }

    /// Stops in the middle, after so many events of a stream, and goes on when it is released.
    #[must_use]
    pub fn paused_after(mut self, events: usize, hold: &Hold) -> Self {
        self.pause = Some((events, hold.clone()));
        self
    }

    /// Says so many characters with every event of a stream.
    #[must_use]
    pub fn in_pieces_of(mut self, characters: usize) -> Self {
        self.piece = characters;
        self
    }

    /// Goes wrong.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub(crate) fn calls(&self) -> bool {
        self.say.iter().any(|say| matches!(say, Say::Call { .. }))
    }
}

/// Keeps answers back until it is released, once and for all.
#[derive(Clone, Debug)]
pub struct Hold(Arc<watch::Sender<bool>>);

impl Default for Hold {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Hold {
    /// Lets all answers go, those that come later as well.
    pub fn release(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn released(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as this does.
        let _ = receiver.wait_for(|released| *released).await;
    }
}
