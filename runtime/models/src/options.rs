//! What a client may use.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::recorded::{Exchange, Redact};

/// What a client may use.
#[derive(Clone)]
pub struct ClientOptions {
    /// Bytes that one answer may have.
    pub answer_bytes_max: usize,
    /// Bytes that one event of an answer may have.
    pub event_bytes_max: usize,
    /// How long it may take until a connection stands.
    pub connect_timeout: Duration,
    /// PEM files of authorities that are trusted beside the public ones.
    pub certificates: Vec<Vec<u8>>,
    /// Records exchanges, or answers in the provider's place.
    pub exchange: Option<Arc<dyn Exchange>>,
    /// Takes secrets out of requests before they are compared with recorded ones.
    pub redact: Option<Redact>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            answer_bytes_max: 16 << 20,
            event_bytes_max: 4 << 20,
            connect_timeout: Duration::from_secs(10),
            certificates: Vec::new(),
            exchange: None,
            redact: None,
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientOptions")
            .field("answer_bytes_max", &self.answer_bytes_max)
            .field("event_bytes_max", &self.event_bytes_max)
            .field("connect_timeout", &self.connect_timeout)
            .field("certificates", &self.certificates.len())
            .field("exchange", &self.exchange.is_some())
            .finish_non_exhaustive()
    }
}
