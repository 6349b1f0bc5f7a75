//! Searching the text files of a tree, line by line.

use std::collections::VecDeque;

use baton_guest::{Schema, ToolError};
use baton_tool_kit::{FILE_BYTES_MAX, Selection, Tree};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::text::{cut, is_binary};

/// Most lines of context on each side.
const CONTEXT_MAX: usize = 20;
/// Most matches, and how many where nobody says.
const MATCHES_MAX: usize = 5_000;
const MATCHES: usize = 200;
/// Most bytes of text in one answer.
const TEXT_BYTES_MAX: usize = 400 << 10;
/// Most bytes of files that are searched: a third of what the fuel of a call is enough for.
const SEARCHED_BYTES_MAX: u64 = 128 << 20;
/// Longest line that is shown.
const LINE_BYTES_MAX: usize = 400;
/// Largest pattern, and largest program that it is compiled to.
const PATTERN_BYTES_MAX: usize = 4 << 10;
const PROGRAM_BYTES_MAX: usize = 4 << 20;

/// What to search for, and where.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct SearchInput {
    /// A regular expression (syntax of RE2 and Rust: no look-around, no back-references), matched
    /// against each line alone.
    pub pattern: String,
    /// Take the pattern as plain text.
    #[serde(default)]
    pub literal: bool,
    /// Do not tell capitals from small letters.
    #[serde(default)]
    pub ignore_case: bool,
    /// Match whole words only.
    #[serde(default)]
    pub word: bool,
    /// Directory or file to search, relative to the granted directory. Default: all of it.
    #[serde(default)]
    pub path: String,
    /// Glob patterns of files to search, such as `*.rs` or `src/**`. Default: every file.
    #[serde(default)]
    pub include: Vec<String>,
    /// Glob patterns of files and directories to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Also search names that begin with a dot.
    #[serde(default)]
    pub hidden: bool,
    /// Also search what `.gitignore` and `.ignore` leave out.
    #[serde(default)]
    pub ignored: bool,
    /// Lines to show before and after each match, at most 20. Default: 0.
    #[serde(default)]
    pub context: usize,
    /// Most matches to return, at most 5000. Default: 200.
    pub limit: Option<usize>,
    /// Return each file once, with its first match.
    #[serde(default)]
    pub files_only: bool,
}

/// A line that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct Match {
    /// File, relative to the granted directory.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Where the match begins in the line, in bytes from 1.
    pub column: usize,
    /// The line; a long one is cut around the match.
    pub text: String,
    /// Lines before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Lines after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct SearchOutput {
    /// In order of path and line.
    pub matches: Vec<Match>,
    /// Text files that were searched.
    pub files_searched: usize,
    /// Files that were passed over: not text, or larger than 8 MiB.
    pub files_skipped: usize,
    /// Whether a limit cut the answer: there may be more matches.
    pub truncated: bool,
}

/// Searches.
///
/// # Errors
/// When the pattern or the selection cannot be read, or the path is not there.
pub fn search(tree: &Tree, input: &SearchInput) -> Result<SearchOutput, ToolError> {
    let pattern = compile(input)?;
    let selection = Selection {
        include: input.include.clone(),
        exclude: input.exclude.clone(),
        hidden: input.hidden,
        ignored: input.ignored,
    };
    let mut listing = tree.select(&input.path, &selection)?;
    listing.cut(SEARCHED_BYTES_MAX, FILE_BYTES_MAX);
    let mut search = Search {
        pattern,
        context: input.context.min(CONTEXT_MAX),
        limit: input.limit.unwrap_or(MATCHES).clamp(1, MATCHES_MAX),
        files_only: input.files_only,
        bytes: 0,
        output: SearchOutput { truncated: listing.truncated, ..SearchOutput::default() },
    };
    for file in &listing.files {
        let bytes = match tree.read(&file.path, FILE_BYTES_MAX) {
            Ok(bytes) if !is_binary(&bytes) => bytes,
            _ => {
                search.output.files_skipped += 1;
                continue;
            }
        };
        search.output.files_searched += 1;
        if !search.file(&file.path, &String::from_utf8_lossy(&bytes)) {
            search.output.truncated = true;
            break;
        }
    }
    Ok(search.output)
}

fn compile(input: &SearchInput) -> Result<Regex, ToolError> {
    let wrong = |message: String| ToolError::invalid_input("invalid-pattern", message);
    if input.pattern.is_empty() {
        return Err(wrong("the pattern is empty".into()));
    }
    if input.pattern.len() > PATTERN_BYTES_MAX {
        return Err(wrong(format!("the pattern is longer than {PATTERN_BYTES_MAX} bytes")));
    }
    let plain = if input.literal { regex::escape(&input.pattern) } else { input.pattern.clone() };
    let plain = if input.word { format!(r"\b(?:{plain})\b") } else { plain };
    RegexBuilder::new(&plain)
        .case_insensitive(input.ignore_case)
        .size_limit(PROGRAM_BYTES_MAX)
        .build()
        .map_err(|error| wrong(format!("the pattern cannot be read: {error}")))
}

struct Search {
    pattern: Regex,
    context: usize,
    limit: usize,
    files_only: bool,
    bytes: usize,
    output: SearchOutput,
}

impl Search {
    /// False: a limit is reached.
    fn file(&mut self, path: &str, text: &str) -> bool {
        let mut before: VecDeque<&str> = VecDeque::with_capacity(self.context);
        let mut open = self.output.matches.len();
        for (index, line) in text.lines().enumerate() {
            // Matches whose lines after them are still to come.
            for found in self.output.matches.iter_mut().skip(open) {
                if found.after.len() < self.context {
                    found.after.push(shown(line, 0));
                    self.bytes += line.len().min(LINE_BYTES_MAX);
                } else {
                    open += 1;
                }
            }
            if let Some(found) = self.pattern.find(line) {
                if self.output.matches.len() >= self.limit || self.bytes > TEXT_BYTES_MAX {
                    return false;
                }
                let found = Match {
                    path: path.to_owned(),
                    line: index + 1,
                    column: found.start() + 1,
                    text: shown(line, found.start()),
                    before: before.iter().map(|line| shown(line, 0)).collect(),
                    after: Vec::new(),
                };
                self.bytes += found.path.len() + found.text.len() + 64;
                self.bytes += found.before.iter().map(String::len).sum::<usize>();
                self.output.matches.push(found);
                if self.files_only {
                    return true;
                }
            }
            if self.context > 0 {
                if before.len() == self.context {
                    before.pop_front();
                }
                before.push_back(line);
            }
        }
        true
    }
}

/// A line as it is shown: a long one is cut so that byte `at` is in what is left.
fn shown(line: &str, at: usize) -> String {
    if line.len() <= LINE_BYTES_MAX {
        return line.to_owned();
    }
    let mut start = at.saturating_sub(LINE_BYTES_MAX / 4);
    while !line.is_char_boundary(start) {
        start -= 1;
    }
    cut(line.get(start..).unwrap_or_default(), LINE_BYTES_MAX).to_owned()
}
