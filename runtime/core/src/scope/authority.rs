//! What tools may touch outside of the sandbox.

use serde::{Deserialize, Serialize};

use super::exec::{ArgvPattern, ExecScope};
use super::http::{HttpRule, HttpScope};
use super::names::NameScope;
use super::paths::{GlobLayer, PathScope};

/// The capabilities, by the words that requests, grants, flags and records use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Reading files of the root.
    Read,
    /// Writing files of the root.
    Write,
    /// Sending requests over HTTP.
    Http,
    /// Seeing environment variables.
    Env,
    /// Having secrets put into requests.
    Secrets,
    /// Running commands.
    Exec,
    /// Calling tools.
    Tools,
    /// Spawning agents.
    Agents,
    /// Spawning workflows.
    Workflows,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Write,
        Self::Http,
        Self::Env,
        Self::Secrets,
        Self::Exec,
        Self::Tools,
        Self::Agents,
        Self::Workflows,
    ];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Http => "http",
            Self::Env => "env",
            Self::Secrets => "secrets",
            Self::Exec => "exec",
            Self::Tools => "tools",
            Self::Agents => "agents",
            Self::Workflows => "workflows",
        }
    }
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}`: {problem}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub problem: String,
}

impl PatternError {
    pub(super) fn new(pattern: &str, problem: &str) -> Self {
        Self { pattern: pattern.to_owned(), problem: problem.to_owned() }
    }
}

/// What a tool may touch. None of a capability: not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authority {
    /// Files of the root it may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<PathScope>,
    /// Files of the root it may make, change and remove. It may read them too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<PathScope>,
    /// Requests it may send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpScope>,
    /// Environment variables it sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<NameScope>,
    /// Secrets that are put into its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<NameScope>,
    /// Commands it may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecScope>,
}

/// Patterns that narrow an [`Authority`]; of a capability that is not named, nothing changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Narrowing {
    /// Glob patterns of files to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Vec<String>>,
    /// Glob patterns of files to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<Vec<String>>,
    /// Rules of requests, see [`HttpRule`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Vec<String>>,
    /// Names of environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Vec<String>>,
    /// Names of secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
    /// Patterns of argument lists, see [`ArgvPattern`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<Vec<String>>,
    /// Names of tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
}

impl Authority {
    /// Everything: for whoever narrows it next.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            read: Some(PathScope::default()),
            write: Some(PathScope::default()),
            http: Some(HttpScope::default()),
            env: Some(NameScope::default()),
            secrets: Some(NameScope::default()),
            exec: Some(ExecScope::default()),
        }
    }

    /// What a component asks for; nothing of a capability that it does not name.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn requested(
        read: Option<&GlobLayer>,
        write: Option<&GlobLayer>,
        http: &[String],
        env: &[String],
        secrets: &[String],
        exec: &[String],
    ) -> Result<Self, PatternError> {
        let paths = |layer: Option<&GlobLayer>| {
            layer.map(|layer| PathScope { layers: vec![layer.clone()] })
        };
        let names = |names: &[String]| (!names.is_empty()).then(|| NameScope::of(names));
        let http = match http {
            [] => None,
            rules => {
                Some(HttpScope { layers: vec![requested_rules(rules)?], ..HttpScope::default() })
            }
        };
        let exec = match exec {
            [] => None,
            patterns => {
                let layer: Result<Vec<ArgvPattern>, _> =
                    patterns.iter().map(|text| text.parse()).collect();
                Some(ExecScope { layers: vec![layer?], ..ExecScope::default() })
            }
        };
        Ok(Self {
            read: paths(read),
            write: paths(write),
            http,
            env: names(env),
            secrets: names(secrets),
            exec,
        })
    }

    /// What both allow.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        fn both<T>(mine: &Option<T>, theirs: &Option<T>, of: impl Fn(&T, &T) -> T) -> Option<T> {
            Some(of(mine.as_ref()?, theirs.as_ref()?))
        }
        Self {
            read: both(&self.read, &other.read, PathScope::intersect),
            write: both(&self.write, &other.write, PathScope::intersect),
            http: both(&self.http, &other.http, HttpScope::intersect),
            env: both(&self.env, &other.env, NameScope::intersect),
            secrets: both(&self.secrets, &other.secrets, NameScope::intersect),
            exec: both(&self.exec, &other.exec, ExecScope::intersect),
        }
    }

    /// What is left of it.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn narrowed(mut self, by: &Narrowing) -> Result<Self, PatternError> {
        if let Some(include) = &by.read {
            self.read = self.read.and_then(|own| own.narrowed(include));
        }
        // What may be written may be read: whoever may read less may not get at it that way.
        if let Some(include) = by.write.as_ref().or(by.read.as_ref()) {
            self.write = self.write.and_then(|own| own.narrowed(include));
        }
        let names = |own: Option<NameScope>, by: &Option<Vec<String>>| {
            own.map(|own| own.narrowed(by.as_deref()))
        };
        self.env = names(self.env, &by.env);
        self.secrets = names(self.secrets, &by.secrets);
        if let (Some(own), Some(rules)) = (&mut self.http, &by.http) {
            own.layers.push(requested_rules(rules)?);
        }
        if let (Some(own), Some(patterns)) = (&mut self.exec, &by.exec) {
            own.layers.push(patterns.iter().map(|text| text.parse()).collect::<Result<_, _>>()?);
        }
        Ok(self)
    }

    /// Whether it allows nothing at all.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it can change nothing outside of the sandbox, and tell nobody anything: a call may be
    /// repeated without anybody noticing.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        let Self { read: _, write, http, env: _, secrets, exec } = self;
        write.is_none() && http.is_none() && secrets.is_none() && exec.is_none()
    }
}

/// Rules as a guest asks for them. Where it may go is for the operator to say, so every one reaches
/// private addresses as far as it is concerned.
pub(crate) fn requested_rules(rules: &[String]) -> Result<Vec<HttpRule>, PatternError> {
    rules.iter().map(|text| text.parse().map(HttpRule::with_private)).collect()
}
