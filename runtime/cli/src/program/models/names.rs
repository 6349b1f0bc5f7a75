//! Kinds of backends by their names.

use crate::value::CODING_AGENTS;

/// Names of models in scripts that mean tiers, as core has them.
const ALIASES: [(&str, &str); 4] =
    [("haiku", "small"), ("sonnet", "medium"), ("opus", "large"), ("fable", "large")];

/// The tier that a name of the dialect means.
#[must_use]
pub fn is_alias(text: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(alias, _)| *alias == text).map(|(_, tier)| *tier)
}

/// Whether a backend is a coding agent: a program that works by itself, within what is granted.
#[must_use]
pub fn is_coding_agent(backend: &str) -> bool {
    backend.starts_with("acp:") || CODING_AGENTS.contains(&backend)
}

/// Whether a backend is a program of the machine, which nobody keeps from anything by its name.
#[must_use]
pub fn outside(backend: &str) -> bool {
    backend.starts_with("command:") || is_coding_agent(backend)
}
