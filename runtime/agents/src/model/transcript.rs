//! What was said between an agent and its model, as it stands on record.
//!
//! Every call of a model leaves one [`TurnContent`]: what the model was told since the turn before,
//! and what it answered. The turns of a task are its transcript, and all that a later attempt needs
//! to go on where the one before ended.

use std::sync::Arc;

use baton_core::model::TokenUsage;
use baton_models::{Message, Part, Stop, ToolOffer};
use serde::{Deserialize, Serialize};

/// The version of [`TurnContent`] that is written.
pub const TURN_VERSION: u32 = 1;

/// One call of a model: JSON, the content of a [`Turn`](crate::backend::Turn).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnContent {
    /// Version of this form, from 1.
    pub v: u32,
    /// The backend, `PROVIDER:MODEL`.
    pub backend: String,
    /// The attempt at the task, from 1.
    pub attempt: u32,
    /// Which step of a ladder of models it belongs to, from 0. Each has a conversation of its own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rung: u32,
    /// What stands above the conversation. In its first turn, and where it has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
    /// What the model was told since the turn before: the task, results of tools, corrections, messages
    /// of people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Message>,
    /// Number of the last message of people that the model was told, in this turn or before; 0: none.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub told: u64,
    /// What it answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer: Vec<Part>,
    /// Why the answer ended; none: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<CallFailed>,
    /// What the call consumed.
    pub usage: TokenUsage,
    /// What that cost, in millionths of a US dollar.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub cost_micro_usd: u64,
    /// The provider's name for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// From the request to the end of its answer, in milliseconds.
    pub ms: u64,
}

/// What stands above a conversation, the same in every request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The system prompt, guidance included.
    pub system: String,
    /// The tools that were offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolOffer>,
    /// What of the system prompt is instructions of the project and skills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guidance: Vec<Given>,
    /// Reasoning effort; none: the model's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
}

/// A text of the project that a model was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// What it is.
    pub kind: GivenKind,
    /// Its path or name.
    pub name: String,
    /// Bytes of it in the system prompt; 0: it is only named there, or nothing of it fits.
    pub bytes: u64,
    /// Bytes it has.
    pub of: u64,
}

/// Kinds of texts of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GivenKind {
    /// Instructions for everybody who works on the project.
    Instructions,
    /// A skill.
    Skill,
}

/// Why a call brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailed {
    /// A stable code in kebab-case, such as `rate-limited` or [`STALLED`].
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// What had been said when it broke; never an answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partial: String,
}

/// Code of a call that was let go for an urgent message of a person.
pub const INTERRUPTED: &str = "interrupted";

/// Code of a call that was silent for too long.
pub const STALLED: &str = "stalled";

/// A content that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a turn of the transcript cannot be read: {0}")]
pub struct BadTurn(String);

impl TurnContent {
    /// Reads one.
    ///
    /// # Errors
    /// When it is no such content, or one of a later version.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadTurn> {
        let turn: Self =
            serde_json::from_slice(bytes).map_err(|error| BadTurn(error.to_string()))?;
        if turn.v > TURN_VERSION {
            return Err(BadTurn(format!("version {} is later than {TURN_VERSION}", turn.v)));
        }
        Ok(turn)
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Arc<[u8]> {
        // Texts, numbers and checked JSON: there is nothing in it that cannot be written.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// Texts of the answer, one after the other.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(&self.answer)
    }

    /// The answer as it stands in the conversation; none: nothing of it.
    ///
    /// Of one that was cut only its text stays: a call of a tool that was cut was never made, and has
    /// no result.
    #[must_use]
    pub fn heard(&self) -> Option<Message> {
        let parts: Vec<Part> = match &self.stop {
            None => return None,
            Some(Stop::Length) => {
                let is_text = |part: &&Part| matches!(part, Part::Text { .. });
                self.answer.iter().filter(is_text).cloned().collect()
            }
            Some(_) => self.answer.clone(),
        };
        (!parts.is_empty()).then_some(Message::Assistant(parts))
    }
}

/// How many of these turns brought an answer. What cannot be read is none.
#[must_use]
pub fn answers(turns: &[Arc<[u8]>]) -> usize {
    let answered =
        |turn: &&Arc<[u8]>| TurnContent::parse(turn).is_ok_and(|turn| turn.stop.is_some());
    turns.iter().filter(answered).count()
}

/// Texts among parts, one after the other.
pub(super) fn text_of(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::Thinking { .. } | Part::ToolCall { .. } => None,
    });
    texts.collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_nothing(number: &u64) -> bool {
    *number == 0
}
