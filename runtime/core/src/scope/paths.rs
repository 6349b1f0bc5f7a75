//! Files of the granted root.

use serde::{Deserialize, Serialize};

use super::names::merged;

/// One set of glob patterns. A path passes if it matches an `include` pattern (or there is none)
/// and no `exclude` pattern, or in spite of that an `unless` pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobLayer {
    /// Patterns of which one must match; empty lets every path pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Patterns of which none may match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Patterns of what passes although an `exclude` pattern matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
}

/// Files of the root that may be touched in one way: all layers must let a path pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathScope {
    /// The layers, widest first.
    pub layers: Vec<GlobLayer>,
}

impl PathScope {
    /// What all of `include` and this scope let pass; none: nothing, because nothing was asked for.
    #[must_use]
    pub fn narrowed(mut self, include: &[String]) -> Option<Self> {
        // A layer without patterns lets every path pass, which is the contrary of what was asked.
        if include.is_empty() {
            return None;
        }
        self.layers.push(GlobLayer { include: include.to_vec(), ..GlobLayer::default() });
        Some(self)
    }

    /// What both let pass.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { layers: merged(&self.layers, &other.layers) }
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
            exclude: SECRET_PATTERNS.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
}
