//! Looking for a way out of the root.

use serde_json::{Map, Value, json};

use crate::bindings::baton::runtime::files::{self, FileError, Selection};
use crate::{Case, End, kebab, output};

pub(crate) const CASES: &[Case] = &[("paths", paths), ("sweep", sweep)];

fn said<T>(result: Result<T, FileError>, good: impl Fn(T) -> String) -> Value {
    match result {
        Ok(answer) => json!(good(answer)),
        Err(error) => json!(format!("{}:{}", kebab(&format!("{:?}", error.kind)), error.code)),
    }
}

/// Every path of the input, read and looked at. What could be read is part of the answer, so that
/// the suite sees whatever leaks.
fn paths(input: &Value) -> End {
    let mut answers = Map::new();
    for path in input["paths"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let read =
            said(files::read(path), |file| String::from_utf8_lossy(&file.bytes).into_owned());
        let stat = said(files::stat(path), |entry| {
            format!("{} {}", kebab(&format!("{:?}", entry.kind)), entry.size)
        });
        answers.insert(path.into(), json!({ "read": read, "stat": stat }));
    }
    output(&Value::Object(answers))
}

/// Every query that could show more than it should.
fn sweep(input: &Value) -> End {
    let everything = json!({ "ignored": true, "hidden": true, "directories": true }).to_string();
    let mut answers = Vec::new();
    for pattern in input["patterns"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let selection = Selection {
            include: vec![pattern.into()],
            exclude: Vec::new(),
            options: everything.clone(),
        };
        let listed = said(files::list(&selection), |listing| {
            let paths: Vec<String> = listing.entries.into_iter().map(|entry| entry.path).collect();
            paths.join("\n")
        });
        let found = said(files::search(".", &selection), |found| {
            let lines: Vec<String> =
                found.matches.into_iter().map(|line| line.path + ": " + &line.text).collect();
            lines.join("\n")
        });
        answers.push(json!({ "pattern": pattern, "list": listed, "search": found }));
    }
    output(&Value::Array(answers))
}
