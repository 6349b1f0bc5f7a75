//! Instructions of a project: `CLAUDE.md` and `AGENTS.md`, from the top of the repository down to
//! the directory that is worked in.

use std::path::Path;

use baton_core::digest::Digest;

use super::super::places::{Folder, Place, Places, up_to_top};
use super::super::scan;
use super::{ALL_BYTES_MAX, FILE_BYTES_MAX, Text, unread};

/// Their names in a directory, in the order in which they are given.
const NAMES: [&str; 3] = ["CLAUDE.md", ".claude/CLAUDE.md", "AGENTS.md"];

/// The instructions for a directory. Of files with the same bytes, the first is given.
pub fn find(base: &Path, places: &Places, notes: &mut Vec<String>) -> Vec<Text> {
    let mut levels = up_to_top(base);
    levels.reverse();
    let Some(top) = levels.first().cloned() else { return Vec::new() };
    let mut found: Vec<Text> = Vec::new();
    let mut all = 0;
    for path in levels.iter().flat_map(|level| NAMES.map(|name| level.join(name))) {
        let folder = Folder {
            path: path.clone(),
            place: Place::Project,
            fence: Some(top.clone()),
            plugin: None,
        };
        let shown = places.shown(&path);
        let scan = scan::scan(&folder, false);
        for skipped in &scan.skipped {
            if skipped.path == path {
                notes.push(format!("{shown}: {}", skipped.reason));
            }
        }
        if scan.files != [path.clone()] {
            continue;
        }
        let text = match scan::read(&path, FILE_BYTES_MAX).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                notes.push(format!("{shown} is not given: it is not UTF-8"));
                continue;
            }
            Err(why) => {
                notes.push(format!("{shown} is not given: {}", unread(why)));
                continue;
            }
        };
        let digest = Digest::of(text.as_bytes());
        if text.trim().is_empty() || found.iter().any(|other| other.digest == digest) {
            continue;
        }
        let bytes = text.len() as u64;
        all += bytes;
        if all > ALL_BYTES_MAX {
            notes.push(format!("{shown} is not given: all together have at most {ALL_BYTES_MAX}"));
            break;
        }
        let imports: Vec<&str> = text.lines().filter_map(import).collect();
        if !imports.is_empty() {
            let imports = imports.join(", ");
            notes.push(format!("{shown}: imports are not followed: {imports}"));
        }
        let name = path.strip_prefix(&top).unwrap_or(&path).display().to_string();
        found.push(Text {
            name,
            description: String::new(),
            digest,
            bytes,
            place: Place::Project,
            path,
            text: text.into(),
        });
    }
    found
}

/// The file that a line wants to have in its place.
fn import(line: &str) -> Option<&str> {
    let line = line.trim();
    let path = line.strip_prefix('@')?;
    let is_path = !path.is_empty() && !path.contains(char::is_whitespace);
    is_path.then_some(line)
}
