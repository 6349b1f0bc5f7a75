//! What an agent says of its tools, and what their use comes to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::wire::{ToolCallContent, ToolCallStatus, ToolCallUpdate, ToolKind};
use crate::coding::permit::Wish;

/// Tools that are remembered; further ones are known only by what is said of them at once.
const CALLS_MAX: usize = 10_000;

/// Paths of one use that are looked at; one with more is refused.
const PATHS_MAX: usize = 1_000;

/// Fields of an input that hold a path.
const PATH_FIELDS: &[&str] = &[
    "path",
    "file_path",
    "filePath",
    "abs_path",
    "absolute_path",
    "notebook_path",
    "target_file",
    "old_path",
    "new_path",
    "source",
    "destination",
    "dir_path",
    "directory",
];

/// Fields of an input that hold a command.
const COMMAND_FIELDS: &[&str] = &["command", "cmd", "argv"];

/// Fields of an input that hold a working directory.
const DIRECTORY_FIELDS: &[&str] = &["cwd", "workdir", "dir_path", "directory"];

/// What is known of one use of a tool.
#[derive(Clone, Debug, Default)]
pub(super) struct Use {
    kind: Option<ToolKind>,
    title: String,
    paths: Vec<PathBuf>,
    input: Value,
    at_work: bool,
}

impl Use {
    /// Takes in what is said further. Paths are never taken away again.
    fn learn(&mut self, said: &ToolCallUpdate) {
        let fields = &said.fields;
        self.kind = fields.kind.or(self.kind);
        if let Some(title) = &fields.title {
            self.title.clone_from(title);
        }
        if let Some(input) = &fields.raw_input {
            self.input = input.clone();
        }
        let locations = fields.locations.iter().flatten().map(|location| &location.path);
        let diffs = fields.content.iter().flatten().filter_map(|content| match content {
            ToolCallContent::Diff(diff) => Some(&diff.path),
            _ => None,
        });
        for path in locations.chain(diffs) {
            if !self.paths.contains(path) && self.paths.len() <= PATHS_MAX {
                self.paths.push(path.clone());
            }
        }
        if let Some(status) = fields.status {
            self.at_work = matches!(status, ToolCallStatus::Pending | ToolCallStatus::InProgress);
        }
    }

    /// What it is called.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// What it comes to. `title_is_command`: a title of a command is the command itself.
    pub(super) fn wishes(&self, root: &Path, title_is_command: bool) -> Vec<Wish> {
        let other = || vec![Wish::Other(format!("the tool {}", self.title))];
        let paths = self.all_paths(root);
        if paths.len() > PATHS_MAX {
            return other();
        }
        let each = |wish: fn(PathBuf) -> Wish| paths.iter().cloned().map(wish).collect();
        match self.kind.unwrap_or_default() {
            ToolKind::Read => each(Wish::Read),
            ToolKind::Search if paths.is_empty() => vec![Wish::Tree(root.to_owned())],
            ToolKind::Search => each(Wish::Read),
            ToolKind::Edit | ToolKind::Delete | ToolKind::Move => each(Wish::Write),
            ToolKind::Execute => self.command(root, title_is_command).unwrap_or_else(other),
            ToolKind::Fetch => {
                let url = self.input.get("url").and_then(Value::as_str).unwrap_or(&self.title);
                vec![Wish::Fetch(url.to_owned())]
            }
            _ => other(),
        }
    }

    fn all_paths(&self, root: &Path) -> Vec<PathBuf> {
        let named = PATH_FIELDS.iter().filter_map(|field| self.input.get(*field)?.as_str());
        let all = self.paths.iter().map(PathBuf::as_path).chain(named.map(Path::new));
        all.map(|path| root.join(path)).collect()
    }

    fn command(&self, root: &Path, title_is_command: bool) -> Option<Vec<Wish>> {
        let command = COMMAND_FIELDS.iter().find_map(|field| self.input.get(*field));
        let wish = match command {
            Some(Value::String(line)) => Wish::Shell(line.clone()),
            Some(Value::Array(words)) => {
                let words: Option<Vec<String>> =
                    words.iter().map(|word| word.as_str().map(ToOwned::to_owned)).collect();
                Wish::Run(words?)
            }
            Some(_) => return None,
            None if title_is_command => Wish::Shell(self.title.clone()),
            None => return None,
        };
        let directories =
            DIRECTORY_FIELDS.iter().filter_map(|field| self.input.get(*field)?.as_str());
        let elsewhere = directories.map(|path| root.join(path)).filter(|path| path != root);
        Some(std::iter::once(wish).chain(elsewhere.map(Wish::Tree)).collect())
    }
}

/// All uses of a session.
#[derive(Debug, Default)]
pub(super) struct Uses(BTreeMap<String, Use>);

impl Uses {
    /// What is known of a use, with what is said now.
    pub(super) fn learn(&mut self, said: &ToolCallUpdate) -> Use {
        let id = said.tool_call_id.to_string();
        let known = self.0.get(&id).cloned();
        let is_new = known.is_none();
        let mut known = known.unwrap_or_default();
        known.learn(said);
        if !is_new || self.0.len() < CALLS_MAX {
            self.0.insert(id, known.clone());
        }
        known
    }

    /// Whether one is at work.
    pub(super) fn is_busy(&self) -> bool {
        self.0.values().any(|known| known.at_work)
    }
}
