//! Chat completions of `OpenAI` and of the many that speak about the same.

use baton_core::model::TokenUsage;
use serde_json::{Value, json};

use super::{Protocol, Seen, Step, count, first, text};
use crate::carrier::classify;
use crate::error::ModelError;

/// Calls that one answer may hold; the library makes room for as many as a number in it says.
const CALLS_MAX: u64 = 256;

#[derive(Default)]
pub(super) struct Chat {
    refused: bool,
}

impl Protocol for Chat {
    fn event(&mut self, seen: &mut Seen, mut event: Value) -> Result<Step, ModelError> {
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(classify::told(error));
        }
        if let Some(usage) = event.get("usage").filter(|usage| usage.is_object()) {
            seen.usage = Some(TokenUsage {
                input: first(usage, &["/prompt_tokens"]),
                output: first(usage, &["/completion_tokens"]),
                cached: first(
                    usage,
                    &["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"],
                ),
                cache_written: first(usage, &["/prompt_tokens_details/cache_write_tokens"]),
            });
        }
        if let Some(object) = event.as_object_mut() {
            object.remove("error");
        }
        let Some(choice) = event.pointer_mut("/choices/0") else { return Ok(Step::Drop) };
        // One choice was asked for, and nothing belongs to it after its end.
        if count(choice, "/index").is_some_and(|index| index > 0) || seen.finish.is_some() {
            return Ok(Step::Drop);
        }
        if let Some(delta) = choice.get_mut("delta") {
            self.refusal(delta);
            calls(delta)?;
        }
        if let Some(reason) = text(choice, "/finish_reason") {
            let reason = if self.refused { "refusal" } else { reason };
            seen.finish = Some(reason.to_owned());
        }
        Ok(Step::Change(event))
    }

    fn word(&mut self, seen: &mut Seen, word: &str) -> Option<Step> {
        (word == "[DONE]").then(|| {
            seen.done = true;
            Step::Pass
        })
    }

    /// Not everybody sends the last word; the reason is enough.
    fn end(&mut self, seen: &mut Seen) -> Option<String> {
        seen.finish.as_ref()?;
        seen.done = true;
        Some("[DONE]".to_owned())
    }
}

impl Chat {
    /// A refusal comes beside the text, where the library does not look.
    fn refusal(&mut self, delta: &mut Value) {
        if let Some(words) = text(delta, "/refusal").filter(|words| !words.is_empty()) {
            self.refused = true;
            let words = words.to_owned();
            delta["content"] = json!(words);
        }
    }
}

/// Calls of tools as the library reads them: numbered, with their input as a text.
fn calls(delta: &mut Value) -> Result<(), ModelError> {
    let Some(calls) = delta.get_mut("tool_calls").and_then(Value::as_array_mut) else {
        return Ok(());
    };
    for (position, call) in calls.iter_mut().enumerate() {
        let index = count(call, "/index").unwrap_or(position as u64);
        if index >= CALLS_MAX {
            return Err(classify::malformed("its answer numbers a call of a tool beyond reason"));
        }
        if !call.is_object() {
            return Err(classify::malformed("a call of a tool in its answer is not an object"));
        }
        call["index"] = json!(index);
        if let Some(arguments) = call.pointer_mut("/function/arguments")
            && (arguments.is_object() || arguments.is_array())
        {
            *arguments = json!(arguments.to_string());
        }
    }
    Ok(())
}
