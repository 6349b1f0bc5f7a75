//! `meta`: the facts of a script, read as a literal and never executed.

mod declaration;
mod fields;
mod literal;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use declaration::{Declared, declaration};

/// The facts of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The identity in the registry; not empty.
    pub name: String,
    /// One line for people; not empty.
    pub description: String,
    /// When to use it (`whenToUse`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_to_use: Option<String>,
    /// The progress groups declared up front.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// The requests of the script to Baton, as written; the kinds of the known keys are checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baton: Option<Map<String, Value>>,
}

/// A progress group of `meta.phases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// The title.
    pub title: String,
    /// What happens in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A model name for display; it changes no call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}
