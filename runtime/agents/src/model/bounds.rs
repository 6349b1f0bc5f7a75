//! What a task may consume in all, and what is left of it for the next call.

use baton_core::budget::Amounts;
use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::model::{Price, TokenUsage};

use super::conversation::Tally;
use crate::backend::Job;

/// Tokens without which an answer is not worth a call.
const ANSWER_TOKENS_LEAST: u64 = 256;

/// How much an estimate of tokens may be above what they are, in tenths.
const ESTIMATE_TENTHS: u64 = 16;

/// How many times its price a model may cost beyond what its row says that it takes in.
const BEYOND: u64 = 2;

/// Limits of one task, over all attempts. Each step of a ladder has its own answers and calls of tools;
/// tokens and money are those of the task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    turns: u64,
    tool_calls: u64,
    tokens: u64,
    budget: Amounts,
    answer_tokens: u64,
    price: Price,
}

impl Bounds {
    /// The limits of a task.
    pub(super) fn new(job: &Job, price: Price) -> Self {
        let (limits, options) = (&job.limits.model, &job.spec.options);
        let of_type = job.definition.as_ref().and_then(|definition| definition.max_turns);
        let lower = |limit: u64, own: Option<u32>| own.map_or(limit, |own| limit.min(own.into()));
        let mut answer_tokens = limits.output_tokens;
        if price.output_max > 0 {
            answer_tokens = answer_tokens.min(price.output_max);
        }
        Self {
            turns: lower(limits.turns, options.max_turns.or(of_type)),
            tool_calls: lower(limits.tool_calls, options.max_tool_calls),
            tokens: limits.tokens,
            budget: options.budget.map(Amounts::from).unwrap_or_default(),
            answer_tokens,
            price,
        }
    }

    /// Answers that are left.
    pub(super) fn turns_left(&self, tally: &Tally) -> u64 {
        self.turns.saturating_sub(tally.turns)
    }

    /// Whether the calls of tools that the model asked for may be made.
    pub(super) fn check_tools(&self, tally: &Tally) -> Result<(), Failure> {
        if tally.tool_calls <= self.tool_calls {
            return Ok(());
        }
        let message =
            format!("the task may make {} calls of tools and asked for more", self.tool_calls);
        Err(limit("tool-calls", message))
    }

    /// How many tokens the answer of a call may have that sends about `input` tokens.
    ///
    /// # Errors
    /// When the call does not fit what is left.
    pub(super) fn answer(&self, tally: &Tally, input: u64) -> Result<u64, Failure> {
        if tally.turns >= self.turns {
            let message = format!("the task may have {} answers and has had them", self.turns);
            return Err(limit("turns", message));
        }
        let spent = &tally.usage;
        let mut answer = self.answer_tokens;
        let least = answer.min(ANSWER_TOKENS_LEAST);
        let mut narrow = |code, what, cap: u64, spent: u64, input: u64, room: u64| {
            answer = answer.min(room);
            if answer >= least {
                return Ok(());
            }
            let message = format!(
                "{cap} {what} are the limit of the task, {spent} are spent, and the next call sends \
                 about {input}: no room for an answer"
            );
            Err(limit(code, message))
        };
        let after =
            |cap: u64, spent: u64, input: u64| cap.saturating_sub(spent).saturating_sub(input);
        let tokens = spent.tokens();
        narrow("tokens", "tokens", self.tokens, tokens, input, after(self.tokens, tokens, input))?;
        if let Some(cap) = self.budget.tokens {
            narrow("budget-tokens", "tokens", cap, tokens, input, after(cap, tokens, input))?;
        }
        if let Some(cap) = self.budget.output_tokens {
            let spent = spent.output_tokens;
            narrow("budget-output-tokens", "output tokens", cap, spent, 0, after(cap, spent, 0))?;
        }
        if let Some(cap) = self.budget.cost_micro_usd {
            let (spent, sent) = (spent.cost_micro_usd, cost(&self.price, input, 0));
            let room = after(cap, spent, sent);
            let answer = match self.price.output {
                0 if cost(&self.price, input, 0) > cap.saturating_sub(spent) => 0,
                0 => u64::MAX,
                // What a million tokens of output cost in this call.
                price => {
                    let dear = cost(&self.price, input, 1_000_000).saturating_sub(sent);
                    room.saturating_mul(1_000_000) / dear.max(price)
                }
            };
            narrow("budget-cost", "millionths of a dollar", cap, spent, sent, answer)?;
        }
        let context = self.price.context;
        if context > 0 {
            // The estimate of what is sent is on the high side, and the provider knows better what fits;
            // beyond doubt too much is too much.
            if input.saturating_mul(10) / ESTIMATE_TENTHS > context {
                let message = format!(
                    "the conversation has about {input} tokens, and the model takes in {context}"
                );
                return Err(limit("context", message));
            }
            answer = answer.min(context.saturating_sub(input).max(least));
        }
        Ok(answer)
    }
}

/// The most that a call costs, in millionths of a US dollar: what is sent may be written into the
/// provider's cache, which costs more than sending it.
pub(super) fn cost(price: &Price, input: u64, output: u64) -> u64 {
    let plain = TokenUsage { input, output, ..TokenUsage::default() };
    let written = TokenUsage { cache_written: input, ..plain };
    charge(price, &plain).cost_micro_usd.max(charge(price, &written).cost_micro_usd)
}

/// What tokens cost. Some providers take twice the price for a conversation beyond a length, which is
/// what the row of such a model names as its context.
pub(super) fn charge(price: &Price, tokens: &TokenUsage) -> Usage {
    let mut usage = price.usage(tokens);
    if price.context > 0 && tokens.input > price.context {
        usage.cost_micro_usd = usage.cost_micro_usd.saturating_mul(BEYOND);
    }
    usage
}

fn limit(code: &str, message: String) -> Failure {
    Failure::new(FailureKind::Limit, code, message)
}
