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

/// What an act got out, if anything, by what it was told and by what it did.
pub fn escape(yard: &Yard, act: &str, path: &str, told: &str) -> Option<Escape> {
    let what = told_too_much(act, told)
        .or_else(|| (!yard.outside_is_unchanged()).then_some("changed"))
        .or_else(|| (!yard.planted_by_others().is_empty()).then_some("link"))?;
    Some(Escape::new(act, path, what, told))
}
