//! Agent definitions: Markdown files whose body is a system prompt, and the types that every
//! script may rely on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::manifest::AgentType;

use super::front_matter::{Value, parse};
use super::places::{Folder, Place, Places};
use super::scan::{self, Unread};

/// Bytes of one definition. Its body goes into every task of its type.
pub const DEFINITION_BYTES_MAX: u64 = 64 << 10;
/// The words for reasoning effort.
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
/// Fields that a workflow has no use for, and that harm nobody by being there.
const DISPLAY_FIELDS: [&str; 4] = ["background", "color", "initialPrompt", "version"];
/// Fields that mean something elsewhere and nothing here.
const UNSUPPORTED_FIELDS: [&str; 6] =
    ["hooks", "maxTurns", "mcpServers", "memory", "permissionMode", "skills"];

/// Types that scripts rely on wherever they run: name, description, tools they may not use.
const BUILT_IN: &[(&str, &str, &[&str])] = &[
    ("claude", "General work on any task.", &[]),
    ("Explore", "Searches and reads files to answer a question; changes nothing.", READ_ONLY),
    ("general-purpose", "General work: research, searching code, tasks of several steps.", &[]),
    ("Plan", "Reads files and makes a plan for a change; changes nothing.", READ_ONLY),
    ("workflow-subagent", "One bounded task of a workflow.", &[]),
];
/// What an agent that changes nothing may not use.
const READ_ONLY: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// An agent type and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What it is.
    pub agent_type: AgentType,
    /// Its file; none: built in.
    pub path: Option<PathBuf>,
    /// Whose it is.
    pub place: Place,
    /// What its file says and nobody obeys, in words.
    pub notes: Vec<String>,
}

/// A file that defines nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unloaded {
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub place: Place,
    /// The name, if it has one.
    pub name: Option<String>,
    /// Why it was not loaded.
    pub reason: String,
    /// Whether another definition of the same name, nearer by, is the only reason.
    pub shadowed: bool,
}

/// Every agent type around a working directory.
#[derive(Clone, Debug, Default)]
pub struct AgentTypes {
    /// The types by name.
    pub known: BTreeMap<String, Definition>,
    /// Files that were not loaded, in the order they were looked at.
    pub unloaded: Vec<Unloaded>,
}

impl AgentTypes {
    /// Reads all definitions. The nearest of a name wins, in one folder the first by path.
    #[must_use]
    pub fn load(places: &Places) -> Self {
        let mut types = Self::default();
        for folder in places.folders("agents") {
            types.add(&folder);
        }
        for (name, description, disallowed) in BUILT_IN {
            types.known.entry((*name).into()).or_insert_with(|| Definition {
                name: (*name).into(),
                agent_type: AgentType {
                    description: (*description).into(),
                    disallowed_tools: disallowed.iter().map(ToString::to_string).collect(),
                    ..AgentType::default()
                },
                path: None,
                place: Place::BuiltIn,
                notes: Vec::new(),
            });
        }
        types
    }

    fn add(&mut self, folder: &Folder) {
        let place = folder.place;
        let found = scan::scan(folder, true);
        for skipped in found.skipped {
            let (path, reason) = (skipped.path, skipped.reason);
            self.unloaded.push(Unloaded { path, place, name: None, reason, shadowed: false });
        }
        for path in found.files {
            if path.extension().is_none_or(|ending| ending != "md") {
                continue;
            }
            let definition = match read(&path, place) {
                Ok(definition) => definition,
                Err((name, reason)) => {
                    self.unloaded.push(Unloaded { path, place, name, reason, shadowed: false });
                    continue;
                }
            };
            match self.known.get(&definition.name).and_then(|other| other.path.clone()) {
                Some(other) => {
                    let same_folder = other.starts_with(&folder.path);
                    let reason = if same_folder {
                        format!("{} has the same name and comes first", other.display())
                    } else {
                        format!("{} is nearer", other.display())
                    };
                    let name = Some(definition.name);
                    self.unloaded.push(Unloaded {
                        path,
                        place,
                        name,
                        reason,
                        shadowed: !same_folder,
                    });
                }
                None => {
                    self.known.insert(definition.name.clone(), definition);
                }
            }
        }
    }
}

/// A definition, or its name as far as known and why it is none.
type Read = Result<Definition, (Option<String>, String)>;

fn read(path: &Path, place: Place) -> Read {
    let nameless = |reason: String| (None, reason);
    let bytes = scan::read(path, DEFINITION_BYTES_MAX).map_err(|unread| {
        nameless(match unread {
            Unread::TooLarge { size, max } => {
                format!("{size} bytes, where a definition has at most {max}")
            }
            Unread::Io(error) => error.to_string(),
        })
    })?;
    let text = String::from_utf8(bytes).map_err(|_| nameless("it is not UTF-8".into()))?;
    definition(&text, path, place)
}

fn definition(text: &str, path: &Path, place: Place) -> Read {
    let page = parse(text).map_err(|error| (None, error.to_string()))?;
    let text_of = |name: &str| match page.fields.get(name) {
        Some(Value::Text(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    };
    let name = text_of("name")
        .ok_or_else(|| (None, "it has no `name`: taken for documentation".to_owned()))?;
    let failed = |reason: String| (Some(name.clone()), reason);
    if name.starts_with('-') || name.contains(':') || name.chars().any(char::is_control) {
        let message = format!("the name `{name}` begins with `-` or contains `:`");
        return Err(failed(message));
    }
    let description =
        text_of("description").ok_or_else(|| failed("it has no `description`".into()))?;
    let mut notes = Vec::new();
    let disallowed_tools = page.fields.get("disallowedTools").map(tools).unwrap_or_default();
    let asked = page.fields.get("tools").map(tools).filter(|tools| tools != &["*"]);
    let left = asked.as_ref().map(|asked| allowed(asked, &disallowed_tools));
    if let (Some(asked), Some([])) = (&asked, left.as_deref()) {
        let entries = if asked.is_empty() { "none".to_owned() } else { asked.join(", ") };
        return Err(failed(format!("its `tools` leave nothing to use: {entries}")));
    }
    let effort = text_of("effort").filter(|word| {
        let known = EFFORTS.contains(&word.as_str());
        if !known {
            notes.push(format!("`effort: {word}` is none of {}", EFFORTS.join(", ")));
        }
        known
    });
    for field in page.fields.keys() {
        let field = field.as_str();
        if UNSUPPORTED_FIELDS.contains(&field) {
            notes.push(format!("`{field}` has no effect here"));
        } else if !is_known(field) {
            notes.push(format!("`{field}` is not a known field"));
        }
    }
    let system = Some(page.body.trim().to_owned()).filter(|body| !body.is_empty());
    let agent_type = AgentType {
        description,
        system,
        model: text_of("model"),
        effort,
        isolation: text_of("isolation"),
        tools: left,
        disallowed_tools,
        ..AgentType::default()
    };
    Ok(Definition { name, agent_type, path: Some(path.to_owned()), place, notes })
}

fn is_known(field: &str) -> bool {
    let used = ["name", "description", "tools", "disallowedTools", "model", "effort", "isolation"];
    used.contains(&field) || DISPLAY_FIELDS.contains(&field)
}

/// The entries of a list of tools: a list, or a text with commas outside of parentheses.
fn tools(value: &Value) -> Vec<String> {
    let entries = match value {
        Value::List(entries) => entries.clone(),
        Value::Text(text) => {
            let mut depth = 0_u32;
            let split = text.split(|c| {
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                c == ',' && depth == 0
            });
            split.map(ToOwned::to_owned).collect()
        }
        Value::Empty | Value::Other => Vec::new(),
    };
    let trimmed = entries.iter().map(|entry| entry.trim());
    trimmed.filter(|entry| !entry.is_empty()).map(ToOwned::to_owned).collect()
}

/// What is left of `tools` when those are taken away that may not be used.
fn allowed(tools: &[String], disallowed: &[String]) -> Vec<String> {
    let takes = |pattern: &str, tool: &str| {
        let server = pattern.strip_suffix('*').unwrap_or(pattern).trim_end_matches('_');
        match (pattern.strip_prefix("mcp__"), tool.strip_prefix("mcp__")) {
            (Some("*"), Some(_)) => true,
            (Some(_), Some(_)) => {
                tool == pattern
                    || tool == server
                    || tool.strip_prefix(server).is_some_and(|rest| rest.starts_with("__"))
            }
            // `Bash(git:*)` is a part of `Bash`, and `Agent(a, b)` of `Agent`.
            _ => tool == pattern || tool.split('(').next() == Some(pattern),
        }
    };
    let kept = |tool: &&String| !disallowed.iter().any(|pattern| takes(pattern, tool));
    tools.iter().filter(kept).cloned().collect()
}

#[cfg(test)]
mod tests;
