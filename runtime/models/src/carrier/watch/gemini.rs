//! `generateContent` of Gemini: pieces of an answer, the last of which says why it ended.

use baton_core::model::TokenUsage;
use serde_json::{Value, json};

use super::{Protocol, Seen, Step, count, first, text};
use crate::carrier::classify;
use crate::error::ModelError;

pub(super) struct Gemini;

impl Protocol for Gemini {
    fn event(&mut self, seen: &mut Seen, event: Value) -> Result<Step, ModelError> {
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(classify::told(error));
        }
        if let Some(id) = text(&event, "/responseId") {
            seen.request_id = Some(id.to_owned());
        }
        let told = usage(seen, &event);
        if seen.finish.is_some() {
            seen.done |= told;
            return Ok(Step::Drop);
        }
        if let Some(reason) = text(&event, "/promptFeedback/blockReason") {
            seen.finish = Some(format!("blocked: {reason}"));
            seen.done = true;
            return Ok(Step::Change(json!({"candidates": [{"finishReason": "SAFETY"}]})));
        }
        let Some(candidate) = event.pointer("/candidates/0") else { return Ok(Step::Drop) };
        if let Some(reason) = text(candidate, "/finishReason") {
            seen.finish = Some(reason.to_owned());
            seen.done = told;
            return Ok(Step::Pass);
        }
        // The library takes a piece without parts for a broken one.
        let parts = candidate.pointer("/content/parts").is_some_and(Value::is_array);
        Ok(if parts { Step::Pass } else { Step::Drop })
    }

    fn end(&mut self, seen: &mut Seen) -> Option<String> {
        // What was consumed was not told; the reason is enough.
        seen.done = seen.finish.is_some();
        None
    }
}

/// Whether there was a report.
fn usage(seen: &mut Seen, event: &Value) -> bool {
    let Some(usage) = event.get("usageMetadata").filter(|usage| usage.is_object()) else {
        return false;
    };
    let output = first(usage, &["/candidatesTokenCount"])
        .saturating_add(first(usage, &["/thoughtsTokenCount"]));
    let prompt = count(usage, "/promptTokenCount").unwrap_or(0);
    seen.usage = Some(TokenUsage {
        input: prompt.saturating_add(first(usage, &["/toolUsePromptTokenCount"])),
        output,
        cached: first(usage, &["/cachedContentTokenCount"]),
        cache_written: 0,
    });
    true
}
