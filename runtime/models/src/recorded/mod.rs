//! Recorded exchanges: what a provider was asked and what it answered, byte for byte, so that a run
//! can be repeated without a network, a key or a bill.
//!
//! A recording is a directory: `recording.json` with the models it was made with, and a file for
//! every exchange, found by what was asked: protocol, path and the body as a value, so that white
//! space and the order of keys do not count. Keys of providers never come near it, and what takes
//! secrets out goes over every string before it is compared or written.

mod difference;
mod directory;
mod exchange;
mod recorder;
mod replay;

use std::sync::Arc;

use baton_core::model::Api;
use bytes::Bytes;

use crate::error::ModelError;

pub use directory::{Recording, RecordingError};
pub use recorder::Recorder;
pub use replay::Replay;

/// Takes secrets out of a text. Recording and replay need the same one: requests are compared
/// after it.
pub type Redact = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A request as it goes to a provider, without its key.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// What it speaks.
    pub api: Api,
    /// What follows the base URL, with the query but never with a key.
    pub path: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A whole answer as it came from a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Status of HTTP.
    pub status: u16,
    /// Headers, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, not encoded.
    pub body: Bytes,
}

/// Stands between requests and the network.
pub trait Exchange: Send + Sync {
    /// The answer in the network's place; none: ask the provider.
    fn replay(&self, asked: &Asked<'_>) -> Option<Result<Answered, ModelError>>;

    /// Told of every answer of the network that came whole and decides something: one that was
    /// accepted, or one that says that asking again would not help.
    fn keep(&self, asked: &Asked<'_>, answered: &Answered);
}

#[cfg(test)]
mod tests;
