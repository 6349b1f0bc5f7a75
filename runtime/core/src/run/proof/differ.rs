//! Where two values differ.

use serde::Serialize;
use serde_json::Value;

use crate::words::shorten;

/// What stands for a field that is not there.
const NOTHING: &str = "nothing";

/// Places where two values are written differently, each with both sides.
pub(super) fn differences<T: Serialize>(
    field: &str,
    recorded: &T,
    due: &T,
) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let written = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
    walk(field.to_owned(), Some(&written(recorded)), Some(&written(due)), &mut found);
    found
}

fn walk(
    path: String,
    recorded: Option<&Value>,
    due: Option<&Value>,
    found: &mut Vec<(String, String, String)>,
) {
    match (recorded, due) {
        (Some(Value::Object(recorded)), Some(Value::Object(due))) => {
            let more = due.keys().filter(|key| !recorded.contains_key(*key));
            for key in recorded.keys().chain(more) {
                walk(format!("{path}.{key}"), recorded.get(key), due.get(key), found);
            }
        }
        (recorded, due) if recorded == due => {}
        (recorded, due) => found.push((path, shown(recorded), shown(due))),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => NOTHING.into(),
        Some(Value::String(text)) => shorten(text),
        Some(value) => shorten(&value.to_string()),
    }
}
