//! One request, watched while it is answered.

use std::time::Duration;

use baton_core::model::TokenUsage;
use baton_models::{Activity as Sign, CallContext, ModelError, ModelReply, ModelRequest};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::call::Line;
use super::clock::{Clock, after};
use crate::backend::{Activity, Notice};
use crate::speech::Speech;
use crate::stop::cancelled;

/// How long a request that nobody wants any more may take to say what it consumed.
const GRACE: Duration = Duration::from_millis(500);

/// How much longer than its deadline a request may take to end by itself.
const OVERDUE: Duration = Duration::from_secs(2);

/// Bytes of a token, for answers that ended before their usage was told. Fewer than there are in most
/// texts, so that nothing is charged too little.
const TOKEN_BYTES: u64 = 3;

/// Bytes that are kept of an answer that broke.
const PARTIAL_BYTES: usize = 16 << 10;

/// How a request ended.
pub(super) enum End {
    Replied(ModelReply),
    Failed(ModelError),
    /// It was let go in the middle.
    Left(Why),
}

/// Why a request was let go.
#[derive(Clone, Copy)]
pub(super) enum Why {
    Cancelled,
    TimedOut,
    /// A person has something urgent to say.
    Interrupted,
    Stalled {
        ms: u64,
    },
    Overdue {
        ms: u64,
    },
}

/// What was heard of an answer while it came.
pub(super) struct Heard {
    /// The last sign of life, and when it was.
    pub(super) last: (&'static str, Instant),
    bytes: u64,
    pub(super) partial: String,
}

impl Line<'_> {
    /// Makes a request, and watches it. An urgent message of people after number `told` ends it.
    pub(super) async fn exchange(
        &self,
        request: &ModelRequest,
        clock: Clock,
        told: u64,
    ) -> (End, Heard) {
        let limits = &self.job.limits.model;
        let stall_ms = self.job.spec.options.stall_ms.unwrap_or(limits.stall_ms);
        let stall = Duration::from_millis(stall_ms);
        let deadline = Duration::from_millis(limits.request_ms);
        let (activity, mut signs) = mpsc::unbounded_channel();
        let around = CallContext {
            cancelled: self.context.cancelled.clone(),
            deadline,
            silence: stall,
            activity,
            traceparent: self.job.traceparent.clone(),
        };
        let begin = Instant::now();
        let overdue = after(begin, deadline.saturating_add(OVERDUE));
        let mut heard =
            Heard { last: ("the request was sent", begin), bytes: 0, partial: String::new() };
        let mut speech = Speech::new(&self.context.redact);
        self.tell(Activity::Waiting);
        let mut reply = std::pin::pin!(self.backend.api.complete(request, &around));
        let end = loop {
            tokio::select! {
                biased;
                reply = &mut reply => break reply.map_or_else(End::Failed, End::Replied),
                () = cancelled(self.context) => {
                    break match tokio::time::timeout(GRACE, &mut reply).await {
                        Ok(reply) => reply.map_or_else(End::Failed, End::Replied),
                        Err(_) => End::Left(Why::Cancelled),
                    };
                }
                () = self.context.inbox.urgent(told) => break End::Left(Why::Interrupted),
                () = clock.over() => break End::Left(Why::TimedOut),
                Some(sign) = signs.recv() => self.notice(sign, &mut heard, &mut speech),
                () = tokio::time::sleep_until(after(heard.last.1, stall)) => {
                    break End::Left(Why::Stalled { ms: stall_ms });
                }
                () = tokio::time::sleep_until(overdue) => {
                    break End::Left(Why::Overdue { ms: limits.request_ms });
                }
            }
        };
        speech.end().into_iter().for_each(|rest| self.tell(rest));
        (end, heard)
    }

    fn notice(&self, sign: Sign, heard: &mut Heard, speech: &mut Speech) {
        let (what, words, activity) = match sign {
            Sign::Sent => ("the request was sent", String::new(), Some(Activity::Waiting)),
            Sign::Begun => ("the answer began", String::new(), Some(Activity::Waiting)),
            Sign::Text(text) => ("text", text.clone(), Some(Activity::Text(text))),
            Sign::Thinking(text) if text.is_empty() => ("reasoning", text, None),
            Sign::Thinking(text) => ("reasoning", text.clone(), Some(Activity::Thinking(text))),
            Sign::Calling(name) => ("a call of a tool", name, None),
        };
        heard.last = (what, Instant::now());
        heard.bytes = heard.bytes.saturating_add(words.len() as u64);
        if let Some(Activity::Text(text)) = &activity
            && heard.partial.len() < PARTIAL_BYTES
        {
            heard.partial.push_str(text);
        }
        for told in activity.into_iter().flat_map(|activity| speech.say(activity)) {
            self.tell(told);
        }
    }

    fn tell(&self, activity: Activity) {
        // A closed channel means that nobody watches.
        let _ = self.context.notices.send(Notice::Activity(activity));
    }
}

/// How much more tokens than were reserved a provider may report. No estimate is wrong by so much, and
/// sums of such numbers could never be set right.
const BELIEVED: u64 = 16;

/// Tokens of a reserve that says nothing about what is too much.
const RESERVE_LEAST: u64 = 10_000;

/// What a request consumed that was reserved so many tokens, and whether that is an estimate.
pub(super) fn consumed(end: &End, heard: &Heard, input: u64, output: u64) -> (TokenUsage, bool) {
    let (usage, estimated) = match end {
        End::Replied(reply) => (reply.usage, reply.estimated),
        // The provider has not said it in the answer, which it did not end.
        End::Failed(ModelError { usage: Some(usage), .. }) => (*usage, true),
        End::Failed(_) => (TokenUsage::default(), false),
        End::Left(_) => {
            let output = heard.bytes.div_ceil(TOKEN_BYTES);
            (TokenUsage { input, output, ..TokenUsage::default() }, true)
        }
    };
    let most = input.saturating_add(output).max(RESERVE_LEAST).saturating_mul(BELIEVED);
    if usage.input.saturating_add(usage.output) <= most {
        return (usage, estimated);
    }
    (TokenUsage { input, output, ..TokenUsage::default() }, true)
}
