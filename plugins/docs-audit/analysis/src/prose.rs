//! References in running text.

use std::ops::Range;

use crate::document::{BlockKind, Document};

/// Words after which a path is a reference.
const LEADS: &[&str] = &["see", "read", "refer to", "described in", "documented in", "consult"];

/// Paths of Markdown files that a sentence sends the reader to, such as `see docs/setup.md`.
pub fn paths(document: &Document<'_>) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    for block in &document.blocks {
        if block.kind == BlockKind::Heading {
            continue;
        }
        let source = document.slice(&block.range);
        for word in source.split_whitespace() {
            let Some(path) = path_of(word) else { continue };
            let at = word.as_ptr() as usize - source.as_ptr() as usize;
            let before = source.get(..at).unwrap_or_default().trim_end();
            let lead = before.strip_suffix("the").unwrap_or(before).trim_end();
            let lead = lead.to_lowercase();
            let leads = |words: &str| {
                lead.strip_suffix(words)
                    .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()))
            };
            if LEADS.iter().any(|words| leads(words)) {
                let start = block.range.start + at;
                found.push((path.to_string(), start..start + path.len()));
            }
        }
    }
    found
}

/// A word that is nothing but the relative path of a Markdown file in some directory.
fn path_of(word: &str) -> Option<&str> {
    let path = word.trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
    let relative = path.contains('/') && !path.starts_with(['/', '.']) && !path.contains("//");
    let first = path.split('/').next().unwrap_or_default();
    (path.ends_with(".md") && relative && !first.contains('.') && path.chars().all(plain))
        .then_some(path)
}

/// Whether `[text][label]` is surely meant as a link: two or more words, and no code around.
pub fn is_label(text: &str, label: &str, range: &Range<usize>) -> bool {
    let whole = text.get(range.clone()).unwrap_or_default();
    let Some((shown, _)) = whole.split_once("][") else {
        return false;
    };
    let shown = shown.trim_start_matches(['!', '[']);
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '\'' | ',' | '.');
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, ']' | '[' | '`' | '\\'))
        && !after.is_some_and(|c| matches!(c, '[' | '(' | '`'))
        && shown.split_whitespace().count() >= 2
        && shown.chars().all(plain)
        && label.chars().all(plain)
        && label.chars().filter(|c| c.is_alphabetic()).count() >= 3
}
