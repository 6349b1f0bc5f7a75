//! Model APIs behind one trait.
//!
//! Wire formats are those of a library, in one file. Around it stands what is ours: requests and
//! answers as plain values, typed errors, limits on what a server may send, keys that are known in
//! one place, recorded exchanges, and room in the rates of a provider.

mod api;
pub mod builtin;
mod carrier;
mod client;
mod error;
mod genai;
mod heard;
mod ids;
pub mod key;
mod message;
mod options;
pub mod rate;
pub mod recorded;
pub mod tokens;

pub use api::{Activity, CallContext, ModelApi, ModelFuture};
pub use carrier::Carrier;
pub use client::ModelClient;
pub use error::{ModelError, Trouble};
pub use key::KeySource;
pub use message::{Message, ModelReply, ModelRequest, Part, Stop, ToolOffer, ToolResult};
pub use options::ClientOptions;
