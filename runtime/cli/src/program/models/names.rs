//! Kinds of backends by their names.

use baton_core::backend::{ACP, COMMAND};

use crate::value::CODING_AGENTS;

/// Whether a backend is a coding agent: a program that works by itself, within what is granted.
#[must_use]
pub fn is_coding_agent(backend: &str) -> bool {
    backend.starts_with(ACP) || CODING_AGENTS.contains(&backend)
}

/// Whether a backend is a program of the machine, which nobody keeps from anything by its name.
#[must_use]
pub fn outside(backend: &str) -> bool {
    backend.starts_with(COMMAND) || is_coding_agent(backend)
}
