//! Agent definitions: Markdown files whose body is a system prompt, and the types that every
//! script may rely on.

mod fields;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::manifest::AgentType;

use super::front_matter::{Value, parse};
use super::places::{Folder, Place, Places};
use super::plugins::MANIFEST;
use super::scan::{self, Unread};

/// Bytes of one definition. Its body goes into every task of its type.
pub const DEFINITION_BYTES_MAX: u64 = 64 << 10;
/// The only isolation there is.
const WORKTREE: &str = "worktree";
/// The words for reasoning effort.
const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
/// Fields that a workflow has no use for, and that harm nobody by being there.
const DISPLAY_FIELDS: [&str; 4] = ["background", "color", "initialPrompt", "version"];
/// Fields that mean something elsewhere and nothing here.
const UNSUPPORTED_FIELDS: [&str; 2] = ["hooks", "memory"];
/// Fields that are obeyed.
const USED_FIELDS: [&str; 11] = [
    "name",
    "description",
    "tools",
    "disallowedTools",
    "model",
    "effort",
    "isolation",
    "maxTurns",
    "skills",
    "mcpServers",
    "permissionMode",
];

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
    /// What a script that means it would call it: its name, or else that of its file.
    pub called: Option<String>,
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
        for skipped in places.unread() {
            types.unloaded.push(Unloaded {
                path: skipped.path.clone(),
                place: Place::Plugin,
                name: None,
                called: None,
                reason: skipped.reason.clone(),
                shadowed: false,
            });
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

    /// Why there is no type of that name although a file seems to define it, in words.
    #[must_use]
    pub fn why_not(&self, name: &str, places: &Places) -> Option<String> {
        let meant = |file: &&Unloaded| file.called.as_deref() == Some(name);
        let manifest = |file: &&Unloaded| name.contains(':') && file.path.ends_with(MANIFEST);
        let mut files = self.unloaded.iter();
        let file = files.clone().find(meant).or_else(|| files.find(manifest))?;
        let (path, reason) = (places.shown(&file.path), places.shown(file.reason.as_ref()));
        Some(format!("{path} was not loaded: {reason}"))
    }

    fn add(&mut self, folder: &Folder) {
        let found = scan::scan(folder, true);
        for skipped in found.skipped {
            self.unload(folder, skipped.path, None, skipped.reason);
        }
        for path in found.files {
            if path.extension().is_none_or(|ending| ending != "md") {
                continue;
            }
            let mut definition = match read(&path, folder.place) {
                Ok(definition) => definition,
                Err((name, reason)) => {
                    self.unload(folder, path, name, reason);
                    continue;
                }
            };
            definition.name = match qualified(folder, &path, &definition.name) {
                Ok(name) => name,
                Err(reason) => {
                    self.unload(folder, path, Some(definition.name), reason);
                    continue;
                }
            };
            match self.known.get(&definition.name).and_then(|other| other.path.clone()) {
                // The manifest of a plugin may name a file that is found without it.
                Some(other) if other == path => {}
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
                        place: folder.place,
                        called: name.clone(),
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

    fn unload(&mut self, folder: &Folder, path: PathBuf, name: Option<String>, reason: String) {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let called = name.as_deref().or(stem);
        let called = called.and_then(|name| qualified(folder, &path, name).ok());
        let place = folder.place;
        let unloaded = Unloaded { path, place, name, called, reason, shadowed: false };
        if !self.unloaded.contains(&unloaded) {
            self.unloaded.push(unloaded);
        }
    }
}

/// The name of a definition in a folder: in that of a plugin, `PLUGIN:NAME`, with the folders
/// between them as further parts.
fn qualified(folder: &Folder, path: &Path, name: &str) -> Result<String, String> {
    let Some(plugin) = &folder.plugin else { return Ok(name.to_owned()) };
    let between = path.strip_prefix(&folder.path).ok().and_then(Path::parent);
    let mut parts = vec![plugin.as_str()];
    for part in between.unwrap_or(Path::new("")) {
        let usable = |part: &&str| !part.contains(|c: char| c == ':' || c.is_control());
        let part = part.to_str().filter(usable).ok_or_else(|| {
            format!("its folder `{}` cannot be part of a name", Path::new(part).display())
        })?;
        parts.push(part);
    }
    parts.push(name);
    Ok(parts.join(":"))
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

/// The name and the type that a text defines, if it defines any.
#[must_use]
pub fn read_text(text: &str) -> Option<(String, AgentType)> {
    let read = definition(text, Path::new(""), Place::Project).ok()?;
    Some((read.name, read.agent_type))
}

fn definition(text: &str, path: &Path, place: Place) -> Read {
    let page = parse(text).map_err(|error| (None, error.to_string()))?;
    let text_of = |name: &str| match page.fields.get(name) {
        Some(Value::Text(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    };
    let slip = page.slip.as_ref().map(ToString::to_string);
    // Where the front matter is torn, that is why something is missing.
    let missing = |reason: &str| slip.clone().unwrap_or_else(|| reason.to_owned());
    let name = text_of("name")
        .ok_or_else(|| (None, missing("it has no `name`: taken for documentation")))?;
    let failed = |reason: String| (Some(name.clone()), reason);
    if name.starts_with('-') || name.contains(':') || name.chars().any(char::is_control) {
        let message = format!("the name `{name}` begins with `-` or contains `:`");
        return Err(failed(message));
    }
    let description =
        text_of("description").ok_or_else(|| failed(missing("it has no `description`")))?;
    let mut notes = Vec::new();
    notes.extend(slip.map(|slip| format!("{slip}; its lines are taken as they stand")));
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
    let isolation = match page.fields.get("isolation") {
        None | Some(Value::Empty) => None,
        Some(Value::Text(text)) if text.trim() == WORKTREE => Some(WORKTREE.to_owned()),
        Some(Value::Text(text)) => {
            notes.push(format!(
                "`isolation: {}` has no effect: it is not `{WORKTREE}`",
                text.trim()
            ));
            None
        }
        Some(Value::List(_) | Value::Other) => {
            notes.push(format!("`isolation` has no effect: it is not `{WORKTREE}`"));
            None
        }
    };
    let max_turns = fields::turns(page.fields.get("maxTurns"), &mut notes);
    let skills = page.fields.get("skills").map(tools).unwrap_or_default();
    let servers = page.fields.get("mcpServers");
    let servers = fields::servers(servers, place == Place::Plugin, &mut notes);
    let mut disallowed_tools = disallowed_tools;
    if let Some(mode) = page.fields.get("permissionMode") {
        disallowed_tools.extend(fields::taken_by_mode(mode, place == Place::Plugin, &mut notes));
    }
    for field in page.fields.keys() {
        let field = field.as_str();
        if UNSUPPORTED_FIELDS.contains(&field) {
            notes.push(format!("`{field}` has no effect here"));
        } else if !USED_FIELDS.contains(&field) && !DISPLAY_FIELDS.contains(&field) {
            notes.push(format!("`{field}` is not a known field"));
        }
    }
    let system = Some(page.body.trim().to_owned()).filter(|body| !body.is_empty());
    let agent_type = AgentType {
        description,
        system,
        model: text_of("model"),
        effort,
        isolation,
        tools: fields::named_here(left, &servers),
        disallowed_tools: fields::with_own_names(disallowed_tools),
        max_turns,
        skills,
        ..AgentType::default()
    };
    Ok(Definition { name, agent_type, path: Some(path.to_owned()), place, notes })
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
