//! Writing documents.

use baton_guest::ToolError;
use serde_json::Value;

use crate::node::{Node, Shape};
use crate::read::{Format, plain};

/// The text of a document in a format.
///
/// # Errors
/// When the format has no words for it.
pub fn write(node: &Node, format: Format) -> Result<String, ToolError> {
    let wrong = |message: String| ToolError::failed("not-expressible", message);
    match format {
        Format::Json => serde_json::to_string_pretty(node)
            .map(|text| text + "\n")
            .map_err(|error| wrong(error.to_string())),
        Format::Jsonl => {
            let Shape::List(items) = &node.shape else {
                return Err(wrong("JSON Lines are written from a list".into()));
            };
            let lines: Result<String, _> =
                items.iter().map(|item| Ok(serde_json::to_string(item)? + "\n")).collect();
            lines.map_err(|error: serde_json::Error| wrong(error.to_string()))
        }
        Format::Yaml => {
            let mut text = String::new();
            yaml(node, 0, &mut text);
            Ok(text)
        }
        Format::Toml => {
            if !matches!(node.shape, Shape::Map(_)) {
                return Err(wrong("TOML is written from an object".into()));
            }
            toml::to_string_pretty(node)
                .map_err(|error| wrong(format!("TOML has no words for it: {error}")))
        }
    }
}

/// Writes a value in block style, beginning where the text stands.
fn yaml(node: &Node, indent: usize, text: &mut String) {
    match &node.shape {
        Shape::Scalar(value) => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
        Shape::List(items) if items.is_empty() => text.push_str("[]\n"),
        Shape::Map(fields) if fields.is_empty() => text.push_str("{}\n"),
        Shape::List(items) => {
            for (index, item) in items.iter().enumerate() {
                begin(index, indent, text);
                text.push_str("- ");
                yaml(item, indent + 2, text);
            }
        }
        Shape::Map(fields) => {
            for (index, (name, field)) in fields.iter().enumerate() {
                begin(index, indent, text);
                text.push_str(&quoted(name));
                text.push(':');
                match &field.shape {
                    Shape::Map(inner) if !inner.is_empty() => nested(field, indent + 2, text),
                    Shape::List(inner) if !inner.is_empty() => nested(field, indent, text),
                    _ => {
                        text.push(' ');
                        yaml(field, indent + 2, text);
                    }
                }
            }
        }
    }
}

/// The first row of a block stands where its parent left off.
fn begin(index: usize, indent: usize, text: &mut String) {
    if index > 0 {
        text.push_str(&" ".repeat(indent));
    }
}

fn nested(node: &Node, indent: usize, text: &mut String) {
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    yaml(node, indent, text);
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text, between quotes unless every reader of YAML takes it for the same text without them.
fn quoted(text: &str) -> String {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    let booleans = ["y", "n", "yes", "no", "on", "off"];
    let is_plain = first
        && text.chars().all(rest)
        && !text.ends_with(' ')
        && plain(text).is_string()
        && !booleans.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    // JSON leaves alone what YAML wants escaped.
    let json = Value::String(text.to_owned()).to_string();
    let escape = |c: char| match c {
        '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{2028}' | '\u{2029}' => {
            format!("\\u{:04x}", u32::from(c))
        }
        c => c.into(),
    };
    json.chars().map(escape).collect()
}
