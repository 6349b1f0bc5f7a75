//! Static facts about a component: the custom section `baton:manifest`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::Amounts;
use crate::json::Json;
use crate::limits::{RunLimits, wasm};
use crate::scope::{Authority, GlobLayer, NameScope, PathScope, PatternError, Scope, ToolScope};
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
    /// Deterministic steps with effects.
    Tool,
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
    /// Of world `tool`: its tools, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, ManifestTool>,
}

/// A tool of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManifestTool {
    /// What it does, for people and models.
    pub description: String,
    /// JSON Schema of its input; none: anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// JSON Schema of its output; none: anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// The field of its input that takes an idempotency key. Where the caller leaves it out, the
    /// host puts one in that stays the same for every attempt at the same call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
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
    /// Patterns of the tools it calls, such as `code/search` or `git/*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Files of the root it wants to write. Of a workflow, as `read`, `http`, `env` and `secrets`: the
    /// most that tools may do on its behalf. Not named: whatever they ask for and are granted; without
    /// patterns: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<GlobLayer>,
    /// Requests it sends, see [`crate::scope::HttpRule`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Vec<String>>,
    /// Environment variables it sees, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Vec<String>>,
    /// Secrets it has put into its requests, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
    /// Commands it runs, see [`crate::scope::ArgvPattern`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exec: Vec<String>,
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
    /// Answers of its model at the most, where the task does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_turns: Option<u32>,
    /// Skills whose text it is given from the start; of the others it is told the names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
}

impl Requests {
    /// The widest scope these requests of a workflow or an agent can lead to. Tools work within what
    /// is named here; of a capability that is not named, within what they ask for themselves.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn scope(&self) -> Result<Scope, PatternError> {
        let authority = self.authority()?;
        let asked = self.tools.is_empty() && authority.exec.is_none();
        let tools = (!asked).then(|| {
            let all = Authority::unlimited();
            let mut names = self.tools.clone();
            // Whoever names commands wants to run them.
            names.extend(authority.exec.as_ref().map(|_| crate::tool::EXEC.to_owned()));
            ToolScope {
                names: NameScope::of(&names),
                within: Authority {
                    read: if self.read.is_some() { authority.read } else { all.read },
                    write: if self.write.is_some() { authority.write } else { all.write },
                    http: if self.http.is_some() { authority.http } else { all.http },
                    env: if self.env.is_some() { authority.env } else { all.env },
                    secrets: if self.secrets.is_some() { authority.secrets } else { all.secrets },
                    // Commands are named by whoever calls them.
                    exec: authority.exec,
                },
            }
        });
        Ok(Scope {
            read: self.read.as_ref().map(|layer| PathScope { layers: vec![layer.clone()] }),
            agents: self.agents,
            workflows: !self.workflows.is_empty(),
            tools,
        })
    }

    /// What is asked for by name. Of a tool component, all it asks for.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn authority(&self) -> Result<Authority, PatternError> {
        let names = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
        Authority::requested(
            self.read.as_ref(),
            // A layer of paths without patterns lets every path pass; here it asks for nothing.
            self.write.as_ref().filter(|layer| !layer.include.is_empty()),
            &names(&self.http),
            &names(&self.env),
            &names(&self.secrets),
            &self.exec,
        )
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
    /// A pattern of its requests cannot be read.
    #[error("the manifest's requests: {0}")]
    Pattern(#[from] PatternError),
    /// A name of a tool is not usable as one.
    #[error("the name of a tool, `{0}`, is not letters, digits, `-` and `_`, at most 64")]
    ToolName(String),
    /// A component of tools takes the name of the tool that runs commands.
    #[error("the manifest's name `{}` belongs to commands", crate::tool::EXEC)]
    Reserved,
    /// A component of world `tool` has no tools, or another one has some.
    #[error("the manifest {0}")]
    Tools(&'static str),
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
        manifest.requests.authority()?;
        manifest.tools_fit()?;
        Ok(manifest)
    }

    fn tools_fit(&self) -> Result<(), ManifestError> {
        if self.world == World::Tool && self.name == crate::tool::EXEC {
            return Err(ManifestError::Reserved);
        }
        match (self.world, self.tools.is_empty()) {
            (World::Tool, true) => return Err(ManifestError::Tools("names no tools")),
            (World::Workflow | World::Agent, false) => {
                return Err(ManifestError::Tools("names tools, and only world `tool` has them"));
            }
            _ => {}
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        for name in self.tools.keys() {
            let bytes = name.as_bytes();
            if bytes.is_empty() || bytes.len() > NAME_BYTES_MAX || !bytes.iter().all(|b| fits(*b)) {
                return Err(ManifestError::ToolName(name.clone()));
            }
        }
        Ok(())
    }
}
