//! Why a patch does not fit, by file and place.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::isolation::changes::Scratch;

/// Length of the marks around conflicts: longer than any that a file has of its own.
const MARK: usize = 47;
/// Bytes of a side of a hunk that are repeated.
const SIDE_BYTES_MAX: usize = 2_000;

/// One file that a patch does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Its path from the top of the repository.
    pub path: String,
    /// What kind of conflict, in kebab-case.
    pub kind: String,
    /// The same in words.
    pub message: String,
    /// The places, where both sides changed the same lines of a text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hunks: Vec<Hunk>,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// First line of the place in the file as it is in the working tree, from 1.
    pub line: u64,
    /// Number of its lines there.
    pub lines: u64,
    /// These lines.
    pub yours: String,
    /// What the patch has in their place.
    pub patch: String,
}

impl Conflict {
    pub(super) fn new(path: &str, kind: &str, message: &str) -> Self {
        Self { path: path.into(), kind: kind.into(), message: message.into(), hunks: Vec::new() }
    }
}

/// Conflicts of `git merge-tree -z`: of each path its kind and message, and its stages.
pub(super) struct Merged {
    /// The tree that came out.
    pub(super) tree: String,
    /// Mode and object of the stages 1 to 3 by path.
    pub(super) stages: BTreeMap<String, [Option<(String, String)>; 3]>,
    /// Path, kind and message.
    pub(super) messages: Vec<(String, String, String)>,
}

impl Merged {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let tree = fields.next()?.into_owned();
        let mut stages: BTreeMap<String, [Option<(String, String)>; 3]> = BTreeMap::new();
        for field in fields.by_ref() {
            if field.is_empty() {
                break;
            }
            let (info, path) = field.split_once('\t')?;
            let mut words = info.split(' ');
            let (mode, object, stage) = (words.next()?, words.next()?, words.next()?);
            let index = stage.parse::<usize>().ok()?.checked_sub(1)?;
            let slot = stages.entry(path.to_owned()).or_default().get_mut(index)?;
            *slot = Some((mode.to_owned(), object.to_owned()));
        }
        let mut messages = Vec::new();
        while let Some(number) = fields.next().filter(|number| !number.is_empty()) {
            let number: usize = number.parse().ok()?;
            let paths: Vec<String> = fields.by_ref().take(number).map(Into::into).collect();
            let (kind, message) = (fields.next()?, fields.next()?);
            if let Some(kind) = kind.strip_prefix("CONFLICT (").and_then(|k| k.strip_suffix(')')) {
                let message = message.trim();
                let message = message.split_once("): ").map_or(message, |(_, words)| words);
                let message = message.to_owned();
                messages.push((paths.into_iter().next()?, word(kind), message));
            }
        }
        Some(Self { tree, stages, messages })
    }

    /// The conflicts by path.
    pub(super) async fn conflicts(&self, scratch: &Scratch) -> Result<Vec<Conflict>, String> {
        let mut found: BTreeMap<&str, Conflict> = BTreeMap::new();
        for (path, kind, message) in &self.messages {
            found.entry(path).or_insert_with(|| Conflict::new(path, kind, message));
        }
        for path in self.stages.keys() {
            let new = || Conflict::new(path, "content", "both sides changed it");
            found.entry(path).or_insert_with(new);
        }
        let mut conflicts: Vec<Conflict> = found.into_values().collect();
        for conflict in &mut conflicts {
            if let Some([base, Some(yours), Some(theirs)]) = self.stages.get(&conflict.path) {
                let regular = |side: &(String, String)| side.0.starts_with("100");
                if regular(yours) && regular(theirs) {
                    let base = base.as_ref().filter(|base| regular(base)).map(|base| &base.1);
                    conflict.hunks = hunks(scratch, base, &yours.1, &theirs.1).await?;
                }
            }
        }
        Ok(conflicts)
    }
}

/// A kind of git's as a word.
fn word(kind: &str) -> String {
    match kind {
        "contents" => "content".into(),
        other => other.replace([' ', '/'], "-"),
    }
}

/// The places where two sides of a text cannot be merged. None of a binary file.
async fn hunks(
    scratch: &Scratch,
    base: Option<&String>,
    yours: &str,
    theirs: &str,
) -> Result<Vec<Hunk>, String> {
    let git = scratch.git();
    let mut files = Vec::new();
    for (name, object) in
        [("yours", Some(yours)), ("base", base.map(String::as_str)), ("patch", Some(theirs))]
    {
        let bytes = match object {
            Some(object) => git.bytes(&["cat-file", "blob", object], &[]).await?,
            None => Vec::new(),
        };
        let path = scratch.path(name);
        std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        files.push(path.to_string_lossy().into_owned());
    }
    let mark = format!("--marker-size={MARK}");
    let mut arguments = vec!["merge-file", "-p", "-q", mark.as_str()];
    arguments.extend(files.iter().map(String::as_str));
    let output = git.output(&arguments, &[]).await?;
    // Binary files have no lines: git says so and fails.
    if output.status.code().is_none_or(|code| code > 127) {
        return Ok(Vec::new());
    }
    Ok(places(&String::from_utf8_lossy(&output.stdout)))
}

/// Finds the marked places of a merged text.
fn places(merged: &str) -> Vec<Hunk> {
    let mark = |c: char| c.to_string().repeat(MARK);
    let (begin, middle, end) = (mark('<'), mark('='), mark('>'));
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut line = 1;
    let mut side = Side::Both;
    for text in merged.split_inclusive('\n') {
        if text.starts_with(&begin) {
            side = Side::Yours;
            hunks.push(Hunk { line, lines: 0, yours: String::new(), patch: String::new() });
        } else if text.starts_with(&middle) {
            side = Side::Patch;
        } else if text.starts_with(&end) {
            side = Side::Both;
        } else {
            let hunk = hunks.last_mut();
            match (side, hunk) {
                (Side::Yours, Some(hunk)) => {
                    hunk.lines += 1;
                    repeat(&mut hunk.yours, text);
                }
                (Side::Patch, Some(hunk)) => repeat(&mut hunk.patch, text),
                _ => {}
            }
            if side != Side::Patch {
                line += 1;
            }
        }
    }
    hunks
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Yours,
    Patch,
}

fn repeat(side: &mut String, text: &str) {
    if side.len() + text.len() <= SIDE_BYTES_MAX {
        side.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn places_are_lines_of_the_file_as_it_is() {
        let mark = |c: &str| c.repeat(MARK);
        let merged = format!(
            "one\n{} a\ntwo\nthree\n{}\nzwei\n{} b\nfour\n{} a\n{}\nfive\n{} b\n",
            mark("<"),
            mark("="),
            mark(">"),
            mark("<"),
            mark("="),
            mark(">"),
        );
        let hunks = places(&merged);
        let found: Vec<_> = hunks.iter().map(|h| (h.line, h.lines, &*h.yours, &*h.patch)).collect();
        assert_eq!(found, [(2, 2, "two\nthree\n", "zwei\n"), (5, 0, "", "five\n")]);
        assert_eq!(places("<<<<<<< not long enough\n"), []);
    }

    #[test]
    fn answers_of_git_are_read() {
        let bytes = b"tree\x00100644 aa 1\ta b\x00100644 bb 2\ta b\x00100644 cc 3\ta b\0\0\
            1\0a b\0Auto-merging\0Auto-merging a b\n\0\
            1\0a b\0CONFLICT (contents)\0CONFLICT (content): Merge conflict in a b\n\0";
        let merged = Merged::parse(bytes).unwrap();
        assert_eq!(merged.tree, "tree");
        assert!(merged.stages["a b"].iter().all(Option::is_some));
        let message = ("a b".into(), "content".into(), "Merge conflict in a b".into());
        assert_eq!(merged.messages, [message]);
        assert_eq!(word("modify/delete"), "modify-delete");
    }
}
