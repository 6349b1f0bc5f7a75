//! Tells whether an act got out.

use super::yard::{SECRET, SECRET_SIZE, Yard};

/// Names that stand in the outside tree only.
const OUTSIDE_NAMES: [&str; 2] = ["secret.txt", "vault"];
/// Acts whose answer is a path.
const PATHS: [&str; 2] = ["canonicalise", "read-link"];

/// A way out.
#[derive(Debug)]
#[expect(dead_code, reason = "shown where one is found")]
pub struct Escape {
    pub act: String,
    pub path: String,
    pub what: &'static str,
    pub told: String,
}

impl Escape {
    pub fn new(act: &str, path: &str, what: &'static str, told: &str) -> Self {
        let told: String = told.chars().take(200).collect();
        Self { act: act.into(), path: path.into(), what, told }
    }
}

/// What an act got out, if anything, by what it was told.
pub fn told_too_much(act: &str, told: &str) -> Option<&'static str> {
    if told.contains(SECRET) {
        return Some("content");
    }
    if told.contains(&format!("size={SECRET_SIZE}")) {
        return Some("size");
    }
    if PATHS.contains(&act) && (told.starts_with('/') || told.contains("outside")) {
        return Some("place");
    }
    if OUTSIDE_NAMES.iter().any(|name| told.contains(name)) {
        return Some("name");
    }
    None
}

/// What an act got out, if anything: by what it was told, and by what it did.
pub fn escape(yard: &Yard, act: &str, path: &str, told: Result<&str, &str>) -> Option<Escape> {
    let shown = told.unwrap_or_else(|code| code);
    let what = told_too_much(act, shown)
        .or_else(|| (!yard.outside_is_unchanged()).then_some("changed"))
        .or_else(|| (told.is_ok() && !yard.planted_by_others().is_empty()).then_some("link"))?;
    Some(Escape::new(act, path, what, shown))
}

/// Whether the granted part may look different after an act.
pub fn changes(act: &str, told: Result<&str, &str>) -> bool {
    const LOOKS: &[&str] = &[
        "read",
        "read-at-once",
        "list",
        "look-in",
        "stat",
        "stat-link",
        "hash",
        "read-link",
        "canonicalise",
    ];
    // These fail after having done a part.
    const IN_PARTS: &[&str] =
        &["make-directories", "remove-tree", "hard-link-from", "soft-link-from"];
    !LOOKS.contains(&act) && (told.is_ok() || IN_PARTS.contains(&act))
}
