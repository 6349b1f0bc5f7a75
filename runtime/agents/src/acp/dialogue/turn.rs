//! The turns of a session: what the agent says meanwhile, how each ends, and whether another follows.

use baton_core::handoff::{FailureKind, Usage};
use baton_core::spec::micro_usd;
use serde_json::Value;

use super::{Acp, Stage, TakesUp, read};
use crate::acp::tools::Uses;
use crate::acp::wire::{
    Ask, ContentBlock, PromptResponse, SessionNotification, SessionUpdate, StopReason, update,
};
use crate::backend::Activity;
use crate::people::last;

impl Acp {
    /// The agent says that its turn is over.
    pub(super) fn ended(&mut self, result: &Value) -> Vec<String> {
        self.has_answered();
        claimed(result, &mut self.heard.usage);
        let Some(said) = read::<PromptResponse>(result) else { return self.bad("session/prompt") };
        let hurried = std::mem::take(&mut self.hurried);
        let (kind, code, message) = match said.stop_reason {
            StopReason::EndTurn if !self.news.is_empty() => {
                self.keep();
                return self.tell();
            }
            StopReason::Cancelled if hurried => return self.tell(),
            StopReason::EndTurn => {
                self.heard.result = Some(Ok(()));
                return Vec::new();
            }
            StopReason::MaxTokens => {
                (FailureKind::Limit, "max-tokens", "the agent used up its tokens")
            }
            StopReason::MaxTurnRequests => {
                (FailureKind::Limit, "max-turns", "the agent used up its turns")
            }
            StopReason::Refusal => {
                (FailureKind::Failed, "agent-refused", "the agent refused the task")
            }
            StopReason::Cancelled => {
                (FailureKind::Failed, "agent-cancelled", "the agent cancelled its turn by itself")
            }
            _ => {
                (FailureKind::Failed, "bad-answer", "the agent ended its turn for no known reason")
            }
        };
        self.fail(kind, code, message.into())
    }

    /// Keeps the last message of a turn that ended well.
    pub(super) fn keep(&mut self) {
        self.heard.before = (!self.heard.too_much).then(|| self.heard.text.clone());
    }

    /// A further turn of the same session, with what people said.
    pub(super) fn tell(&mut self) -> Vec<String> {
        let Some(session) = self.session.clone() else { return self.bad("session/new") };
        let news = std::mem::take(&mut self.news);
        let text = (self.begin.more)(&news);
        self.watch.heard(last(&news));
        self.book.saying(last(&news));
        self.is_new_message = true;
        // What a cancelled turn left open is over.
        self.uses = Uses::default();
        let id = self.next(Stage::Prompt);
        self.watch.activity(|_| Activity::Waiting, "");
        vec![Ask::Prompt { session: &session, text: &text }.line(id)]
    }

    /// The agent says what it does.
    pub(super) fn updated(&mut self, params: &Value) {
        // One that is not known says nothing that is needed.
        let Some(said) = read::<SessionNotification>(params) else { return };
        if self.stage != Stage::Prompt || Some(&said.session_id) != self.session.as_ref() {
            return;
        }
        self.has_answered();
        match said.update {
            SessionUpdate::AgentMessageChunk(chunk) => {
                if let ContentBlock::Text(text) = chunk.content {
                    self.watch.piece(Activity::Text, &text.text);
                    self.text(&text.text);
                }
            }
            SessionUpdate::AgentThoughtChunk(chunk) => {
                if let ContentBlock::Text(text) = chunk.content {
                    self.watch.piece(Activity::Thinking, &text.text);
                }
            }
            SessionUpdate::ToolCall(call) => {
                self.is_new_message = true;
                if let Some(said) = update(&call) {
                    let known = self.uses.learn(&said);
                    self.watch.activity(Activity::Tool, known.title());
                }
            }
            SessionUpdate::ToolCallUpdate(said) => {
                self.uses.learn(&said);
            }
            SessionUpdate::UsageUpdate(said) => {
                if let Some(cost) = said.cost.filter(|cost| cost.currency == "USD") {
                    self.heard.usage.cost_micro_usd = micro_usd(cost.amount);
                }
            }
            _ => {}
        }
    }

    /// A piece of a message: the first after a tool begins a new one.
    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_new_message) {
            self.heard.text.clear();
        }
        if (self.heard.text.len() + text.len()) as u64 > self.begin.text_bytes_max {
            self.heard.too_much = true;
            return;
        }
        self.heard.text.push_str(text);
    }

    /// The agent has begun to answer what was said last: its session can be gone on with, if it takes
    /// sessions up at all.
    fn has_answered(&mut self) {
        if self.takes_up != TakesUp::Not
            && self.book.waits()
            && let Some(session) = &self.session
        {
            self.book.named(&session.to_string());
            self.book.works();
        }
    }
}

/// What the end of a turn says of tokens, in either of the two forms that are in use.
fn claimed(result: &Value, usage: &mut Usage) {
    let number = |pointer: &str| result.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let (read, write) = (number("/usage/cachedReadTokens"), number("/usage/cachedWriteTokens"));
    let (input, output) = (number("/usage/inputTokens"), number("/usage/outputTokens"));
    let apart = number("/usage/totalTokens") >= input.saturating_add(output).saturating_add(read);
    let cached = if apart { read.saturating_add(write) } else { 0 };
    let (mut sent, mut received) = (input.saturating_add(cached), output);
    if input == 0 && output == 0 {
        sent = number("/_meta/quota/token_count/input_tokens");
        received = number("/_meta/quota/token_count/output_tokens");
    }
    // Each turn says what it consumed by itself.
    usage.input_tokens = usage.input_tokens.saturating_add(sent);
    usage.output_tokens = usage.output_tokens.saturating_add(received);
    usage.cached_tokens = usage.cached_tokens.saturating_add(read);
}
