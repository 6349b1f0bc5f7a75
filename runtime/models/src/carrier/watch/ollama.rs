//! The chat of Ollama: a line for every piece, the last of which is marked.

use baton_core::model::TokenUsage;
use serde_json::{Value, json};

use super::{Protocol, Seen, Step, count, first, text};
use crate::carrier::classify;
use crate::error::ModelError;

pub(super) struct Ollama;

impl Protocol for Ollama {
    fn event(&mut self, seen: &mut Seen, mut event: Value) -> Result<Step, ModelError> {
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(classify::told(error));
        }
        if let Some(calls) = event.pointer_mut("/message/tool_calls").and_then(Value::as_array_mut)
        {
            for call in calls {
                if text(call, "/function/name").is_none() {
                    return Err(classify::malformed("a call of a tool in its answer has no name"));
                }
                if call.pointer("/function/arguments").is_none() {
                    call["function"]["arguments"] = json!({});
                }
            }
        }
        if event.get("done").and_then(Value::as_bool) == Some(true) {
            seen.done = true;
            seen.finish = Some(text(&event, "/done_reason").unwrap_or("stop").to_owned());
            if count(&event, "/eval_count").is_some()
                || count(&event, "/prompt_eval_count").is_some()
            {
                seen.usage = Some(TokenUsage {
                    input: first(&event, &["/prompt_eval_count"]),
                    output: first(&event, &["/eval_count"]),
                    cached: first(&event, &["/prompt_eval_cached_count"]),
                    cache_written: 0,
                });
            }
        }
        Ok(Step::Change(event))
    }
}
