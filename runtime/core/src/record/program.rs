//! What a run executes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::manifest::{AgentType, Requests};

/// Everything that decides what a run does. Its digest is what grants are bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Name of the root workflow.
    pub name: String,
    /// Its component; of a script, the one that interprets it.
    pub component: Digest,
    /// The root workflow's source, if it is a script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Digest>,
    /// Other workflows it may spawn, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workflows: BTreeMap<String, Digest>,
    /// Sources of those other workflows that are scripts, by name. Their components interpret them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scripts: BTreeMap<String, Digest>,
    /// What those other workflows ask for, by name: each gets no more than that, whatever its parent
    /// may do. Of one that is not named, as in records of 0.1.0: all that its parent may do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Requests>,
    /// Agent components, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, Digest>,
    /// Tool components, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, Digest>,
    /// Agent definitions, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agent_types: BTreeMap<String, AgentType>,
    /// Instructions of the project, the outermost first: path and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<(String, Digest)>,
    /// Skills by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<String, SkillPart>,
}

/// A skill that is part of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillPart {
    /// When to use it.
    pub description: String,
    /// Its text.
    pub text: Digest,
}

impl Program {
    /// A program that is one component and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, component: Digest) -> Self {
        Self {
            name: name.into(),
            component,
            script: None,
            workflows: BTreeMap::new(),
            scripts: BTreeMap::new(),
            requests: BTreeMap::new(),
            agents: BTreeMap::new(),
            tools: BTreeMap::new(),
            agent_types: BTreeMap::new(),
            instructions: Vec::new(),
            skills: BTreeMap::new(),
        }
    }

    /// The program's identity.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_json(self)
    }

    /// Everything the program is made of: components and sources.
    pub fn parts(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.component)
            .chain(&self.script)
            .chain(self.workflows.values())
            .chain(self.scripts.values())
            .chain(self.agents.values())
            .chain(self.tools.values())
            .chain(self.instructions.iter().map(|(_, text)| text))
            .chain(self.skills.values().map(|skill| &skill.text))
    }

    /// The source of a workflow that is a script; `name` is none for the root workflow.
    #[must_use]
    pub fn source(&self, name: Option<&str>) -> Option<&Digest> {
        match name {
            None => self.script.as_ref(),
            Some(name) => self.scripts.get(name),
        }
    }
}
