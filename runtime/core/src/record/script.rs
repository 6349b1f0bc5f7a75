//! How a run's scripts are interpreted.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::spec::SCHEMA_ATTEMPTS_MAX;

/// How the scripts of a run are interpreted. Means nothing to a run without scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScriptOptions {
    /// The root script's file as it was given, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Titles of the phases that the root script declares, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// No input was given: `args` is `undefined`. The recorded input is `null`.
    #[serde(skip_serializing_if = "is_false")]
    pub absent: bool,
    /// The clock and the random source are virtual instead of forbidden.
    #[serde(skip_serializing_if = "is_false")]
    pub lenient: bool,
    /// The global `baton` is there.
    #[serde(skip_serializing_if = "is_false")]
    pub extensions: bool,
    /// How deep `workflow()` may go: 1 lets the root script call others, and those none.
    pub nesting: u32,
    /// How often the output of an agent may be tried against its schema, 1 to 5.
    pub schema_attempts: u32,
}

impl Default for ScriptOptions {
    fn default() -> Self {
        Self {
            path: String::new(),
            phases: Vec::new(),
            absent: false,
            lenient: false,
            extensions: false,
            nesting: SCRIPT_NESTING_DEFAULT,
            schema_attempts: SCHEMA_ATTEMPTS_MAX,
        }
    }
}

/// Levels of `workflow()` where nobody says otherwise, as in the dialect.
pub const SCRIPT_NESTING_DEFAULT: u32 = 1;
