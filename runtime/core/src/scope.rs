//! What a task may touch.
//!
//! A scope is a stack of layers; a path is inside if **every** layer lets it pass. Narrowing adds a
//! layer, so a child's scope can never be wider than its parent's, whatever its patterns say.

use serde::{Deserialize, Serialize};

/// One set of glob patterns. A path passes if it matches an `include` pattern (or there is none)
/// and no `exclude` pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobLayer {
    /// Patterns of which one must match; empty lets every path pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Patterns of which none may match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// Files a task may read: all layers must let a path pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadScope {
    /// The layers, widest first.
    pub layers: Vec<GlobLayer>,
}

/// Everything a task may touch. Deny by default: the empty scope touches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Reading files of the root; none: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadScope>,
    /// Whether agents may be spawned.
    #[serde(default)]
    pub agents: bool,
    /// Whether other workflows may be spawned.
    #[serde(default)]
    pub workflows: bool,
}

impl Scope {
    /// The scope of a child that asked for `read` patterns: the parent's, narrowed by them. An empty
    /// list leaves nothing to read.
    #[must_use]
    pub fn narrowed(&self, read: Option<&[String]>) -> Self {
        let mut scope = self.clone();
        // A layer without patterns lets every path pass, which is the contrary of what was asked.
        if read.is_some_and(<[String]>::is_empty) {
            scope.read = None;
        }
        if let (Some(own), Some(include)) = (&mut scope.read, read) {
            own.layers.push(GlobLayer { include: include.to_vec(), exclude: Vec::new() });
        }
        scope
    }

    /// What both allow.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let read = match (&self.read, &other.read) {
            (Some(mine), Some(theirs)) => {
                let mut layers = mine.layers.clone();
                for layer in &theirs.layers {
                    if !layers.contains(layer) {
                        layers.push(layer.clone());
                    }
                }
                Some(ReadScope { layers })
            }
            _ => None,
        };
        Self {
            read,
            agents: self.agents && other.agents,
            workflows: self.workflows && other.workflows,
        }
    }
}

/// Patterns of files that usually hold secrets. They are outside every scope unless a grant names
/// them: the host adds them as an `exclude` layer.
pub const SECRET_PATTERNS: &[&str] = &[
    "**/.env",
    "**/.env.*",
    "**/.git",
    "**/.git/**",
    "**/.ssh/**",
    "**/.aws/**",
    "**/.gnupg/**",
    "**/.netrc",
    "**/.npmrc",
    "**/.pypirc",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/*.keystore",
    "**/id_rsa*",
    "**/id_ed25519*",
    "**/id_ecdsa*",
    "**/credentials",
    "**/credentials.json",
    "**/secrets.*",
    "**/.baton/**",
];

impl GlobLayer {
    /// The layer that keeps secrets out of every scope.
    #[must_use]
    pub fn no_secrets() -> Self {
        Self {
            include: Vec::new(),
            exclude: SECRET_PATTERNS.iter().map(ToString::to_string).collect(),
        }
    }
}
