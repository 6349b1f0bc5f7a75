//! Static facts about a component: the custom section `baton:manifest`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::Amounts;
use crate::json::Json;
use crate::limits::{RunLimits, wasm};
use crate::scope::{GlobLayer, ReadScope, Scope};
use crate::spec::BudgetOption;

/// Name of the custom section.
pub const SECTION: &str = "baton:manifest";

/// Which world a component is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Deterministic orchestration.
    Workflow,
    /// One bounded task.
    Agent,
}

/// What a component says of itself. Read without executing anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name, as people call it: lower case letters, digits and `-`.
    pub name: String,
    /// The world it is written for.
    pub world: World,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
    /// Titles of its phases, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// JSON Schema of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// JSON Schema of its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// What it asks to be granted.
    #[serde(default)]
    pub requests: Requests,
    /// Kinds of agents it spawns, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, AgentType>,
    /// Budget where nobody grants another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetOption>,
}

/// What a component asks to be granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requests {
    /// Files of the root it wants to read; none: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<GlobLayer>,
    /// Whether it spawns agents.
    pub agents: bool,
    /// Other workflows it spawns, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
}

/// A kind of agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentType {
    /// When to use it, for people and models.
    pub description: String,
    /// Backend where the operator names none, such as `component:docs-auditor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// System prompt where the task has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Glob patterns that narrow what it may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Vec<String>>,
    /// Model where the task names none. `inherit` is the same as none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Reasoning effort where the task names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Isolation where the task names none, see [`crate::spec::AgentOptions::isolation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// The only tools it may use; none: whatever the backend gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// Tools it may not use. Applied before `tools`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disallowed_tools: Vec<String>,
}

impl Requests {
    /// The widest scope these requests can lead to.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope {
            read: self.read.as_ref().map(|layer| ReadScope { layers: vec![layer.clone()] }),
            agents: self.agents,
            workflows: !self.workflows.is_empty(),
        }
    }
}

impl Manifest {
    /// Budget where nobody grants another.
    #[must_use]
    pub fn default_budget(&self) -> Amounts {
        self.budget.map(Amounts::from).unwrap_or_default()
    }
}

/// Why a manifest is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is not JSON of the expected shape.
    #[error("the manifest does not parse: {0}")]
    Syntax(String),
    /// The name is not usable as one.
    #[error("the manifest's name `{0}` is not lower case letters, digits and `-`")]
    Name(String),
}

/// Longest name of a component in bytes.
const NAME_BYTES_MAX: usize = 64;

impl Manifest {
    /// Reads the bytes of the section.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let syntax = |error: &dyn std::fmt::Display| ManifestError::Syntax(error.to_string());
        let text = std::str::from_utf8(bytes).map_err(|error| syntax(&error))?;
        let depth_max = RunLimits::default().json_depth;
        let json = Json::parse(text, wasm::MANIFEST_BYTES_MAX as u64, depth_max)
            .map_err(|error| syntax(&error))?;
        if !json.as_str().starts_with('{') {
            return Err(syntax(&"not a JSON object"));
        }
        let manifest: Self = serde_json::from_str(json.as_str()).map_err(|error| syntax(&error))?;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let name = manifest.name.as_bytes();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.iter().all(|byte| fits(*byte)) {
            return Err(ManifestError::Name(manifest.name));
        }
        Ok(manifest)
    }
}
