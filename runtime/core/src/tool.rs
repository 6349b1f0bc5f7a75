//! Tools: deterministic steps with effects, and what is pinned of them when a run starts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::limits::RunLimits;
use crate::record::Effect;
use crate::refusal::{Refusal, RefusalKind};
use crate::scope::{Authority, Capability, HttpRule, Narrowing};
use crate::spec;

/// Name of the tool that runs commands. Its input is an [`ExecInput`].
pub const EXEC: &str = "exec";

/// Separates the name of a provider from that of its tool.
pub const SEPARATOR: char = '/';

/// A tool as a run knows it, pinned in its first record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolDefinition {
    /// What it does, for people and models.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// JSON Schema of its input; none: anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// JSON Schema of its output; none: anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// Who performs it.
    pub provider: Provider,
    /// What it asks for, as far as policy grants it to this provider.
    #[serde(default)]
    pub authority: Authority,
    /// What a repeat would do outside, where policy says so; none: see [`effect`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The field of its input that takes an idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Wall time of one call in milliseconds, where the caller does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// Who performs a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// A component of the program, by name.
    Component(String),
    /// A program of the operating system, named in the input.
    Exec,
    /// A server of the Model Context Protocol, by name.
    Mcp(String),
}

/// How a server of the Model Context Protocol is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// A program that speaks over its standard streams.
    Stdio {
        /// The program, absolute, and its arguments.
        argv: Vec<String>,
        /// Its environment beside the usual few variables. A value `secret:NAME` is that secret.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// Its working directory, absolute; none: the root, or the directory of the project.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
    },
    /// Streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Headers of every request. In a value, `secret:NAME` as a word is that secret.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
    },
}

/// Where a secret comes from, and where it may go. Its value is in no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretDefinition {
    /// Where it comes from.
    pub from: SecretSource,
    /// Requests it may be put into; none: it goes to no guest's requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HttpRule>,
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// An environment variable of Baton.
    Env(String),
    /// A file, absolute; a line break at its end is not part of it.
    File(String),
    /// What a program writes to its standard output, as of a file.
    Command(Vec<String>),
}

/// Everything about tools that is pinned when a run starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tools {
    /// The tools by their full names: `PROVIDER/TOOL`, and [`EXEC`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, ToolDefinition>,
    /// Servers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, Server>,
    /// Secrets by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretDefinition>,
    /// Files with certificates (PEM) of further authorities that requests over TLS trust, absolute.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Instances kept for further calls of this run, by component; not named: none, every call gets
    /// a fresh one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub warm: BTreeMap<String, u32>,
}

impl Tools {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The tool of this name: its full name, or its own where only one provider has it.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<(&str, &ToolDefinition), Refusal> {
        if let Some((full, known)) = self.known.get_key_value(name) {
            return Ok((full, known));
        }
        // Commands are nobody's: no provider answers to their name.
        let own = |full: &str| {
            name != EXEC && full.rsplit_once(SEPARATOR).is_some_and(|(_, own)| own == name)
        };
        let mut found = self.known.iter().filter(|(full, _)| own(full));
        match (found.next(), found.next()) {
            (Some((full, known)), None) => Ok((full, known)),
            (Some((one, _)), Some((other, _))) => Err(Refusal::new(
                RefusalKind::Invalid,
                "ambiguous-tool",
                format!("there is more than one tool `{name}`: `{one}` and `{other}`"),
                "name it with its provider",
            )),
            _ => {
                let known: Vec<&str> = self.known.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                Err(Refusal::new(
                    RefusalKind::NotFound,
                    "unknown-tool",
                    format!("there is no tool `{name}`; there are: {known}"),
                    "its provider must be installed, and requested under `tools`",
                ))
            }
        }
    }
}

/// What a repeat of a call would do outside. A tool that can change nothing is `read`; every other
/// is `once`, and only policy loosens that.
#[must_use]
pub fn effect(definition: &ToolDefinition, authority: &Authority) -> Effect {
    match (definition.effect, &definition.provider) {
        (Some(effect), _) => effect,
        (None, Provider::Component(_)) if authority.is_harmless() => Effect::Read,
        (None, _) => Effect::Once,
    }
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Name of the tool, see [`Tools::find`].
    pub name: String,
    /// Its input.
    pub input: Json,
    /// Everything else.
    #[serde(default)]
    pub options: ToolOptions,
}

/// The documented keys of `tool-spec.options`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolOptions {
    /// Short name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Title of the phase the task belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Wall time of one attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Narrows what the tool may touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Narrowing>,
}

/// A call of a tool as it crosses the guest boundary.
#[derive(Clone, Debug)]
pub struct RawToolSpec {
    /// Name of the tool.
    pub name: String,
    /// JSON text of the input.
    pub input: String,
    /// JSON text of the options.
    pub options: String,
}

impl ToolSpec {
    /// Checks sizes and takes the options apart.
    ///
    /// # Errors
    /// A refusal that names what is wrong.
    pub fn parse(raw: RawToolSpec, limits: &RunLimits) -> Result<Self, Refusal> {
        spec::text_fits(&raw.name, limits)?;
        let input = spec::json(&raw.input, "input", limits)?;
        let options: ToolOptions = spec::options(&raw.options, limits)?;
        for text in [&options.label, &options.phase].into_iter().flatten() {
            spec::text_fits(text, limits)?;
        }
        spec::narrowing_fits(options.within.as_ref(), limits)?;
        Ok(Self { name: raw.name, input, options })
    }
}

/// Input of the tool [`EXEC`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecInput {
    /// The program and its arguments. No shell sees them.
    pub argv: Vec<String>,
    /// Working directory inside the root, relative; none: the root itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// What it reads on standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
}

/// Something that a task tried and may not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The capability it lacks.
    pub capability: Capability,
    /// A stable code in kebab-case, such as `http-host`.
    pub code: String,
    /// What it tried, such as `GET https://example.org` or `write out/a.txt`; without secrets.
    pub tried: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

/// Denials of one task that are kept; further ones are counted by nobody.
pub const DENIALS_MAX: usize = 64;
