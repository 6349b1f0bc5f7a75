//! Passages that tell the reader what to do, and sketches to compare them by.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{BlockKind, Document};
use crate::report::Lines;
use crate::{rules, text};

/// Fewest words of a passage. Shorter ones are alike by chance.
pub const WORDS_MIN: usize = 12;
/// Words of a shingle.
const SHINGLE: usize = 3;
/// Values of a sketch.
pub const SKETCH: usize = 16;
/// Longest quote of a passage in bytes.
const QUOTE_BYTES_MAX: usize = 120;

/// A passage of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Passage {
    /// Where it stands.
    pub lines: Lines,
    /// Its beginning, byte for byte.
    pub quote: String,
    /// Number of its words.
    #[serde(default)]
    pub words: u32,
    /// Sixteen hashes of 8 hexadecimal digits each, made by a program; text will do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketch: Option<String>,
    /// The whole passage, where there is no sketch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Default for Lines {
    fn default() -> Self {
        Self::one(1)
    }
}

/// The passages of a file.
pub fn passages(file: &str, document: &Document<'_>) -> Vec<Passage> {
    if rules::is_boilerplate_file(file) || rules::is_fixture(file) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    document
        .blocks
        .iter()
        .filter(|block| block.kind != BlockKind::Heading && block.linked * 2 < block.plain.len())
        .filter_map(|block| {
            let words = text::words(&block.plain);
            let sketch = sketch(&words);
            if words.len() < WORDS_MIN || !instructs(&block.plain) || !seen.insert(sketch) {
                return None;
            }
            let whole = document.slice(&block.range);
            Some(Passage {
                lines: document.lines(&block.range),
                quote: text::cut(whole, QUOTE_BYTES_MAX).into(),
                words: u32::try_from(words.len()).unwrap_or(u32::MAX),
                sketch: Some(write(&sketch)),
                text: None,
            })
        })
        .collect()
}

/// Words that begin an instruction.
const VERBS: &[&str] = &[
    "add",
    "always",
    "apply",
    "ask",
    "avoid",
    "build",
    "call",
    "check",
    "choose",
    "clone",
    "configure",
    "confirm",
    "consider",
    "copy",
    "create",
    "define",
    "delete",
    "disable",
    "do",
    "dont",
    "download",
    "edit",
    "enable",
    "ensure",
    "execute",
    "explain",
    "fix",
    "follow",
    "generate",
    "identify",
    "implement",
    "include",
    "install",
    "keep",
    "list",
    "make",
    "move",
    "never",
    "pass",
    "please",
    "prefer",
    "provide",
    "put",
    "read",
    "remember",
    "remove",
    "rename",
    "replace",
    "report",
    "return",
    "review",
    "run",
    "save",
    "search",
    "select",
    "set",
    "start",
    "stop",
    "try",
    "update",
    "use",
    "validate",
    "verify",
    "wait",
    "write",
];

/// Phrases that make a sentence an instruction wherever they stand.
const PHRASES: &[&str] = &[
    " must ",
    " must not ",
    "please ",
    "make sure",
    "be sure to",
    "you should",
    "you need to",
    "you have to",
    "you will need",
    "you'll need",
    "should not ",
    "should never",
    "should always",
    "do not forget",
    "don't forget",
];

/// Whether a passage tells the reader what to do and is no standard paragraph.
pub fn instructs(plain: &str) -> bool {
    if plain.trim_start().starts_with(['"', '“']) {
        return false;
    }
    let lower = plain.to_lowercase().replace('’', "'");
    let begins = |sentence: &str| {
        let words = text::words(text::cut(sentence.trim(), 40));
        words.first().is_some_and(|word| VERBS.contains(&word.as_str()))
    };
    let tells =
        PHRASES.iter().any(|phrase| lower.contains(phrase)) || lower.split(". ").any(begins);
    tells && !rules::is_boilerplate_passage(&lower)
}

/// Hashes of the shingles of some words.
pub fn shingles(words: &[String]) -> HashSet<u64> {
    words.windows(SHINGLE).map(|window| text::hash(window.join(" ").as_bytes())).collect()
}

/// The smallest of the shingles under sixteen orders: two passages agree in about as many places
/// as they share shingles.
pub fn sketch(words: &[String]) -> [u32; SKETCH] {
    let mut sketch = [u32::MAX; SKETCH];
    for shingle in shingles(words) {
        for (order, least) in (1_u64..).zip(&mut sketch) {
            let value = text::mix(shingle ^ order.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 32;
            *least = (*least).min(u32::try_from(value).unwrap_or(u32::MAX));
        }
    }
    sketch
}

fn write(sketch: &[u32; SKETCH]) -> String {
    sketch.iter().map(|value| format!("{value:08x}")).collect()
}

impl Passage {
    /// The sketch, from its written form or from the text; none if both are missing or malformed.
    pub fn sketch(&self) -> Option<[u32; SKETCH]> {
        let Some(written) = &self.sketch else {
            let words = text::words(self.text.as_deref()?);
            return (words.len() >= WORDS_MIN).then(|| sketch(&words));
        };
        let mut sketch = [0; SKETCH];
        if written.len() != SKETCH * 8 || !written.is_ascii() {
            return None;
        }
        for (at, value) in sketch.iter_mut().enumerate() {
            *value = u32::from_str_radix(written.get(at * 8..at * 8 + 8)?, 16).ok()?;
        }
        Some(sketch)
    }
}
