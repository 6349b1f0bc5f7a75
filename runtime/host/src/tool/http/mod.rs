//! `wasi:http` for tools: outgoing requests, as far as they are granted.
//!
//! What a guest asks for is read once, strictly (`target`), and held against the grant. The name is
//! looked up once and every answer checked, and the connection goes to a checked address
//! (`resolve`). Secrets replace their stand-ins in headers of requests to their hosts (`place`)
//! and are taken out of whatever comes back (`redact`). Counts, sizes and times are limited
//! (`client`, `body`). Redirects are the guest's business: following one is another request.
//!
//! There are no proxies, cookies, caches or connections kept for later: a request depends on nothing
//! but itself.

mod body;
mod client;
mod connect;
mod error;
mod headers;
mod hooks;
mod place;
mod redact;
mod resolve;
mod target;
mod told;

#[cfg(test)]
mod tests;

pub use hooks::{HttpClient, add_to_linker, context};
pub use redact::{RedactedStream, Redaction};
