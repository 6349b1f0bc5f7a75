//! An answer in the library's terms, made into parts.

use std::collections::{BTreeSet, VecDeque};

use baton_core::json::Json;
use baton_core::model::Api;
use genai::chat::{ContentPart, MessageContent, StreamEnd, ToolCall};
use serde_json::{Value, json};

use crate::carrier::Block;
use crate::ids::Ids;
use crate::message::{ModelRequest, Part};

/// What was said, whole.
pub(crate) struct Said {
    pub(super) end: StreamEnd,
    /// Calls as they came, where each is one piece.
    pub(super) calls: Vec<ToolCall>,
}

impl Said {
    /// The parts of the answer. `order`: of its blocks, as far as the carrier knows it.
    pub(crate) fn parts(
        self,
        api: Api,
        request: &ModelRequest,
        order: &[Block],
    ) -> Result<Vec<Part>, String> {
        let Self { end, calls: whole } = self;
        if api == Api::OpenaiResponses && end.captured_response_id.is_none() {
            return Err("its end cannot be read".to_owned());
        }
        let mut thoughts = VecDeque::new();
        let mut texts = VecDeque::new();
        let mut calls = VecDeque::new();
        let content = end.captured_content.map(MessageContent::into_parts).unwrap_or_default();
        for part in content {
            match part {
                ContentPart::ThoughtSignature(signature) => {
                    thoughts.push_back((String::new(), Some(signature)));
                }
                ContentPart::ReasoningContent(text) => match thoughts.back_mut() {
                    Some((empty, Some(_))) if empty.is_empty() => *empty = text,
                    _ => thoughts.push_back((text, None)),
                },
                // Reasoning that is not shown goes back as it is.
                ContentPart::Custom(custom) => {
                    thoughts.push_back((String::new(), Some(custom.data.to_string())));
                }
                ContentPart::Text(text) if !text.is_empty() => texts.push_back(Part::Text { text }),
                ContentPart::ToolCall(call) => calls.push_back(call),
                _ => {}
            }
        }
        if let Some(text) = end.captured_reasoning_content.filter(|text| !text.is_empty())
            && thoughts.iter().all(|(text, _)| text.is_empty())
        {
            match thoughts.front_mut() {
                Some((empty, _)) => *empty = text,
                None => thoughts.push_back((text, None)),
            }
        }
        let mut ids = Ids::of(api, request);
        let mut parts = Vec::new();
        if !whole.is_empty() {
            calls = whole.into();
        }
        if api == Api::Gemini {
            // A signature that came with a call goes back with it.
            let with: BTreeSet<String> =
                calls.iter().flat_map(|call| call.thought_signatures.clone()).flatten().collect();
            thoughts.retain(|(text, signature)| {
                !text.is_empty() || signature.as_ref().is_none_or(|own| !with.contains(own))
            });
        }
        let mut thinking = |(text, signature)| Part::Thinking { text, signature };
        let mut call = |call: ToolCall, parts: &mut Vec<Part>| -> Result<(), String> {
            let own = call.thought_signatures.filter(|_| api == Api::Gemini).unwrap_or_default();
            parts.extend(
                own.into_iter()
                    .map(|own| Part::Thinking { text: String::new(), signature: Some(own) }),
            );
            let id = ids.give(call.call_id, &call.fn_name);
            let input = input(call.fn_arguments).map_err(|error| error.to_string())?;
            parts.push(Part::ToolCall { id, name: call.fn_name, input });
            Ok(())
        };
        for block in order {
            match block {
                Block::Thinking => parts.extend(thoughts.pop_front().map(&mut thinking)),
                Block::Text => parts.extend(texts.pop_front()),
                Block::ToolCall => {
                    if let Some(next) = calls.pop_front() {
                        call(next, &mut parts)?;
                    }
                }
            }
        }
        parts.extend(thoughts.into_iter().map(thinking));
        parts.extend(texts);
        for next in calls {
            call(next, &mut parts)?;
        }
        Ok(parts)
    }
}

/// The input of a call. What is not JSON stays a text, for the caller to refuse.
pub(super) fn input(arguments: Value) -> Result<Json, baton_core::json::JsonError> {
    match arguments {
        Value::Null => Json::of(&json!({})),
        Value::String(text) if text.trim().is_empty() => Json::of(&json!({})),
        arguments => Json::of(&arguments),
    }
}
