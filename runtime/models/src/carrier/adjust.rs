//! Puts right what the library does to a request.

use std::collections::VecDeque;

use baton_core::model::Api;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::classify::error;
use super::watch::Block;
use crate::error::{ModelError, Trouble};

/// The least that Anthropic takes as a budget for thinking.
const THINKING_MIN: u64 = 1_024;

/// What a request must look like.
#[derive(Clone, Debug)]
pub(crate) struct Adjust {
    pub api: Api,
    /// The model by its whole name: the library takes endings such as `-high` for an effort.
    pub model: String,
    /// Blocks of every answer that goes back: the library puts all reasoning first.
    pub orders: Vec<Vec<Block>>,
    /// The provider knows fields that only `OpenAI` itself has.
    pub openai: bool,
}

impl Adjust {
    /// The body that is sent.
    pub(super) fn apply(&self, body: &[u8]) -> Result<Bytes, ModelError> {
        let unformed = || error(Trouble::Permanent, "bad-request", "The request is not an object.");
        let mut body: Value = serde_json::from_slice(body).map_err(|_| unformed())?;
        let fields = body.as_object_mut().ok_or_else(unformed)?;
        if self.api != Api::Gemini {
            fields.insert("model".to_owned(), json!(self.model));
        }
        match self.api {
            Api::Anthropic => {
                thinking(fields);
                self.order(fields);
            }
            Api::OpenaiResponses => summary(fields),
            Api::OpenaiChat if !self.openai => {
                fields.remove("prompt_cache_key");
            }
            Api::Gemini => room(fields.get_mut("generationConfig")),
            Api::OpenaiChat | Api::Ollama => {}
        }
        Ok(body.to_string().into())
    }

    fn order(&self, fields: &mut Map<String, Value>) {
        let messages = fields.get_mut("messages").and_then(Value::as_array_mut);
        let answers = messages
            .into_iter()
            .flatten()
            .filter(|message| message.get("role").and_then(Value::as_str) == Some("assistant"));
        for (answer, order) in answers.zip(&self.orders) {
            let Some(content) = answer.get_mut("content").and_then(Value::as_array_mut) else {
                continue;
            };
            let thinking = |block: &Value| {
                let kind = block.get("type").and_then(Value::as_str);
                matches!(kind, Some("thinking" | "redacted_thinking"))
            };
            let expected = order.iter().filter(|block| **block == Block::Thinking).count();
            let found = content.iter().filter(|block| thinking(block)).count();
            if expected != found || order.len() != content.len() {
                continue;
            }
            let (mut thoughts, mut others): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(content).into_iter().partition(thinking);
            content.extend(order.iter().filter_map(|block| match block {
                Block::Thinking => thoughts.pop_front(),
                Block::Text | Block::ToolCall => others.pop_front(),
            }));
        }
    }
}

/// A budget for thinking must leave room for an answer.
fn thinking(fields: &mut Map<String, Value>) {
    let max = fields.get("max_tokens").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let Some(thinking) = fields.get_mut("thinking") else { return };
    if thinking.get("budget_tokens").and_then(Value::as_u64).is_some_and(|budget| budget >= max) {
        if max / 2 >= THINKING_MIN {
            thinking["budget_tokens"] = json!(max / 2);
        } else {
            fields.remove("thinking");
        }
    }
}

/// Thinking counts as output there, too.
fn room(config: Option<&mut Value>) {
    let Some(config) = config else { return };
    let max = config.get("maxOutputTokens").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if let Some(budget) = config.pointer_mut("/thinkingConfig/thinkingBudget")
        && budget.as_u64().is_some_and(|budget| budget >= max)
    {
        *budget = json!(max / 2);
    }
}

/// Summaries of reasoning are refused to accounts that are not verified.
fn summary(fields: &mut Map<String, Value>) {
    let Some(reasoning) = fields.get_mut("reasoning").and_then(Value::as_object_mut) else {
        return;
    };
    reasoning.remove("summary");
    if reasoning.is_empty() {
        fields.remove("reasoning");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn apply(api: Api, orders: Vec<Vec<Block>>, body: Value) -> Value {
        let adjust = Adjust { api, model: "m-high".to_owned(), orders, openai: false };
        serde_json::from_slice(&adjust.apply(body.to_string().as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_model_keeps_its_name() {
        for api in Api::ALL {
            let body = apply(api, vec![], json!({"model": "m", "prompt_cache_key": "k"}));
            let name = if api == Api::Gemini { "m" } else { "m-high" };
            assert_eq!(body["model"], name, "{api:?}");
            assert_eq!(body.get("prompt_cache_key").is_none(), api == Api::OpenaiChat, "{api:?}");
        }
    }

    #[test]
    fn reasoning_goes_back_where_it_came_from() {
        use Block::{Text, Thinking, ToolCall};
        let think = |n: u8| json!({"type": "thinking", "thinking": n});
        let hidden = json!({"type": "redacted_thinking", "data": "x"});
        let call = json!({"type": "tool_use"});
        let text = json!({"type": "text"});
        let body = json!({"messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": [think(1), hidden, think(2), text, call]},
            {"role": "assistant", "content": "only text"},
            {"role": "assistant", "content": [think(1), text]},
        ]});
        let orders = vec![
            vec![Thinking, Text, Thinking, ToolCall, Thinking],
            vec![Text],
            // Not what was sent: left alone.
            vec![Text, Text],
        ];
        let body = apply(Api::Anthropic, orders, body);
        assert_eq!(body["messages"][1]["content"], json!([think(1), text, hidden, call, think(2)]));
        assert_eq!(body["messages"][3]["content"], json!([think(1), text]));
    }

    #[test]
    fn a_budget_leaves_room() {
        let with = |budget: u64, max: u64| {
            let thinking = json!({"type": "enabled", "budget_tokens": budget});
            let body = json!({"max_tokens": max, "thinking": thinking});
            apply(Api::Anthropic, vec![], body).get("thinking").map(|t| t["budget_tokens"].clone())
        };
        assert_eq!(with(8_000, 9_000), Some(json!(8_000)));
        assert_eq!(with(8_000, 8_000), Some(json!(4_000)));
        assert_eq!(with(8_000, 2_047), None);
        let with = |budget: u64, max: u64| {
            let thinking = json!({"thinkingBudget": budget});
            let config = json!({"maxOutputTokens": max, "thinkingConfig": thinking});
            let body = apply(Api::Gemini, vec![], json!({"generationConfig": config}));
            body["generationConfig"]["thinkingConfig"]["thinkingBudget"].clone()
        };
        assert_eq!(with(8_000, 9_000), json!(8_000));
        assert_eq!(with(24_000, 4_000), json!(2_000));
    }

    #[test]
    fn no_summary_is_asked_for() {
        let body =
            apply(Api::OpenaiResponses, vec![], json!({"reasoning": {"summary": "detailed"}}));
        assert!(body.get("reasoning").is_none());
        let reasoning = json!({"summary": "detailed", "effort": "low"});
        let body = apply(Api::OpenaiResponses, vec![], json!({"reasoning": reasoning}));
        assert_eq!(body["reasoning"], json!({"effort": "low"}));
    }
}
