//! The built-in tools at work.

use std::fmt::Write;

use baton_core::files::{
    EntryKind, FileAnswer, FileError, FileErrorKind, FileRequest, Selection, SelectionOptions,
};
use baton_core::json::Json;
use baton_core::scope::Capability;
use baton_core::tool::Denial;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::catalog::Builtin;
use super::files::Files;
use crate::backend::Guidance;

/// Characters of what was tried that a denial repeats.
const TRIED_CHARS: usize = 200;

/// What a call of a tool came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// For the model.
    pub(super) content: String,
    /// It failed.
    pub(super) failed: bool,
    /// It tried what it may not do.
    pub(super) denied: Option<Denial>,
}

impl Done {
    pub(super) fn well(content: String) -> Self {
        Self { content, ..Self::default() }
    }

    pub(super) fn failed(content: impl Into<String>) -> Self {
        Self { content: content.into(), failed: true, denied: None }
    }

    fn of(error: &FileError, capability: Capability, path: &str) -> Self {
        let tried = |path: &str| {
            format!("{} {path}", capability.as_str()).chars().take(TRIED_CHARS).collect()
        };
        // A path that points out of the root is an attempt to get out of it, however it is spelt.
        let outside = error.kind == FileErrorKind::Denied
            || ["absolute-path", "parent-part"].contains(&error.code.as_str());
        let denied = outside.then(|| Denial {
            capability,
            code: error.code.clone(),
            tried: tried(path),
            hint: String::new(),
        });
        Self { content: error.to_string(), failed: true, denied }
    }
}

/// What the built-in tools work with.
#[derive(Clone, Debug)]
pub(super) struct Bench {
    pub(super) files: Files,
    pub(super) guidance: std::sync::Arc<Guidance>,
    /// Bytes of one result.
    pub(super) result_bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadFile {
    path: String,
    #[serde(default)]
    first: Option<u64>,
    #[serde(default)]
    last: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFiles {
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    ignored: bool,
    #[serde(default)]
    directories: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    expression: String,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    ignored: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditFile {
    path: String,
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteFile {
    path: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skill {
    name: String,
}

impl Bench {
    /// Makes a call. Blocks on the disk.
    pub(super) fn perform(&self, tool: Builtin, input: &Json) -> Done {
        let done = match tool {
            Builtin::ReadFile => parse(input).map(|input| self.read_file(input)),
            Builtin::ListFiles => parse(input).map(|input| self.list_files(input)),
            Builtin::Search => parse(input).map(|input| self.search(input)),
            Builtin::EditFile => parse(input).map(|input| self.edit_file(&input)),
            Builtin::WriteFile => parse(input).map(|input| self.write_file(&input)),
            Builtin::Skill => parse(input).map(|input| self.skill(&input)),
        };
        done.unwrap_or_else(Done::failed)
    }

    fn read_file(&self, input: ReadFile) -> Done {
        let path = plain(&input.path);
        let bytes = match self.files.read(path) {
            Ok((bytes, _)) => bytes,
            Err(error) => return Done::of(&error, Capability::Read, path),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Done::failed(format!("{path:?} is not a text file"));
        };
        let count = text.lines().count() as u64;
        let (first, last) = (input.first.unwrap_or(1), input.last.unwrap_or(count).min(count));
        if count == 0 {
            return Done::well("[the file is empty]".to_owned());
        }
        if first == 0 || first > last {
            return Done::failed(format!("there are no such lines: the file has {count}"));
        }
        Done::well(self.lines(&text, first, last, count))
    }

    /// Numbered lines, as many as fit.
    fn lines(&self, text: &str, first: u64, last: u64, count: u64) -> String {
        let mut content = String::new();
        let wanted =
            (1_u64..).zip(text.lines()).filter(|(number, _)| (first..=last).contains(number));
        for (number, line) in wanted {
            let shown = format!("{number:>6}\t{line}\n");
            if content.len() + shown.len() > self.result_bytes {
                if number == first {
                    // A line that is too long alone: its beginning, or nothing would ever come of it.
                    content = cut(shown, self.result_bytes);
                }
                let from = if number == first { number + 1 } else { number };
                let _ = write!(
                    content,
                    "\n[cut: the file has {count} lines; read on from line {from}]"
                );
                return content;
            }
            content.push_str(&shown);
        }
        if last < count {
            let _ = write!(content, "[the file has {count} lines]");
        }
        content
    }

    fn list_files(&self, input: ListFiles) -> Done {
        let ListFiles { patterns, hidden, ignored, directories } = input;
        let options = SelectionOptions { ignored, hidden, directories, limit: None };
        let selection = selection(patterns, options);
        let tried = selection.include.join(" ");
        match self.files.observe(&FileRequest::List { selection }) {
            Ok(FileAnswer::Listing { entries, truncated }) => {
                let lines = entries.iter().map(|entry| match entry.kind {
                    EntryKind::File => format!("{}  {}", entry.path, entry.size),
                    EntryKind::Directory => format!("{}/", entry.path),
                });
                self.listed(lines, truncated, "no files match")
            }
            Ok(_) => Done::failed("no listing"),
            Err(error) => Done::of(&error, Capability::Read, &tried),
        }
    }

    fn search(&self, input: Search) -> Done {
        let Search { expression, patterns, hidden, ignored } = input;
        let options = SelectionOptions { ignored, hidden, ..SelectionOptions::default() };
        let selection = selection(patterns, options);
        let tried = selection.include.join(" ");
        match self.files.observe(&FileRequest::Search { pattern: expression, selection }) {
            Ok(FileAnswer::Matches { matches, truncated }) => {
                let lines = matches
                    .iter()
                    .map(|found| format!("{}:{}: {}", found.path, found.line, found.text));
                self.listed(lines, truncated, "nothing matches")
            }
            Ok(_) => Done::failed("no matches"),
            Err(error) => Done::of(&error, Capability::Read, &tried),
        }
    }

    fn listed(
        &self,
        lines: impl ExactSizeIterator<Item = String>,
        truncated: bool,
        none: &str,
    ) -> Done {
        let count = lines.len();
        if count == 0 {
            return Done::well(format!("[{none}]"));
        }
        let mut content = String::new();
        for (shown, line) in lines.enumerate() {
            if content.len() + line.len() + 1 > self.result_bytes {
                let _ = write!(content, "[cut: {shown} of {count} shown; narrow the patterns]");
                return Done::well(content);
            }
            content.push_str(&line);
            content.push('\n');
        }
        if truncated {
            content.push_str("[cut: there are more; narrow the patterns]");
        }
        Done::well(content)
    }

    fn edit_file(&self, input: &EditFile) -> Done {
        let path = plain(&input.path);
        if input.old.is_empty() {
            return Done::failed("`old` is empty: name the text that is to be replaced");
        }
        if input.old == input.new {
            return Done::failed("`old` and `new` are the same");
        }
        let (bytes, digest) = match self.files.read(path) {
            Ok(read) => read,
            Err(error) => return Done::of(&error, Capability::Write, path),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Done::failed(format!("{path:?} is not a text file"));
        };
        let count = text.matches(&input.old).count();
        match count {
            0 => {
                return Done::failed(
                    "`old` is not in the file; read it and copy the text as it is",
                );
            }
            1 => {}
            _ if input.all => {}
            _ => {
                let message =
                    format!("`old` is in the file {count} times; name more of what is around it");
                return Done::failed(message);
            }
        }
        let text = text.replace(&input.old, &input.new);
        match self.files.write(path, text.as_bytes(), Some(&digest)) {
            Ok(_) if count == 1 => Done::well("replaced".to_owned()),
            Ok(_) => Done::well(format!("replaced {count} times")),
            Err(error) => Done::of(&error, Capability::Write, path),
        }
    }

    fn write_file(&self, input: &WriteFile) -> Done {
        let path = plain(&input.path);
        match self.files.write(path, input.text.as_bytes(), None) {
            Ok(written) if written.created => Done::well("written; the file is new".to_owned()),
            Ok(_) => Done::well("written over what was there".to_owned()),
            Err(error) => Done::of(&error, Capability::Write, path),
        }
    }

    fn skill(&self, input: &Skill) -> Done {
        match self.guidance.skills.get(&input.name) {
            Some(skill) => Done::well(cut(skill.text.to_string(), self.result_bytes)),
            None => {
                let names: Vec<&str> = self.guidance.skills.keys().map(String::as_str).collect();
                Done::failed(format!("there is no such skill; there are: {}", names.join(", ")))
            }
        }
    }
}

fn parse<T: DeserializeOwned>(input: &Json) -> Result<T, String> {
    // Serde would take a list for the fields of a struct in their order.
    if !input.as_str().trim_start().starts_with('{') {
        return Err("the input is not an object".to_owned());
    }
    serde_json::from_str(input.as_str()).map_err(|error| format!("the input does not fit: {error}"))
}

/// A path without the `./` that people put before one.
pub(super) fn plain(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

fn selection(patterns: Vec<String>, options: SelectionOptions) -> Selection {
    let include = patterns.iter().map(|pattern| plain(pattern).to_owned()).collect();
    Selection { include, exclude: Vec::new(), options }
}

/// At most so many bytes of a text, with a mark where that is not all.
pub(super) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        let of = text.len();
        text.truncate(text.floor_char_boundary(bytes_max));
        let _ = write!(text, "\n[cut: {} of {of} bytes shown]", text.len());
    }
    text
}
