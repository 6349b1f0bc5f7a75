//! What is said about a script: findings and the inspection.

use serde::{Deserialize, Serialize};

use crate::meta::Meta;

/// What kind of finding this is. The words are stable; programs match on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The file has more than [`crate::SOURCE_BYTES_MAX`] bytes.
    TooLarge,
    /// Not JavaScript.
    Syntax,
    /// TypeScript, where only plain JavaScript is accepted.
    Typescript,
    /// There is no `export const meta = { … }`.
    MetaMissing,
    /// Something stands before `meta`.
    MetaNotFirst,
    /// `meta` holds something that is not a plain literal.
    MetaNotLiteral,
    /// `meta` holds a key that is refused at any depth.
    MetaKey,
    /// A field of `meta` is missing or of the wrong kind.
    MetaField,
    /// An `import` declaration.
    Import,
    /// An `import(…)` expression.
    DynamicImport,
    /// `import.meta`.
    ImportMeta,
    /// An `export` other than that of `meta`.
    Export,
    /// An unguarded call of `require`.
    Require,
    /// Warning: `meta` has a key that nothing reads.
    MetaUnknownKey,
    /// Warning: the name is not `[a-z0-9][a-z0-9-]*`.
    MetaName,
    /// Warning: `parallel` is given calls where it takes functions.
    ParallelCalls,
    /// Warning: the stack of an error goes into a text, where it makes the text differ by host.
    ErrorStack,
}

impl Code {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Syntax => "syntax",
            Self::Typescript => "typescript",
            Self::MetaMissing => "meta-missing",
            Self::MetaNotFirst => "meta-not-first",
            Self::MetaNotLiteral => "meta-not-literal",
            Self::MetaKey => "meta-key",
            Self::MetaField => "meta-field",
            Self::Import => "import",
            Self::DynamicImport => "dynamic-import",
            Self::ImportMeta => "import-meta",
            Self::Export => "export",
            Self::Require => "require",
            Self::MetaUnknownKey => "meta-unknown-key",
            Self::MetaName => "meta-name",
            Self::ParallelCalls => "parallel-calls",
            Self::ErrorStack => "error-stack",
        }
    }
}

/// One thing that is wrong with a script, or doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The kind.
    pub code: Code,
    /// What is wrong, in one line, without the place.
    pub message: String,
    /// The line in the file, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The lines around the place, ready to print (see [`crate::frame`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
}

/// Everything that can be told about a script without running it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Inspection {
    /// The facts of the script, if its `meta` could be read.
    pub meta: Option<Meta>,
    /// Why the script is refused; empty for a script that may start. In order of place.
    pub errors: Vec<Finding>,
    /// What is doubtful, in order of place.
    pub warnings: Vec<Finding>,
    /// Calls of `workflow`.
    pub workflows: Vec<WorkflowUse>,
    /// Literal `agentType` options of `agent` calls.
    pub agent_types: Vec<NameUse>,
    /// Uses of the `baton` global and of `opts.baton`.
    pub extensions: Vec<NameUse>,
    /// Uses of globals that another runtime may lack.
    pub portability: Vec<PortabilityUse>,
    /// Calls of `agent` and `baton.agent`.
    pub agents: Vec<AgentUse>,
    /// Tools by their literal names: of `baton.tool` and of `opts.baton.tools`; `exec` for
    /// `baton.exec`.
    pub tools: Vec<ToolUse>,
}

/// A use of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUse {
    /// The name, or a pattern of names; absent where it is computed when the script runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of `exec`: the literal arguments at the beginning of the command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Of `exec`: whether `argv` is the whole command.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// The line in the file, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// A call of `workflow`. Both names absent: the target is computed when the script runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowUse {
    /// The literal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The literal `scriptPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_path: Option<String>,
    /// The line in the file, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// A name and where it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameUse {
    /// The name.
    pub name: String,
    /// The line in the file, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// A use of a global that another runtime may lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortabilityUse {
    /// The name of the global.
    pub name: String,
    /// The line in the file, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// What to expect elsewhere.
    pub message: String,
}

/// A place that calls an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentUse {
    /// The line in the file, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// The label, where it is a literal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The model, where it is a literal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `opts.baton.tier`, where it is a literal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The literal steps of `opts.baton.ladder`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<String>,
    /// Whether the place stands in a loop or a function, so that it may call many times or never.
    /// A function written directly in the list given to `parallel` does not count.
    pub repeated: bool,
}
