//! What a migration is asked for.

use baton_guest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Attempts at a file where the input does not say.
const ATTEMPTS: usize = 3;
/// Attempts at a file at the most.
const ATTEMPTS_MAX: usize = 8;
/// Files where the input does not say.
const FILES: usize = 200;
/// Files at the most.
const FILES_MAX: usize = 1_000;
/// The choice of a model that means the run's own.
const INHERIT: &str = "inherit";

/// Input of the workflow.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Glob patterns of the files to port.
    pub files: Vec<String>,
    /// Glob patterns of files to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What to do with each file.
    pub instructions: String,
    /// Files that every agent should read first.
    #[serde(default)]
    pub context: Vec<String>,
    /// What tells whether a file is ported.
    pub check: Check,
    /// How often a file is tried.
    #[serde(default)]
    pub attempts: Option<usize>,
    /// Tiers or models to try, in this order.
    #[serde(default)]
    pub models: Vec<String>,
    /// Files at the most.
    #[serde(default)]
    pub max_files: Option<usize>,
    /// The run fails if a file could not be ported.
    #[serde(default)]
    pub all_or_nothing: bool,
}

/// What tells whether a file is ported.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Check {
    /// A command.
    Command(Command),
    /// A tool.
    Tool(Tool),
}

/// A command that ends with status 0.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its working directory, relative to the root.
    #[serde(default)]
    pub cwd: Option<String>,
}

/// A tool that does not fail.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its full name.
    pub tool: String,
    /// Its input.
    #[serde(default)]
    pub input: Map<String, Value>,
}

impl Input {
    /// Checks what a schema cannot say.
    ///
    /// # Errors
    /// When there is nothing to do, or no way to tell whether it was done.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: &str| Err(Error::new("input", message));
        if self.files.is_empty() {
            return wrong("`files` names no files");
        }
        if self.instructions.trim().is_empty() {
            return wrong("`instructions` does not say what to do");
        }
        if let Check::Command(command) = &self.check
            && command.argv.first().is_none_or(String::is_empty)
        {
            return wrong("`check.argv` names no program");
        }
        Ok(())
    }

    /// The models to try, in this order.
    #[must_use]
    pub fn rungs(&self) -> Vec<String> {
        if self.models.is_empty() {
            let attempts = self.attempts.unwrap_or(ATTEMPTS).clamp(1, ATTEMPTS_MAX);
            return vec![INHERIT.to_owned(); attempts];
        }
        self.models.iter().take(ATTEMPTS_MAX).cloned().collect()
    }

    /// Files at the most.
    #[must_use]
    pub fn files_max(&self) -> usize {
        self.max_files.unwrap_or(FILES).clamp(1, FILES_MAX)
    }
}

impl Check {
    /// The tool that checks a file, and its input.
    #[must_use]
    pub fn of(&self, path: &str) -> (String, Value) {
        match self {
            Self::Command(command) => {
                let argv: Vec<String> =
                    command.argv.iter().map(|word| filled(word, path)).collect();
                let mut input = Map::from_iter([("argv".to_owned(), json!(argv))]);
                if let Some(cwd) = &command.cwd {
                    input.insert("cwd".into(), filled(cwd, path).into());
                }
                ("exec".into(), input.into())
            }
            Self::Tool(tool) => {
                (tool.tool.clone(), filled_value(&Value::Object(tool.input.clone()), path))
            }
        }
    }

    /// The pattern of the command that checks a file and of no other; none: it is no command, or
    /// one that a pattern cannot tell from others.
    #[must_use]
    pub fn pattern(&self, path: &str) -> Option<String> {
        let Self::Command(command) = self else { return None };
        let words = command.argv.iter().map(|word| {
            let word = filled(word, path);
            match word.contains(['*', '\'']) {
                true => None,
                false if word.is_empty() || word.contains(char::is_whitespace) => {
                    Some(format!("'{word}'"))
                }
                false => Some(word),
            }
        });
        words.collect::<Option<Vec<String>>>().map(|words| words.join(" "))
    }
}

/// A text with the parts of a path in place of their names.
#[must_use]
pub fn filled(text: &str, path: &str) -> String {
    let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // In one pass: a path may itself look like one of the names.
    while let Some(at) = rest.find('{') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let parts = [("{path}", path), ("{dir}", dir), ("{name}", name), ("{stem}", stem)];
        match parts.into_iter().find(|(mark, _)| tail.starts_with(mark)) {
            Some((mark, part)) => {
                out.push_str(part);
                rest = tail.get(mark.len()..).unwrap_or_default();
            }
            None => {
                out.push('{');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn filled_value(value: &Value, path: &str) -> Value {
    match value {
        Value::String(text) => filled(text, path).into(),
        Value::Array(items) => items.iter().map(|item| filled_value(item, path)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), filled_value(value, path))).collect()
        }
        other => other.clone(),
    }
}
