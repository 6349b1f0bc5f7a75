//! Other runs that a run rests on.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::ids::{RunId, TaskPath, Timestamp};

/// Where a run was forked from another. Its first records are the other's, and cost it nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The other run.
    pub run: RunId,
    /// Record of the other run up to which it is shared.
    pub at: u64,
    /// How many records of this run are shared, the first included.
    pub records: u64,
    /// When it was forked.
    pub made: Timestamp,
    /// Tasks whose ends a person wrote, here or in the runs above: performing them does not bring that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<TaskPath>,
    /// Tasks whose inputs a person wrote, here or in the runs above: no workflow asked for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<TaskPath>,
    /// Whether this very program, with what it may touch now, made everything that is shared: then
    /// refusals and calls of tools follow from it. Else another one may have.
    #[serde(default, skip_serializing_if = "is_false")]
    pub same_program: bool,
    /// What was changed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
}

/// A run whose results are used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    /// The run.
    pub run: RunId,
    /// Results of agents whose reads nobody sees are used although files may have changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stale: bool,
    /// Results that messages of people steered are used although nobody says the same again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub steered: bool,
    /// Tasks of that run whose results are not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<TaskPath>,
}
