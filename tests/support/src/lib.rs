//! Components that only tests run: the hostile guests, an agent that obeys, and components made from
//! WebAssembly text.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod project;
mod text;

pub use project::Project;
pub use text::{TextError, component};

/// The guests by the names of their packages.
const GUESTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// The component of a guest, by the name of its package below `tests/guests`.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn guest(name: &str) -> &'static [u8] {
    let found = GUESTS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no guest `{name}`")).1
}
