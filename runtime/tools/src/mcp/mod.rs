//! Servers of the Model Context Protocol.
//!
//! A server is started, or connected to, when its tools are first asked for, and there is one
//! connection to it per run. One that went away is started again by the next call, never in the
//! middle of one: whether it did what it was asked is not known then. Servers that are programs run
//! under the supervisor and end with this process.
//!
//! What comes from a server is untrusted: lists, names, schemas, messages and results are held
//! against the limits before anything else sees them. No type of the library that speaks the
//! protocol is seen outside of this module.

mod call;
mod client;
mod connection;
mod error;
mod handler;
mod http;
mod lines;
mod listing;
mod opener;
mod opening;
mod process;
mod result;
mod servers;

pub use error::{McpError, Problem};
pub use listing::Listing;
pub use result::INLINE_BYTES_MAX;
pub use servers::McpServers;

#[cfg(test)]
mod tests;
