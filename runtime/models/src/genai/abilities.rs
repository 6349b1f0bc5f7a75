//! What can be asked of which model.

use baton_core::model::Api;
use genai::chat::ReasoningEffort;

use crate::carrier::error;
use crate::error::{ModelError, Trouble};
use crate::message::ModelRequest;

pub(super) fn effort(effort: &str) -> Result<ReasoningEffort, ModelError> {
    Ok(match effort {
        "none" => ReasoningEffort::Zero,
        "minimal" => ReasoningEffort::Minimal,
        "low" => ReasoningEffort::Low,
        "medium" => ReasoningEffort::Medium,
        "high" => ReasoningEffort::High,
        "xhigh" => ReasoningEffort::XHigh,
        "max" => ReasoningEffort::Max,
        other => {
            let message = format!("There is no reasoning effort `{other}`.");
            return Err(error(Trouble::Permanent, "bad-request", message));
        }
    })
}

/// Whether reasoning can be asked for: models without it refuse the request.
pub(super) fn reasons(api: Api, model: &str) -> bool {
    let without: &[&str] = match api {
        Api::OpenaiResponses => &["gpt-3", "gpt-4", "chatgpt-"],
        Api::Gemini => &["gemini-1", "gemini-2.0", "gemma-"],
        Api::Anthropic | Api::OpenaiChat | Api::Ollama => &[],
    };
    !without.iter().any(|start| model.starts_with(start))
}

/// Whether a call can be demanded. Models of Anthropic that think refuse to be made to; from the
/// fifth generation on all do by themselves.
pub(super) fn can_be_made_to_call(api: Api, request: &ModelRequest) -> bool {
    if api != Api::Anthropic {
        return true;
    }
    let generation = request
        .model
        .strip_prefix("claude-")
        .and_then(|name| name.split('-').find_map(|part| part.parse::<u32>().ok()));
    request.effort.is_none() && generation.is_none_or(|generation| generation < 5)
}
