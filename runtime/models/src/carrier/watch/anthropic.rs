//! Messages of Anthropic: a start, blocks one after the other, a delta with the reason, a stop.

use std::collections::BTreeSet;

use baton_core::model::TokenUsage;
use serde_json::Value;

use super::{Block, Protocol, Seen, Step, count, text};
use crate::carrier::classify;
use crate::error::ModelError;

#[derive(Default)]
pub(super) struct Anthropic {
    started: bool,
    blocks: BTreeSet<u64>,
    open: Option<(u64, Kind)>,
    /// Tokens sent that neither were in the cache nor went into it.
    plain: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Redacted,
    ToolCall,
}

impl Protocol for Anthropic {
    fn event(&mut self, seen: &mut Seen, event: Value) -> Result<Step, ModelError> {
        match text(&event, "/type").unwrap_or_default() {
            "error" => Err(classify::told(event.get("error").unwrap_or(&event))),
            "message_start" => {
                if std::mem::replace(&mut self.started, true) {
                    return Ok(Step::Drop);
                }
                self.usage(seen, event.pointer("/message/usage"));
                Ok(Step::Pass)
            }
            "content_block_start" => Ok(self.block(seen, &event)),
            "content_block_delta" => Ok(self.delta(&event)),
            "content_block_stop" => {
                let index = count(&event, "/index");
                let open = self.open.take_if(|(open, _)| Some(*open) == index);
                Ok(if open.is_some() { Step::Pass } else { Step::Drop })
            }
            "message_delta" => {
                self.usage(seen, event.get("usage"));
                if let Some(reason) = text(&event, "/delta/stop_reason") {
                    seen.finish = Some(reason.to_owned());
                }
                Ok(Step::Pass)
            }
            "message_stop" => {
                let cut = matches!(self.open, Some((_, Kind::ToolCall)));
                if cut && seen.finish.as_deref() != Some("max_tokens") {
                    return Err(classify::malformed("a call of a tool in its answer has no end"));
                }
                seen.done = true;
                Ok(Step::Pass)
            }
            _ => Ok(Step::Drop),
        }
    }
}

impl Anthropic {
    fn block(&mut self, seen: &mut Seen, event: &Value) -> Step {
        let (kind, block) = match text(event, "/content_block/type") {
            Some("text") => (Kind::Text, Block::Text),
            Some("thinking") => (Kind::Thinking, Block::Thinking),
            Some("redacted_thinking") => (Kind::Redacted, Block::Thinking),
            Some("tool_use") => (Kind::ToolCall, Block::ToolCall),
            _ => return Step::Drop,
        };
        let index = count(event, "/index").unwrap_or(self.blocks.len() as u64);
        if !self.blocks.insert(index) {
            return Step::Drop;
        }
        self.open = Some((index, kind));
        seen.order.push(block);
        Step::Pass
    }

    /// Only what belongs to the open block and is of its kind goes on.
    fn delta(&self, event: &Value) -> Step {
        let Some((index, kind)) = self.open else { return Step::Drop };
        let (field, fits) = match text(event, "/delta/type") {
            Some("text_delta") => ("/delta/text", kind == Kind::Text),
            Some("thinking_delta") => ("/delta/thinking", kind == Kind::Thinking),
            Some("signature_delta") => ("/delta/signature", kind == Kind::Thinking),
            Some("input_json_delta") => ("/delta/partial_json", kind == Kind::ToolCall),
            _ => return Step::Drop,
        };
        let here = count(event, "/index").is_none_or(|of| of == index);
        if fits && here && text(event, field).is_some() { Step::Pass } else { Step::Drop }
    }

    /// Later reports repeat earlier ones, in part or whole.
    fn usage(&mut self, seen: &mut Seen, usage: Option<&Value>) {
        let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
        let now = seen.usage.unwrap_or_default();
        self.plain = count(usage, "/input_tokens").unwrap_or(self.plain);
        let cached = count(usage, "/cache_read_input_tokens").unwrap_or(now.cached);
        let written = count(usage, "/cache_creation_input_tokens").unwrap_or(now.cache_written);
        seen.usage = Some(TokenUsage {
            input: self.plain.saturating_add(cached).saturating_add(written),
            output: count(usage, "/output_tokens").unwrap_or(now.output),
            cached,
            cache_written: written,
        });
    }
}
