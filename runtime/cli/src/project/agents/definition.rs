//! One definition: the front matter and the body of a Markdown file.

use std::path::{Path, PathBuf};

use baton_core::manifest::AgentType;

use super::fields;
use crate::project::front_matter::{Value, parse};
use crate::project::places::Place;
use crate::project::scan::{self, Unread};

/// Bytes of one definition. Its body goes into every task of its type.
pub(super) const DEFINITION_BYTES_MAX: u64 = 64 << 10;

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

/// A definition, or its name as far as known and why it is none.
pub(super) type Read = Result<Definition, (Option<String>, String)>;

/// Reads a file.
pub(super) fn read(path: &Path, place: Place) -> Read {
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

/// Reads a text.
pub(super) fn definition(text: &str, path: &Path, place: Place) -> Read {
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
    let effort = fields::effort(text_of("effort"), &mut notes);
    let isolation = fields::isolation(page.fields.get("isolation"), &mut notes);
    let max_turns = fields::turns(page.fields.get("maxTurns"), &mut notes);
    let skills = page.fields.get("skills").map(tools).unwrap_or_default();
    let servers = page.fields.get("mcpServers");
    let servers = fields::servers(servers, place == Place::Plugin, &mut notes);
    let mut disallowed_tools = disallowed_tools;
    if let Some(mode) = page.fields.get("permissionMode") {
        disallowed_tools.extend(fields::taken_by_mode(mode, place == Place::Plugin, &mut notes));
    }
    notes.extend(page.fields.keys().filter_map(|field| fields::unused(field)));
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
