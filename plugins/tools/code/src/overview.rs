//! What a tree consists of.

use std::collections::BTreeMap;

use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Selection, Tree};
use serde::{Deserialize, Serialize};

/// Most entries, and how many where nobody says.
const ENTRIES_MAX: usize = 10_000;
const ENTRIES: usize = 1_000;
/// How deep to go where nobody says.
const DEPTH: usize = 3;

/// Which tree, and how much of it.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct TreeInput {
    /// Directory, relative to the granted one. Default: all of it.
    pub path: String,
    /// How many levels to show; directories below are summed up. Default: 3.
    pub depth: Option<usize>,
    /// Glob patterns of files to count, such as `*.rs`. Default: every file.
    pub include: Vec<String>,
    /// Glob patterns of files and directories to leave out.
    pub exclude: Vec<String>,
    /// Also names that begin with a dot.
    pub hidden: bool,
    /// Also what `.gitignore` and `.ignore` leave out.
    pub ignored: bool,
    /// Most entries to return, at most 10000. Default: 1000.
    pub limit: Option<usize>,
}

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct TreeEntry {
    /// Path, relative to the granted directory; a directory ends with `/`.
    pub path: String,
    /// Size in bytes; of a directory, of all files below it.
    pub bytes: u64,
    /// Of a directory: files below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
}

/// What a tree consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct TreeOutput {
    /// In byte order of their paths.
    pub entries: Vec<TreeEntry>,
    /// Files of the whole selection.
    pub files: usize,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// Lists a tree to a depth, with what is below summed up.
///
/// # Errors
/// When the selection cannot be read, or the path is not there.
pub fn tree(tree: &Tree, input: &TreeInput) -> Result<TreeOutput, ToolError> {
    let selection = Selection {
        include: input.include.clone(),
        exclude: input.exclude.clone(),
        hidden: input.hidden,
        ignored: input.ignored,
    };
    let start = baton_tool_kit::inside(&input.path)?;
    let listing = tree.select(&start, &selection)?;
    let depth = input.depth.unwrap_or(DEPTH).max(1);
    let skipped = if start.is_empty() { 0 } else { start.split('/').count() };
    let mut entries: BTreeMap<String, TreeEntry> = BTreeMap::new();
    let mut output = TreeOutput { truncated: listing.truncated, ..TreeOutput::default() };
    for file in &listing.files {
        output.files += 1;
        output.bytes += file.size;
        let ends = file.path.match_indices('/').map(|(at, _)| at + 1);
        let directories = ends.filter_map(|end| file.path.get(..end));
        let mut levels = 0;
        for directory in directories.skip(skipped).take(depth) {
            levels += 1;
            let entry = entries.entry(directory.to_owned()).or_insert_with(|| TreeEntry {
                path: directory.to_owned(),
                bytes: 0,
                files: Some(0),
            });
            entry.bytes += file.size;
            entry.files = entry.files.map(|count| count + 1);
        }
        if levels < depth {
            let entry = TreeEntry { path: file.path.clone(), bytes: file.size, files: None };
            entries.insert(file.path.clone(), entry);
        }
    }
    let limit = input.limit.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX);
    output.truncated |= entries.len() > limit;
    output.entries = entries.into_values().take(limit).collect();
    Ok(output)
}
