//! What a task may touch.
//!
//! A scope is a stack of layers for each capability; something is inside if **every** layer lets it
//! pass. Narrowing adds a layer, so a child's scope can never be wider than its parent's, whatever
//! its patterns say. A capability without a stack is not there at all: deny by default.

mod authority;
mod denials;
mod exec;
mod http;
mod names;
mod paths;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use authority::{Authority, Capability, Narrowing, PatternError};
pub use denials::Denials;
pub use exec::{ArgvPattern, ExecScope};
pub use http::{HttpRule, HttpScope, Reach, is_private};
pub use names::{NameScope, name_matches, names_meet};
pub use paths::{GlobLayer, PathScope, SECRET_PATTERNS};

/// Everything a task may touch. Deny by default: the empty scope touches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Reading files of the root; none: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<PathScope>,
    /// Whether agents may be spawned.
    #[serde(default)]
    pub agents: bool,
    /// Whether other workflows may be spawned.
    #[serde(default)]
    pub workflows: bool,
    /// Which tools may be called, and what they may touch then; none: no tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolScope>,
}

/// Which tools a task may call, and the most that any of them may touch on its behalf. What a tool
/// really touches is that, as far as the tool asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolScope {
    /// Patterns of their full names, such as `code/*`.
    pub names: NameScope,
    /// What they may touch.
    #[serde(default)]
    pub within: Authority,
}

impl Scope {
    /// The scope of a child that asked for `read` patterns and names `narrowing`: the parent's,
    /// narrowed by them. An empty list of patterns leaves nothing to read.
    ///
    /// # Errors
    /// When the narrowing cannot be read.
    pub(crate) fn for_child(
        &self,
        read: Option<&[String]>,
        narrowing: Option<&Narrowing>,
    ) -> Result<Self, PatternError> {
        let mut scope = self.narrowed(read);
        let Some(narrowing) = narrowing else { return Ok(scope) };
        scope.tools = match scope.tools {
            Some(own) => Some(ToolScope {
                names: own.names.narrowed(narrowing.tools.as_deref()),
                within: own.within.narrowed(narrowing)?,
            }),
            None => None,
        };
        Ok(scope)
    }

    /// The scope narrowed by `read` patterns. An empty list leaves nothing to read.
    #[must_use]
    pub fn narrowed(&self, read: Option<&[String]>) -> Self {
        let mut scope = self.clone();
        if let Some(include) = read {
            scope.read = scope.read.and_then(|own| own.narrowed(include));
        }
        scope
    }

    /// What both allow.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let both = |mine: &Option<PathScope>, theirs: &Option<PathScope>| {
            Some(mine.as_ref()?.intersect(theirs.as_ref()?))
        };
        let tools = match (&self.tools, &other.tools) {
            (Some(mine), Some(theirs)) => Some(ToolScope {
                names: mine.names.intersect(&theirs.names),
                within: mine.within.intersect(&theirs.within),
            }),
            _ => None,
        };
        Self {
            read: both(&self.read, &other.read),
            agents: self.agents && other.agents,
            workflows: self.workflows && other.workflows,
            tools,
        }
    }
}
