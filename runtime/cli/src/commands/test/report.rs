//! What the cases came to, for people and for programs.

use std::fmt::Write as _;

use baton_core::manifest::World;
use serde::Serialize;
use serde_json::Value;

use super::difference::Difference;
use crate::output::{BAD, DIM, GOOD, WARN};
use crate::text::{one_line, paint};

/// Characters of a value in a line.
const VALUE_CHARS_MAX: usize = 200;

/// What one case came to.
#[derive(Debug, Serialize)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// Whether it came to what was expected.
    pub passed: bool,
    /// What was different.
    pub differences: Vec<Difference>,
    /// What came.
    pub got: Got,
    /// What was tried and is not granted, a line each.
    pub denied: Vec<String>,
    /// Whether what came was written as what is expected.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub updated: bool,
}

/// What came.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Got {
    /// An output.
    Output(Value),
    /// An error.
    Error {
        /// Its code.
        code: String,
        /// A sentence.
        message: String,
    },
}

/// What all cases came to: what `--json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was tested, as it was named.
    pub file: String,
    /// Its world.
    pub world: World,
    /// Cases that passed.
    pub passed: usize,
    /// Cases that failed.
    pub failed: usize,
    /// All of them, in order.
    pub cases: Vec<Ended>,
}

/// A case for people.
pub fn shown(ended: &Ended) -> String {
    let word = match (ended.passed, ended.updated) {
        (_, true) => paint(WARN, "updated"),
        (true, _) => paint(GOOD, "ok     "),
        (false, _) => paint(BAD, "FAILED "),
    };
    let mut text = format!("{word} {}\n", one_line(&ended.name));
    if ended.passed {
        return text;
    }
    for difference in &ended.differences {
        let _ = writeln!(text, "          {}", one_line(&difference.path));
        for (what, value) in [("expected", &difference.expected), ("got     ", &difference.got)] {
            let value = value.as_ref().map_or_else(|| "nothing".to_owned(), brief);
            let _ = writeln!(text, "            {} {value}", paint(DIM, what));
        }
    }
    if let Got::Error { code, message } = &ended.got {
        let _ = writeln!(text, "          {} ({})", one_line(message), one_line(code));
    }
    for denied in &ended.denied {
        let _ = writeln!(text, "          {} {}", paint(DIM, "not granted:"), one_line(denied));
    }
    text
}

/// A value in one line.
fn brief(value: &Value) -> String {
    let text = one_line(&value.to_string());
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
