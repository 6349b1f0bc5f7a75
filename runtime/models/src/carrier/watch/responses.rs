//! Responses of `OpenAI`: numbered events, and a last one with the whole answer.

use baton_core::model::TokenUsage;
use serde_json::{Value, json};

use super::{Protocol, Seen, Step, count, first, text};
use crate::carrier::classify;
use crate::error::ModelError;

#[derive(Default)]
pub(super) struct Responses {
    last: Option<u64>,
    refused: bool,
}

impl Protocol for Responses {
    fn event(&mut self, seen: &mut Seen, mut event: Value) -> Result<Step, ModelError> {
        let kind = text(&event, "/type").unwrap_or_default().to_owned();
        if self.doubled(&event) && !matches!(kind.as_str(), "error" | "response.failed") {
            return Ok(Step::Drop);
        }
        match kind.as_str() {
            "error" => Err(classify::told(event.get("error").unwrap_or(&event))),
            "response.failed" => {
                usage(seen, &event);
                Err(classify::told(event.pointer("/response/error").unwrap_or(&Value::Null)))
            }
            "response.completed" | "response.incomplete" => {
                usage(seen, &event);
                let status = kind.strip_prefix("response.").unwrap_or_default();
                let reason = match text(&event, "/response/incomplete_details/reason") {
                    _ if self.refused => "refusal",
                    Some(reason) => reason,
                    None => status,
                };
                seen.finish = Some(reason.to_owned());
                seen.request_id = text(&event, "/response/id").map(str::to_owned);
                seen.done = true;
                complete(&mut event, status);
                Ok(Step::Change(event))
            }
            // A refusal is said instead of text; the library knows text.
            "response.refusal.delta" => {
                self.refused = true;
                event["type"] = json!("response.output_text.delta");
                Ok(Step::Change(event))
            }
            "response.output_item.added"
            | "response.output_item.done"
            | "response.output_text.delta"
            | "response.reasoning_text.delta"
            | "response.reasoning_summary_text.delta"
            | "response.function_call_arguments.delta" => Ok(Step::Pass),
            _ => Ok(Step::Drop),
        }
    }
}

impl Responses {
    /// Whether an event of this number or a later one was there before.
    fn doubled(&mut self, event: &Value) -> bool {
        let Some(number) = count(event, "/sequence_number") else { return false };
        let doubled = self.last.is_some_and(|last| number <= last);
        self.last = self.last.max(Some(number));
        doubled
    }
}

/// What the library must find in the last event; without it, it would skip it silently.
fn complete(event: &mut Value, status: &str) {
    let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) else {
        event["response"] = json!({"id": "", "model": "", "status": status});
        return;
    };
    for (field, instead) in [("id", ""), ("model", ""), ("status", status)] {
        if !response.get(field).is_some_and(Value::is_string) {
            response.insert(field.to_owned(), json!(instead));
        }
    }
    if !response.get("output").is_some_and(Value::is_array) {
        response.insert("output".to_owned(), json!([]));
    }
    // Read here, and of no use to the library.
    response.remove("usage");
    response.remove("max_output_tokens");
}

fn usage(seen: &mut Seen, event: &Value) {
    if let Some(usage) = event.pointer("/response/usage").filter(|usage| usage.is_object()) {
        seen.usage = Some(TokenUsage {
            input: first(usage, &["/input_tokens"]),
            output: first(usage, &["/output_tokens"]),
            cached: first(usage, &["/input_tokens_details/cached_tokens"]),
            cache_written: first(usage, &["/input_tokens_details/cache_write_tokens"]),
        });
    }
}
