//! What is different between what was expected and what came.

use serde::Serialize;
use serde_json::Value;

/// Differences that are told of one case.
const TOLD_MAX: usize = 20;

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where, such as `output.hits[0].line`.
    pub path: String,
    /// What was expected; none: nothing.
    pub expected: Option<Value>,
    /// What came; none: nothing.
    pub got: Option<Value>,
}

impl Difference {
    /// A difference of two values as a whole.
    pub fn new(path: &str, expected: Option<Value>, got: Option<Value>) -> Self {
        Self { path: path.into(), expected, got }
    }
}

/// The differences of two values at `path`, at most as many as are told.
pub fn differences(path: &str, expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(path, Some(expected), Some(got), &mut found);
    found
}

fn compare(path: &str, expected: Option<&Value>, got: Option<&Value>, to: &mut Vec<Difference>) {
    if to.len() >= TOLD_MAX || expected == got {
        return;
    }
    match (expected, got) {
        (Some(Value::Object(expected)), Some(Value::Object(got))) => {
            for (key, value) in expected {
                compare(&format!("{path}.{key}"), Some(value), got.get(key), to);
            }
            for (key, value) in got.iter().filter(|(key, _)| !expected.contains_key(*key)) {
                compare(&format!("{path}.{key}"), None, Some(value), to);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(got))) => {
            for index in 0..expected.len().max(got.len()) {
                compare(&format!("{path}[{index}]"), expected.get(index), got.get(index), to);
            }
        }
        _ => to.push(Difference::new(path, expected.cloned(), got.cloned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_names_its_place() {
        let expected = json!({ "a": [1, 2, { "b": null }], "only": 1, "same": [] });
        let got = json!({ "a": [1, 3, { "b": 0 }, 4], "same": [], "more": 2 });
        let new = |path: &str, expected, got| Difference::new(path, expected, got);
        assert_eq!(
            differences("output", &expected, &got),
            [
                new("output.a[1]", Some(json!(2)), Some(json!(3))),
                new("output.a[2].b", Some(json!(null)), Some(json!(0))),
                new("output.a[3]", None, Some(json!(4))),
                new("output.only", Some(json!(1)), None),
                new("output.more", None, Some(json!(2))),
            ]
        );
        assert_eq!(differences("x", &json!("a"), &json!(1)).len(), 1);
        assert_eq!(differences("x", &json!([1]), &json!([1])), []);
        let many = json!(vec![0; 50]);
        assert_eq!(differences("x", &json!([]), &many).len(), TOLD_MAX);
    }
}
