//! Sessions of agents that remember by themselves what was said to them.

use serde::{Deserialize, Serialize};

use crate::handoff::Usage;

/// Bytes of the name of a session, and of its directory, at the most. A longer one is not remembered.
pub const SESSION_BYTES_MAX: usize = 4 << 10;

/// A session that a later attempt can go on with, where the agent still knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name, as the agent says it.
    pub id: String,
    /// The directory on the host that it belongs to; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub directory: String,
    /// Record number of the last message of people that it was told; 0: none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub told: u64,
    /// What it had consumed, as far as the agent says that again in later turns.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub counted: Usage,
}

impl Session {
    /// Whether it is short enough to be remembered, and has a name that can be said in one word.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let Self { id, directory, .. } = self;
        !id.is_empty()
            && !id.starts_with('-')
            && !id.contains(|c: char| c.is_control() || c.is_whitespace())
            && id.len() <= SESSION_BYTES_MAX
            && directory.len() <= SESSION_BYTES_MAX
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_nothing(usage: &Usage) -> bool {
    *usage == Usage::default()
}
