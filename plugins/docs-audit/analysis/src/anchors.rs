//! Which anchors a Markdown file has.

use std::collections::{HashMap, HashSet};

use crate::document::{BlockKind, Document};
use crate::{slug, text};

/// The anchors of a file.
pub struct Anchors {
    /// Anchors as GitHub names them, and ids that stand in the text.
    exact: HashSet<String>,
    /// Spellings by other renderers, see [`slug::compact`].
    compact: HashMap<String, u32>,
    /// Whether parts of the page come from elsewhere, so that nobody can say what is missing.
    open: bool,
}

/// What brings text of other files, or of a program, into a page when it is built.
const INCLUDES: &[&str] = &[
    "{{#",
    "{{<",
    "{{%",
    "{% include",
    "--8<--",
    "!include",
    "[!include",
    ".. include::",
    "include::",
    "@include",
    "<!-- include",
    "```{",
    ":::{",
    "{toctree}",
];

/// Whether a line may bring headings that are not in the text: it holds an include, begins with a
/// template, or is a heading with a template in it.
fn brings_headings(line: &str) -> bool {
    let line = line.trim_start();
    let template =
        |mark: &str| line.starts_with(mark) || (line.starts_with('#') && line.contains(mark));
    template("{{") || template("{%") || INCLUDES.iter().any(|mark| line.contains(mark))
}

impl Anchors {
    pub fn of(source: &str) -> Self {
        let document = Document::new(source);
        let mut anchors = Self {
            exact: HashSet::new(),
            compact: HashMap::new(),
            open: source.lines().any(brings_headings) || imports(source),
        };
        let mut seen: HashMap<String, u32> = HashMap::new();
        for block in document.blocks.iter().filter(|block| block.kind == BlockKind::Heading) {
            anchors.heading(&block.plain, &mut seen);
        }
        // Renderers differ in which lines they take for headings, and in headings made of HTML.
        for line in source.lines() {
            let line = line.trim_start_matches(['>', ' ', '\t', '-', '*']);
            if let Some(heading) = line.strip_prefix('#') {
                anchors.spelling(&strip_tags(heading.trim_matches('#')));
            }
        }
        for heading in html_headings(source) {
            anchors.spelling(&heading);
        }
        for id in ids(source) {
            anchors.compact.entry(slug::compact(id)).or_insert(1);
            anchors.exact.insert(id.to_string());
        }
        anchors
    }

    fn heading(&mut self, heading: &str, seen: &mut HashMap<String, u32>) {
        let slug = slug::github(heading);
        let count = seen.entry(slug.clone()).or_insert(0);
        self.exact.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
        *self.compact.entry(slug::compact(heading)).or_insert(0) += 1;
    }

    fn spelling(&mut self, heading: &str) {
        self.compact.entry(slug::compact(heading)).or_insert(1);
    }

    /// Whether a fragment leads somewhere, by GitHub's rules or those of another renderer.
    pub fn has(&self, fragment: &str) -> bool {
        if self.open || self.exact.contains(fragment) {
            return true;
        }
        let fragment = fragment.strip_prefix("user-content-").unwrap_or(fragment);
        let lower = fragment.to_lowercase();
        if self.exact.contains(&lower) || self.compact.contains_key(&slug::compact(&lower)) {
            return true;
        }
        // Some renderers number repeated headings from 1, others from 2.
        let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = lower.get(stem.len()..).and_then(|digits| digits.parse::<u32>().ok());
        let stem = slug::compact(stem);
        number.is_some_and(|number| {
            self.compact.get(&stem).is_some_and(|count| *count > 1 && number <= *count)
        })
    }

    /// The anchor that reads most like a fragment, if one is close.
    pub fn nearest(&self, fragment: &str) -> Option<&str> {
        let wanted = slug::compact(fragment);
        let mut candidates: Vec<&String> = self.exact.iter().collect();
        candidates.sort();
        candidates
            .into_iter()
            .map(|anchor| (common(&wanted, &slug::compact(anchor)), anchor.as_str()))
            .filter(|(score, anchor)| *score >= 4 && score * 2 >= anchor.len().max(wanted.len()))
            .max_by_key(|(score, anchor)| (*score, std::cmp::Reverse(*anchor)))
            .map(|(_, anchor)| anchor)
    }
}

/// Length of the common beginning.
fn common(left: &str, right: &str) -> usize {
    left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count()
}

/// Modules imported by MDX bring headings of their own.
fn imports(source: &str) -> bool {
    source.lines().any(|line| line.starts_with("import ") && line.contains(" from "))
}

fn html_headings(source: &str) -> Vec<String> {
    let lower = source.to_ascii_lowercase();
    let mut headings = Vec::new();
    let mut at = 0;
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find("<h")) {
        let start = at + found;
        at = start + 2;
        let level = lower.as_bytes().get(at).filter(|byte| matches!(byte, b'1'..=b'6'));
        let Some(level) = level else { continue };
        let close = format!("</h{}", char::from(*level));
        if let Some(end) = lower.get(at..).and_then(|rest| rest.find(&close)) {
            let inner = source.get(start..at + end).unwrap_or_default();
            headings.push(strip_tags(inner));
            at += end;
        }
    }
    headings
}

/// Text without HTML tags.
fn strip_tags(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .filter(|c| match c {
            '<' => {
                inside = true;
                false
            }
            '>' if inside => {
                inside = false;
                false
            }
            _ => !inside,
        })
        .collect()
}

/// Values of `id` and `name` attributes, and of `{#id}` marks, wherever they stand.
fn ids(source: &str) -> Vec<&str> {
    let mut ids = Vec::new();
    for mark in ["id=", "name=", "ID=", "NAME=", "id =", "name ="] {
        for (at, _) in source.match_indices(mark) {
            let rest = source.get(at + mark.len()..).unwrap_or_default().trim_start();
            let rest = rest.trim_start_matches(['"', '\'']);
            ids.push(rest);
        }
    }
    for (at, _) in source.match_indices("{#") {
        ids.push(source.get(at + 2..).unwrap_or_default());
    }
    for (at, _) in source.match_indices("{: #") {
        ids.push(source.get(at + 4..).unwrap_or_default());
    }
    for (at, _) in source.match_indices("[^") {
        ids.push(source.get(at + 2..).unwrap_or_default());
    }
    ids.into_iter()
        .map(|rest| {
            let end = rest.find(['"', '\'', '>', ' ', '}', ']', '\n', '/']).unwrap_or(rest.len());
            text::cut(rest, end)
        })
        .filter(|id| !id.is_empty())
        .collect()
}
