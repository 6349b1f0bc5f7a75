//! The built-in tools, as models and agent definitions know them.

use serde_json::{Value, json};

/// A built-in tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Builtin {
    ReadFile,
    ListFiles,
    Search,
    EditFile,
    WriteFile,
    Skill,
}

impl Builtin {
    pub(super) const ALL: [Self; 6] = [
        Self::ReadFile,
        Self::ListFiles,
        Self::Search,
        Self::EditFile,
        Self::WriteFile,
        Self::Skill,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ReadFile => "read_file",
            Self::ListFiles => "list_files",
            Self::Search => "search",
            Self::EditFile => "edit_file",
            Self::WriteFile => "write_file",
            Self::Skill => "skill",
        }
    }

    /// Its names in agent definitions, its own first.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::ReadFile => &["read_file", "Read"],
            Self::ListFiles => &["list_files", "Glob", "LS"],
            Self::Search => &["search", "Grep"],
            Self::EditFile => &["edit_file", "Edit", "MultiEdit"],
            Self::WriteFile => &["write_file", "Write"],
            Self::Skill => &["skill", "Skill"],
        }
    }

    /// Whether it changes nothing, so that several may be at work at once.
    pub(super) fn only_reads(self) -> bool {
        !matches!(self, Self::EditFile | Self::WriteFile)
    }

    /// Whether making the call once more, without knowing whether it was made, does no harm.
    pub(super) fn repeats(self) -> bool {
        self != Self::EditFile
    }

    /// What a model is told of it.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::ReadFile => {
                "Reads a text file. Every line comes with its number. Of a long file, name the lines \
                 you want."
            }
            Self::ListFiles => {
                "Lists files with their sizes in bytes. Leaves out what `.gitignore` files leave out \
                 and names that begin with a dot, unless you ask for them."
            }
            Self::Search => {
                "Searches text files line by line for a regular expression (without look-around and \
                 back references). Brings `path:line: text`."
            }
            Self::EditFile => {
                "Replaces a text in a file by another. `old` must stand in the file exactly once, to \
                 the last space, unless `all` is true."
            }
            Self::WriteFile => "Writes a whole file, new or in place of the one that is there.",
            Self::Skill => "Brings the text of a skill.",
        }
    }

    /// Schema of its input.
    pub(super) fn input(self) -> Value {
        let path = json!({ "type": "string", "description": "Path relative to the root." });
        let globs = json!({
            "type": "array",
            "items": { "type": "string" },
            "description": "Glob patterns such as `src/**/*.rs`, of which one must match. None: every file."
        });
        let flag = |what: &str| json!({ "type": "boolean", "description": what });
        let (properties, required) = match self {
            Self::ReadFile => (
                json!({
                    "path": path,
                    "first": { "type": "integer", "minimum": 1, "description": "First line, from 1." },
                    "last": { "type": "integer", "minimum": 1, "description": "Last line." }
                }),
                &["path"][..],
            ),
            Self::ListFiles => (
                json!({
                    "patterns": globs,
                    "hidden": flag("Also names that begin with a dot."),
                    "ignored": flag("Also what ignore files leave out."),
                    "directories": flag("Name directories too.")
                }),
                &[][..],
            ),
            Self::Search => (
                json!({
                    "expression": { "type": "string", "description": "The regular expression." },
                    "patterns": globs,
                    "hidden": flag("Also names that begin with a dot."),
                    "ignored": flag("Also what ignore files leave out.")
                }),
                &["expression"][..],
            ),
            Self::EditFile => (
                json!({
                    "path": path,
                    "old": { "type": "string", "description": "The text that is there." },
                    "new": { "type": "string", "description": "What takes its place." },
                    "all": flag("Replace every occurrence.")
                }),
                &["path", "old", "new"][..],
            ),
            Self::WriteFile => (
                json!({
                    "path": path,
                    "text": { "type": "string", "description": "The whole content." }
                }),
                &["path", "text"][..],
            ),
            Self::Skill => (
                json!({ "name": { "type": "string", "description": "Name of the skill." } }),
                &["name"][..],
            ),
        };
        object(&properties, required)
    }
}

/// Schema of an object with these properties and no others.
pub(super) fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}
