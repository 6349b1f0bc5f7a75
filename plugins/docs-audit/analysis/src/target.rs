//! What the target of a link means.

use crate::text::percent_decode;
use crate::{path, rules};

/// What the target of a link means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing that can be looked up in the tree.
    Elsewhere,
    /// An anchor of the same page.
    Anchor(String),
    /// A path relative to the file, and an anchor there.
    Path { path: String, fragment: Option<String> },
}

impl Target {
    /// Reads a target. In doubt it is [`Target::Elsewhere`].
    pub fn parse(target: &str) -> Self {
        let target = target.trim();
        if target.is_empty() || is_placeholder(target) || is_elsewhere(target) {
            return Self::Elsewhere;
        }
        let (before, fragment) = match target.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (target, None),
        };
        let fragment = match fragment {
            Some(text) if is_anchor(text) => match percent_decode(text) {
                Some(text) => Some(text),
                None => return Self::Elsewhere,
            },
            _ => None,
        };
        let before = before.split('?').next().unwrap_or_default();
        if before.is_empty() {
            let same_page = !target.starts_with('?');
            return fragment.filter(|_| same_page).map_or(Self::Elsewhere, Self::Anchor);
        }
        if is_rustdoc(before) {
            return Self::Elsewhere;
        }
        let Some(decoded) = percent_decode(before) else {
            return Self::Elsewhere;
        };
        if decoded.chars().all(|c| matches!(c, '.' | '/')) || decoded.contains('\0') {
            return Self::Elsewhere;
        }
        Self::Path { path: decoded, fragment }
    }
}

/// Text that somebody is meant to replace, or that a template engine replaces.
fn is_placeholder(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    let marks = ['<', '>', '{', '}', '$', '*', '|', '\\', '`', '"', '^', '…', '[', ']'];
    target.contains(marks)
        || ["...", "%s", "%d", "path/to", "xxx", "your-", "your_", "placeholder"]
            .iter()
            .any(|mark| lower.contains(mark))
}

/// Another site, the root of a site, or a scheme.
fn is_elsewhere(target: &str) -> bool {
    if target.starts_with(['/', '\\', '~', '@', '&', ':', ',']) {
        return true;
    }
    let first = target.split(['/', '#', '?']).next().unwrap_or_default();
    if first.contains(':') || first.contains('@') || first.starts_with("www.") {
        return true;
    }
    // A host name without its scheme is a mistake of another kind.
    target.contains('/')
        && first.rsplit_once('.').is_some_and(|(host, zone)| {
            !host.trim_matches('.').is_empty() && rules::ZONES.contains(&zone)
        })
}

/// Whether a fragment names an anchor that a Markdown file could have.
fn is_anchor(fragment: &str) -> bool {
    let lower = fragment.to_ascii_lowercase();
    let line_number = lower.strip_prefix('l').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | 'l' | 'c' | ','))
    });
    !(lower.is_empty()
        || line_number
        || matches!(lower.as_str(), "top" | "readme" | "start-of-content")
        || lower.starts_with([':', '/', '!', '?', '~'])
        || is_footnote(&lower)
        || lower.contains(['=', '(', ')', '/'])
        || rules::RUSTDOC_ANCHORS.contains(&lower.as_str())
        || lower
            .split_once(['.', '-'])
            .is_some_and(|(kind, _)| rules::RUSTDOC_ANCHOR_KINDS.contains(&kind)))
}

/// Anchors that renderers give to footnotes and to the places that refer to them.
fn is_footnote(lower: &str) -> bool {
    lower.strip_prefix("fn").is_some_and(|rest| {
        let rest = rest.strip_prefix("ref").unwrap_or(rest).trim_start_matches(['-', ':']);
        rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Links that rustdoc resolves: items, and pages it generates.
fn is_rustdoc(path: &str) -> bool {
    if path.contains("::") || path.contains(['!', '(', ')', '@']) {
        return true;
    }
    let last = path::name(path.trim_end_matches('/'));
    if matches!(path::extension(last).as_str(), "html" | "htm") {
        return true;
    }
    let is_identifier = !path.contains(['/', '.', '-', ' ']);
    is_identifier && !rules::is_plain_file_name(path)
}
