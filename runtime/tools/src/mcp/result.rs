//! What a tool brought, as the output of a task.

use baton_core::json::{Json, JsonError};
use baton_core::limits::Limits;
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::{Map, Value, json};

use super::error::Problem;

/// Bytes of an image or the like that are handed on; of a larger one only its size is told.
pub const INLINE_BYTES_MAX: usize = 64 << 10;

/// The output of a call: what the tool says for programs, or else its content in one form.
pub(super) fn output(result: CallToolResult, limits: &Limits) -> Result<Json, Problem> {
    let max = limits.tools.mcp_message_bytes;
    let size = serde_json::to_vec(&result).map_or(u64::MAX, |bytes| bytes.len() as u64);
    if size > max {
        return Err(Problem::MessageBytes { max });
    }
    let failed = result.is_error == Some(true);
    let message = if failed { words(&result.content) } else { String::new() };
    let value = match result.structured_content {
        Some(value) if !failed => value,
        _ => json!({ "content": result.content.into_iter().map(block).collect::<Vec<_>>() }),
    };
    if failed {
        return Err(Problem::Tool { message, content: value });
    }
    let (bytes, depth) = (limits.run.result_bytes, limits.run.json_depth);
    Json::parse(&value.to_string(), bytes, depth).map_err(|error| {
        let code = match error {
            JsonError::Size { .. } => "run.result_bytes",
            JsonError::Depth { .. } => "run.json_depth",
            JsonError::Syntax(_) => return Problem::Protocol(error.to_string()),
        };
        Problem::Result { code, message: error.to_string() }
    })
}

/// The texts of a result, for people.
fn words(content: &[ContentBlock]) -> String {
    let text = |block: &ContentBlock| match block {
        ContentBlock::Text(text) => Some(text.text.clone()),
        _ => None,
    };
    let texts: Vec<String> = content.iter().filter_map(text).collect();
    if texts.is_empty() { "it does not say why".into() } else { texts.join("\n") }
}

fn block(block: ContentBlock) -> Value {
    match block {
        ContentBlock::Text(text) => json!({ "type": "text", "text": text.text }),
        ContentBlock::Image(image) => {
            binary(object("image", [("media_type", Some(image.mime_type))]), image.data)
        }
        ContentBlock::Audio(audio) => {
            binary(object("audio", [("media_type", Some(audio.mime_type))]), audio.data)
        }
        ContentBlock::Resource(resource) => match resource.resource {
            ResourceContents::TextResourceContents { uri, mime_type, text, .. } => {
                let fields = [("uri", Some(uri)), ("media_type", mime_type), ("text", Some(text))];
                Value::Object(object("resource", fields))
            }
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                let fields = [("uri", Some(uri)), ("media_type", mime_type)];
                binary(object("resource", fields), blob)
            }
            _ => json!({ "type": "resource" }),
        },
        ContentBlock::ResourceLink(link) => {
            let fields = [
                ("uri", Some(link.uri)),
                ("name", Some(link.name)),
                ("description", link.description),
                ("media_type", link.mime_type),
            ];
            Value::Object(object("resource-link", fields))
        }
        _ => json!({ "type": "unknown" }),
    }
}

fn object<const N: usize>(kind: &str, fields: [(&str, Option<String>); N]) -> Map<String, Value> {
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let kind = [("type", kind.to_owned())].into_iter();
    kind.chain(fields).map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

/// Adds data that is not text: its size, and itself in base64 if it is small.
fn binary(mut object: Map<String, Value>, data: String) -> Value {
    let signs = data.trim_end_matches('=').len();
    let bytes = signs * 3 / 4;
    object.insert("bytes".into(), bytes.into());
    if bytes <= INLINE_BYTES_MAX {
        object.insert("data".into(), data.into());
    }
    Value::Object(object)
}
