//! Results of one run used again in another, by content.
//!
//! An agent task is looked up by what decides its result ([`KeyParts`]), never by its position or by
//! the order of starts. A run's results are an [`Index`]; each can be claimed once, so that equal
//! calls get different results. A result counts only while the files it rests on are what they
//! were: a component's recorded reads ([`Seen`]) are asked again, and a backend whose reads nobody
//! sees is tied to the state of the whole directory ([`crate::record::Snapshot`]).

mod index;
mod key;
mod miss;
mod reads;
#[cfg(test)]
mod tests;
mod world;

pub use index::{Call, Entry, Index};
pub use key::{KeyParts, is_reusable, key, needs_snapshot};
pub use miss::Miss;
pub use reads::{READ_BYTES_MAX, READS_MAX, ReadSet, Seen, answer_digest, request_name};
pub use world::{Condition, Terms};
