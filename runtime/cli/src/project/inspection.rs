//! What reading a script says about it. The script runner makes this inside the sandbox; nothing of
//! the script is executed.

use std::collections::BTreeSet;

use baton_core::budget::Amounts;
use baton_core::manifest::Requests;
use baton_core::scope::{ArgvPattern, GlobLayer};
use baton_core::spec::BudgetOption;
use baton_core::tool::{EXEC, SEPARATOR};
use serde::{Deserialize, Serialize};

/// Everything that can be said about a script without running it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inspection {
    /// What it says of itself; none if that cannot be read.
    pub meta: Option<Meta>,
    /// Why it is refused. Any one is enough.
    pub errors: Vec<Finding>,
    /// What is probably not meant so.
    pub warnings: Vec<Finding>,
    /// Places that run other workflows.
    pub workflows: Vec<Nested>,
    /// Agent types that are named literally.
    pub agent_types: Vec<Use>,
    /// Places that call tools or run commands.
    pub tools: Vec<ToolUse>,
    /// Uses of what only Baton has.
    pub extensions: Vec<Use>,
    /// Uses of what other runtimes may lack.
    pub portability: Vec<Use>,
    /// Places that spawn agents.
    pub agents: Vec<AgentCall>,
}

/// The literal `meta` at the top of a script.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// What it is found by.
    pub name: String,
    /// What it does, on one line.
    pub description: String,
    /// When to use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_to_use: Option<String>,
    /// Phases, in order.
    pub phases: Vec<Phase>,
    /// What it asks of Baton; ignored elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baton: Option<serde_json::Value>,
}

/// A phase as it is declared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phase {
    /// Its title.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A model, for people: it changes the model of no call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Something to say about a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// A stable code in kebab-case.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The lines around the place, with a mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
}

/// A place that runs another workflow. Without a name or a path it is computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nested {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_path: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A place that uses something by its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Use {
    /// The name.
    pub name: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A place that calls a tool or runs a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolUse {
    /// The tool; none: the name is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of a command, the words at its beginning that are literal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
    /// Whether these words are the whole command.
    pub whole: bool,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl ToolUse {
    /// The pattern of the tool; none: it is computed, or a command.
    fn tool(&self) -> Option<String> {
        let name = self.name.as_ref().filter(|name| *name != EXEC)?;
        Some(if name.contains(SEPARATOR) { name.clone() } else { format!("*{SEPARATOR}{name}") })
    }

    /// The pattern of the command, as far as its words are literal.
    fn command(&self) -> Option<String> {
        let argv = self.argv.as_ref().filter(|argv| !argv.is_empty())?;
        let plain = |word: &&String| !word.contains(['*', '\'']);
        let words: Vec<&String> = argv.iter().take_while(plain).collect();
        let mut pattern: Vec<String> = words
            .iter()
            .map(|word| {
                let quoted = word.is_empty() || word.contains([' ', '\t']);
                if quoted { format!("'{word}'") } else { (*word).clone() }
            })
            .collect();
        if !self.whole || words.len() < argv.len() {
            pattern.push("**".into());
        }
        let pattern = pattern.join(" ");
        // A program by a relative path is none that may be granted.
        pattern.parse::<ArgvPattern>().ok().map(|_| pattern)
    }
}

/// A place that spawns agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentCall {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The label, where it is literal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The model, where it is literal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The tier of its model, where it is literal. It wins over the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The steps of its ladder of models that are literal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<String>,
    /// Whether the place may be reached more than once.
    pub repeated: bool,
}

/// What a script asks of Baton in `meta.baton`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Files it wants to read; none: nothing. A script that does not say wants whatever the
    /// operator grants: its agents may need it.
    pub read: Option<GlobLayer>,
    /// Whether it says itself what it wants to read.
    pub says_read: bool,
    /// Budget where nobody grants another.
    pub budget: Amounts,
    /// Workflows it runs by names that it computes.
    pub workflows: Vec<String>,
    /// Tools it calls; none: those that it names literally.
    pub tools: Option<Vec<String>>,
    /// Commands it runs; none: those that it names literally.
    pub exec: Option<Vec<String>>,
    /// The most that tools may do on its behalf: `write` to `secrets` of it. Nothing else is in it.
    pub bounds: Requests,
}

/// The shape of `meta.baton`. Keys that nobody knows are warned about where the script is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawAsked {
    read: Option<RawRead>,
    budget: Option<BudgetOption>,
    workflows: Vec<String>,
    tools: Option<Vec<String>>,
    write: Option<RawRead>,
    http: Option<Vec<String>>,
    env: Option<Vec<String>>,
    secrets: Option<Vec<String>>,
    exec: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawRead {
    List(Vec<String>),
    Layer(GlobLayer),
}

impl RawRead {
    fn named(self) -> GlobLayer {
        match self {
            Self::List(include) => GlobLayer { include, ..GlobLayer::default() },
            Self::Layer(layer) => layer,
        }
    }

    fn layer(self) -> Option<GlobLayer> {
        match self {
            // An empty list asks for nothing; a layer without patterns would let everything pass.
            Self::List(include) if include.is_empty() => None,
            Self::List(include) => Some(GlobLayer { include, ..GlobLayer::default() }),
            Self::Layer(layer) => Some(layer),
        }
    }
}

impl Inspection {
    /// An inspection that only says why the script is refused.
    #[must_use]
    pub fn refused(code: &str, message: impl Into<String>, hint: Option<&str>) -> Self {
        let finding = Finding {
            code: code.into(),
            message: message.into(),
            line: 1,
            column: 1,
            hint: hint.map(ToOwned::to_owned),
            frame: None,
        };
        Self { errors: vec![finding], ..Self::default() }
    }

    /// What the script asks of Baton.
    ///
    /// # Errors
    /// Says which part of `meta.baton` cannot be understood.
    pub fn asked(&self) -> Result<Asked, String> {
        let value = self.meta.as_ref().and_then(|meta| meta.baton.clone());
        let raw: RawAsked = match value {
            Some(value) => {
                serde_json::from_value(value).map_err(|error| format!("`meta.baton`: {error}"))?
            }
            None => RawAsked::default(),
        };
        let says_read = raw.read.is_some();
        let read = match raw.read {
            None => Some(GlobLayer::default()),
            Some(read) => read.layer(),
        };
        let bounds = Requests {
            // Without patterns it is nothing, which is something else than not to be named.
            write: raw.write.map(RawRead::named),
            http: raw.http,
            env: raw.env,
            secrets: raw.secrets,
            ..Requests::default()
        };
        let exec = raw.exec.clone().unwrap_or_default();
        let all = Requests { exec, ..bounds.clone() };
        all.authority().map_err(|error| format!("`meta.baton`: {error}"))?;
        Ok(Asked {
            read,
            says_read,
            budget: raw.budget.map(Amounts::from).unwrap_or_default(),
            workflows: raw.workflows,
            tools: raw.tools,
            exec: raw.exec,
            bounds,
        })
    }

    /// Patterns of the tools that it names literally. One without its provider may be anybody's.
    #[must_use]
    pub fn literal_tools(&self) -> Vec<String> {
        let names: BTreeSet<String> = self.tools.iter().filter_map(ToolUse::tool).collect();
        names.into_iter().collect()
    }

    /// Patterns of the commands that it names literally.
    #[must_use]
    pub fn literal_commands(&self) -> Vec<String> {
        let commands: BTreeSet<String> = self.tools.iter().filter_map(ToolUse::command).collect();
        commands.into_iter().collect()
    }

    /// How many agents its text asks for at the most; none: that is decided while it runs.
    #[must_use]
    pub fn agents_max(&self) -> Option<u64> {
        let fixed = self.workflows.is_empty() && self.agents.iter().all(|call| !call.repeated);
        fixed.then_some(self.agents.len() as u64)
    }

    /// Titles of the declared phases.
    #[must_use]
    pub fn phases(&self) -> Vec<String> {
        let phases = self.meta.iter().flat_map(|meta| &meta.phases);
        phases.map(|phase| phase.title.clone()).collect()
    }
}

impl Finding {
    /// The finding for people: its place, what is wrong, the lines around it, and what to do.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        let Self { line, column, message, code, .. } = self;
        format!("{path}:{line}:{column}: {message} ({code})\n{}", self.lines())
    }

    /// The lines around the place, and what to do.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut text = String::new();
        if let Some(frame) = &self.frame {
            text.push_str(frame.trim_end());
            text.push('\n');
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests;
