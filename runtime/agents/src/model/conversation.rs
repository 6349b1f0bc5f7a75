//! A conversation, rebuilt from the turns on record.

use std::sync::Arc;

use baton_core::handoff::Usage;
use baton_models::{Message, Part, Stop};

use super::transcript::{BadTurn, Opening, STALLED, TurnContent, text_of};

/// What a task has consumed of its limits, over all attempts: answers and calls on one step of its
/// ladder, tokens and money on all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Answers of the model.
    pub(super) turns: u64,
    /// Calls of tools, those that hand in not among them.
    pub(super) tool_calls: u64,
    /// Tokens and money.
    pub(super) usage: Usage,
}

/// An answer of the model that nothing has followed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) parts: Vec<Part>,
    pub(super) stop: Stop,
    /// It is known from the record: the process that received it ended before it was followed up, or
    /// in the middle of that.
    pub(super) from_record: bool,
}

/// What has been said so far on one step of the ladder.
#[derive(Clone, Debug, Default)]
pub(super) struct Conversation {
    /// What stands above it, as far as it is on record.
    pub(super) opening: Option<Opening>,
    /// Everything, in order, what is not on record yet included.
    pub(super) messages: Vec<Message>,
    /// How many of the messages are on record.
    recorded: usize,
    /// The last answer, if nothing has followed it.
    pub(super) heard: Option<Heard>,
    /// Answers in a row that were cut, up to the last.
    pub(super) cuts: u32,
    /// Text of the answers in a row that were cut, one after the other.
    pub(super) cut_text: String,
    /// The last calls in a row failed for silence, and nothing was answered since the first of them.
    pub(super) stalls: u32,
    /// Number of the last message of people that was said; 0: none was.
    pub(super) told: u64,
    /// Number of the last message of people of which it is known that it was said.
    pub(super) known: u64,
    /// What the task has consumed.
    pub(super) tally: Tally,
}

impl Conversation {
    /// What the turns on record come to for a step of the ladder.
    pub(super) fn rebuild(turns: &[Arc<[u8]>], rung: u32) -> Result<Self, BadTurn> {
        let mut conversation = Self::default();
        for bytes in turns {
            let turn = TurnContent::parse(bytes)?;
            conversation.charge(&turn);
            if turn.rung == rung {
                conversation.count(&turn);
                conversation.follow(turn, true);
            }
        }
        conversation.recorded = conversation.messages.len();
        conversation.known = conversation.told;
        Ok(conversation)
    }

    /// Something is told to the model with the next call.
    pub(super) fn say(&mut self, message: Message) {
        self.heard = None;
        self.messages.push(message);
    }

    /// What people say, up to this message, is told to the model with the next call. What it had begun to
    /// say before is not its result any more.
    pub(super) fn hear(&mut self, text: String, upto: u64) {
        self.told = upto;
        self.cut_text.clear();
        self.say(Message::User(text));
    }

    /// Whether the user already said this.
    pub(super) fn has_said(&self, text: &str) -> bool {
        self.messages.iter().any(|message| matches!(message, Message::User(said) if said == text))
    }

    /// What was said since the last turn on record.
    pub(super) fn unsaid(&self) -> &[Message] {
        self.messages.get(self.recorded..).unwrap_or_default()
    }

    /// A turn is on record.
    pub(super) fn turned(&mut self, mut turn: TurnContent) {
        self.charge(&turn);
        self.count(&turn);
        // They are among the messages already.
        turn.said.clear();
        self.follow(turn, false);
        self.recorded = self.messages.len();
    }

    fn charge(&mut self, turn: &TurnContent) {
        self.tally.usage.add(&Usage {
            input_tokens: turn.usage.input,
            output_tokens: turn.usage.output,
            cached_tokens: turn.usage.cached,
            cost_micro_usd: turn.cost_micro_usd,
            ..Usage::default()
        });
    }

    fn count(&mut self, turn: &TurnContent) {
        if turn.stop.is_none() {
            return;
        }
        self.tally.turns += 1;
        if turn.stop != Some(Stop::Length) {
            self.tally.tool_calls += calls(&turn.answer).count() as u64;
        }
    }

    fn follow(&mut self, turn: TurnContent, from_record: bool) {
        if let Some(opening) = &turn.opening {
            self.opening = Some(opening.clone());
        }
        self.messages.extend(turn.said.iter().cloned());
        if turn.told > self.told {
            self.told = turn.told;
            self.cut_text.clear();
        }
        self.heard = None;
        let heard = turn.heard();
        let Some(stop) = turn.stop else {
            if turn.failed.is_some_and(|failed| failed.code == STALLED) {
                self.stalls += 1;
            }
            return;
        };
        self.stalls = 0;
        if stop == Stop::Length {
            self.cuts += 1;
            self.cut_text.push_str(&text_of(&turn.answer));
        } else {
            self.cuts = 0;
            if !only_text(&turn.answer) {
                // It went on with its work: what it had begun to say is not its result.
                self.cut_text.clear();
            }
        }
        self.messages.extend(heard);
        self.heard = Some(Heard { parts: turn.answer, stop, from_record });
    }
}

/// Name of the tool with which an agent hands in.
pub(super) const SUBMIT: &str = "submit";

/// Calls among parts that count: all but those that hand in.
fn calls(parts: &[Part]) -> impl Iterator<Item = &Part> {
    parts.iter().filter(|part| matches!(part, Part::ToolCall { name, .. } if name != SUBMIT))
}

fn only_text(parts: &[Part]) -> bool {
    !parts.iter().any(|part| matches!(part, Part::ToolCall { .. }))
}
