//! What suites share: projects, processes and terminals of their own, and components that only tests
//! run: the hostile guests, an agent that obeys, and components made from WebAssembly text.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod process;
mod project;
mod terminal;
mod text;

pub use process::{PATIENCE, alive, kill_9, once, signal, until};
pub use project::Project;
pub use terminal::Terminal;
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
