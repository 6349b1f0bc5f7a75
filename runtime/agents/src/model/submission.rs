//! What the tool that hands in takes, as a model sees it.

use baton_core::json::Json;
use serde_json::{Value, json};

use super::catalog::object;

/// The schema of a submission, with that of the task's output in it.
pub(super) fn submission(schema: Option<&Json>) -> Value {
    let output = match schema {
        Some(schema) => {
            let mut schema = schema.value();
            move_references(&mut schema);
            schema
        }
        None => {
            json!({ "type": "string", "minLength": 1, "description": "The result, as a text." })
        }
    };
    let line = |what: &str| json!({ "type": "integer", "minimum": 1, "description": what });
    let text = |what: &str| json!({ "type": "string", "description": what });
    let list =
        |items: Value, what: &str| json!({ "type": "array", "items": items, "description": what });
    let lines = json!({ "first": line("First line."), "last": line("Last line.") });
    let mut lines = object(&lines, &["first", "last"]);
    if let Some(lines) = lines.as_object_mut() {
        lines.insert("description".into(), "Leave it out to mean the whole file.".into());
    }
    let evidence = json!({
        "path": text("Path of the file, relative to the root."),
        "lines": lines,
        "claim": text("What the place shows.")
    });
    let artifact = json!({
        "name": text("Name of the file."),
        "media_type": text("Media type, such as `text/markdown`."),
        "text": text("Its content.")
    });
    object(
        &json!({
            "output": output,
            "summary": text("A few sentences for a person: what was done and found."),
            "evidence": list(object(&evidence, &["path", "claim"]), "What the result rests on."),
            "artifacts": list(
                object(&artifact, &["name", "media_type", "text"]),
                "Files that people should get beside the result."
            ),
            "follow_ups": list(json!({ "type": "string" }), "What should be done next.")
        }),
        &["output"],
    )
}

/// Keywords whose values are data, in which `$ref` is a key like any other.
const DATA: [&str; 4] = ["const", "enum", "default", "examples"];

/// Makes references to the root of a schema references to its place within that of a submission. A
/// schema with an identity of its own stays its own root.
fn move_references(schema: &mut Value) {
    match schema {
        Value::Object(map) if map.contains_key("$id") => {}
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(rest) = reference.strip_prefix('#')
                            && (rest.is_empty() || rest.starts_with('/'))
                        {
                            *reference = format!("#/properties/output{rest}");
                        }
                    }
                    value if !DATA.contains(&key.as_str()) => move_references(value),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}
