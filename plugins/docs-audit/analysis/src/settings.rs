//! Defaults that a file states for named settings.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{BlockKind, Document};
use crate::report::Lines;
use crate::{rules, text};

/// Longest key or value in bytes.
const TOKEN_BYTES_MAX: usize = 60;
/// Words kept of what surrounds a setting.
const ABOUT_MAX: usize = 16;
/// Longest quote in bytes.
const QUOTE_BYTES_MAX: usize = 240;

/// A default that a file states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Name of the setting, as it is written between backticks.
    pub key: String,
    /// The value, without backticks and quotation marks.
    pub value: String,
    /// Where it stands.
    pub lines: Lines,
    /// Text of those lines, byte for byte; may be cut.
    pub quote: String,
    /// Other words of the sentence or row, in lower case.
    #[serde(default)]
    pub about: Vec<String>,
}

/// The defaults a file states.
pub fn settings(file: &str, document: &Document<'_>) -> Vec<Setting> {
    if rules::is_versioned(file) || rules::is_fixture(file) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for block in document.blocks.iter().filter(|block| block.kind != BlockKind::Heading) {
        let is_item = block.kind == BlockKind::Item;
        let subject = is_item.then(|| leading_code(&block.marked)).flatten();
        for sentence in sentences(&block.marked) {
            if let Some((key, value)) = stated(sentence, subject) {
                found.push(setting(document, &block.range, key, value, sentence));
            }
        }
    }
    for table in &document.tables {
        let is_default = |name: &String| {
            let name = name.trim().trim_matches(['*', '`']).to_lowercase();
            matches!(name.as_str(), "default" | "default value" | "defaults")
        };
        let Some(column) = table.header.iter().position(is_default) else {
            continue;
        };
        for (cells, range) in &table.rows {
            let key = cells.first().and_then(|cell| leading_code(cell)).and_then(key_of);
            let value = cells.get(column).and_then(|cell| value_of(cell.trim(), true));
            if let (Some(key), Some(value), true) = (key, value, column > 0) {
                found.push(setting(document, range, key, value, &cells.join(" ")));
            }
        }
    }
    found
}

fn setting(
    document: &Document<'_>,
    range: &Range<usize>,
    key: &str,
    value: &str,
    around: &str,
) -> Setting {
    let mut about = text::words(around);
    let known = text::words(&format!("{key} {value}"));
    about.retain(|word| word.len() > 3 && !word.starts_with("default") && !known.contains(word));
    about.sort();
    about.dedup();
    about.truncate(ABOUT_MAX);
    let quote = document.slice(range).trim_end();
    Setting {
        key: key.into(),
        value: value.into(),
        lines: document.lines(&(range.start..range.start + quote.len())),
        quote: text::cut(quote, QUOTE_BYTES_MAX).into(),
        about,
    }
}

/// The code span a text begins with.
fn leading_code(marked: &str) -> Option<&str> {
    let rest = marked.trim_start().trim_start_matches('*').strip_prefix('`')?;
    rest.split('`').next()
}

fn sentences(marked: &str) -> impl Iterator<Item = &str> {
    marked.split_inclusive(". ").map(str::trim).filter(|sentence| !sentence.is_empty())
}

/// Phrases that a default value follows at once.
const PHRASES: &[&str] = &[
    "defaults to ",
    "default is ",
    "default value is ",
    "default: ",
    "default value: ",
    "defaults: ",
    "default = ",
    "by default is ",
    "(default ",
];

/// The setting and value of one sentence. Doubt of any kind means none: several candidates for the
/// key, several mentions of a default.
fn stated<'a>(sentence: &'a str, subject: Option<&'a str>) -> Option<(&'a str, &'a str)> {
    let lower = sentence.to_ascii_lowercase();
    if lower.matches("default").count() != 1 {
        return None;
    }
    let (at, phrase) = PHRASES.iter().find_map(|phrase| Some((lower.find(phrase)?, *phrase)))?;
    let value = value_of(sentence.get(at + phrase.len()..)?, false)?;
    let keys: Vec<&str> = sentence.get(..at)?.split('`').skip(1).step_by(2).collect();
    let key = match (keys.as_slice(), subject) {
        ([key], None) => *key,
        ([], Some(subject)) => subject,
        ([key], Some(subject)) if *key == subject => subject,
        _ => return None,
    };
    Some((key_of(key)?, value))
}

/// The name in a code span that is surely the name of a setting: an environment variable, an
/// option, a dotted or dashed key.
pub fn key_of(code: &str) -> Option<&str> {
    let word = code.split([' ', '=']).next()?.trim_end_matches([':', ',']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = word.trim_start_matches('-');
    let joined = name.contains(['_', '-', '.']) || word.starts_with("--");
    let is_path = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    let is_number = !name.starts_with(|c: char| c.is_ascii_alphabetic());
    (name.len() >= 4
        && word.len() <= TOKEN_BYTES_MAX
        && joined
        && !is_path
        && !is_number
        && word.chars().all(plain))
    .then_some(word)
}

/// Words for the absence of a value, and values that say nothing by themselves.
const EMPTY: &[&str] = &[
    "none",
    "null",
    "nil",
    "unset",
    "empty",
    "auto",
    "automatic",
    "n/a",
    "undefined",
    "-",
    "the",
    "some",
    "default",
    "varies",
    "see",
    "required",
    "optional",
    "",
    "all",
    "no",
    "yes",
    "any",
];

/// The literal at the start of a text. `whole`: nothing may follow it.
fn value_of(text: &str, whole: bool) -> Option<&str> {
    let (value, rest) = if let Some(rest) = text.strip_prefix('`') {
        rest.split_once('`')?
    } else if let Some(rest) = text.strip_prefix('"') {
        rest.split_once('"')?
    } else {
        let end = text.find([' ', ',', ';', ')']).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let word = word.trim_end_matches('.');
        let literal = matches!(word, "true" | "false")
            || word.starts_with(|c: char| c.is_ascii_digit())
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ','));
        if !literal {
            return None;
        }
        (word, rest)
    };
    let value = value.trim().trim_matches(['"', '\'']);
    let follows = rest.trim_start_matches(['.', ')', ';']).trim_start();
    let units = ["seconds", "minutes", "hours", "days", "bytes", "ms", "s", "KB", "MB", "GB"];
    let ends = follows.is_empty() || !whole && !follows.starts_with(['+', '*', '×', '/']);
    let unit = follows.split_whitespace().next().unwrap_or_default();
    (ends
        && !units.contains(&unit.trim_end_matches(['.', ',', ')']))
        && value.len() <= TOKEN_BYTES_MAX
        && !value.contains([' ', '$', '{', '<', '(', '|', '*'])
        && !EMPTY.contains(&value.to_ascii_lowercase().as_str()))
    .then_some(value)
}

/// How a value is compared: numbers by value, all else by letters.
pub fn normal(value: &str) -> String {
    let plain = value.replace(['_', ','], "");
    match plain.parse::<f64>() {
        Ok(number) => format!("{number}"),
        Err(_) => value.trim_end_matches('/').to_lowercase(),
    }
}

/// Whether a key is the name of an environment variable: it means the same everywhere in a project.
pub fn is_environment(key: &str) -> bool {
    key.contains('_')
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
