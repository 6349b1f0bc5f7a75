//! One call of a model: announced, made, and on record before anything follows from it.

use baton_core::handoff::Usage;
use baton_core::model::TokenUsage;
use baton_models::{ModelError, ModelRequest, Stop, Trouble, tokens};
use tokio::time::Instant;

use super::clock::Clock;
use super::conversation::Conversation;
use super::exchange::{End, Heard, Why, consumed};
use super::transcript::{CallFailed, INTERRUPTED, Opening, STALLED, TURN_VERSION, TurnContent};
use super::{ModelBackend, bounds, redact, trouble};
use crate::backend::{Asked, BackendError, Job, JobContext, LetGo, Turn};
use crate::people;
use crate::stop::{Stop as AttemptStop, cancelled};

/// One attempt's line to its model.
pub(super) struct Line<'a> {
    pub(super) backend: &'a ModelBackend,
    pub(super) job: &'a Job,
    pub(super) context: &'a JobContext,
}

impl Line<'_> {
    /// Makes a call, and puts it on record. It may end without an answer: when a person said something
    /// that the model is to be told first.
    ///
    /// # Errors
    /// How the attempt ends. What was said is on record all the same.
    pub(super) async fn call(
        &self,
        request: &ModelRequest,
        opening: &Opening,
        conversation: &mut Conversation,
        clock: &mut Clock,
    ) -> Result<(), BackendError> {
        let input = tokens::estimate(request);
        clock.aside(self.announce(input, request.output_tokens_max)).await?;
        let most = input.saturating_add(request.output_tokens_max.into());
        let ticket = match &self.backend.gate {
            Some(gate) => {
                let run = self.job.task.run.to_string();
                let wait = async {
                    tokio::select! {
                        () = cancelled(self.context) => None,
                        ticket = gate.acquire(&run, most) => Some(ticket),
                    }
                };
                let Some(ticket) = clock.aside(wait).await else {
                    self.settle(TokenUsage::default(), false, None).await;
                    return Err(BackendError::Cancelled);
                };
                Some(ticket)
            }
            None => None,
        };
        let inbox = &self.context.inbox;
        if !inbox.after(conversation.told).is_empty() {
            // It came while the call waited for room.
            if let Some(ticket) = ticket {
                ticket.settle(0);
            }
            self.settle(TokenUsage::default(), false, None).await;
            return Ok(());
        }
        if conversation.told > conversation.known {
            conversation.known = conversation.told;
            people::heard(self.context, conversation.told);
        }
        let begin = Instant::now();
        let (end, heard) = self.exchange(request, *clock, conversation.told).await;
        let ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (usage, estimated) = consumed(&end, &heard, input, request.output_tokens_max.into());
        if let Some(ticket) = ticket {
            ticket.settle(usage.input.saturating_add(usage.output));
        }
        let mut turn = TurnContent {
            v: TURN_VERSION,
            backend: self.backend.name.clone(),
            attempt: self.job.attempt,
            rung: self.job.rung,
            opening: (conversation.opening.as_ref() != Some(opening)).then(|| opening.clone()),
            said: conversation.unsaid().to_vec(),
            told: conversation.told,
            answer: Vec::new(),
            stop: None,
            failed: None,
            usage,
            cost_micro_usd: bounds::charge(&self.backend.price, &usage).cost_micro_usd,
            request_id: None,
            ms,
        };
        let failure = self.judge(end, heard, conversation, &mut turn);
        self.settle(usage, estimated, Some(&turn)).await;
        conversation.turned(turn);
        // It came too late: it is paid for and on record, and nothing follows from it.
        if *self.context.cancelled.borrow() {
            return Err(BackendError::Cancelled);
        }
        failure.map_or(Ok(()), Err)
    }

    async fn announce(&self, input: u64, output: u32) -> Result<(), BackendError> {
        let output = u64::from(output);
        let reserve = Usage {
            input_tokens: input,
            output_tokens: output,
            cost_micro_usd: bounds::cost(&self.backend.price, input, output),
            ..Usage::default()
        };
        let call = Asked {
            provider: self.backend.provider.clone(),
            model: self.backend.model.clone(),
            reserve,
        };
        tokio::select! {
            biased;
            () = cancelled(self.context) => Err(BackendError::Cancelled),
            room = self.context.meter.reserve(call) => {
                room.map_err(|LetGo| BackendError::Cancelled)
            }
        }
    }

    async fn settle(&self, usage: TokenUsage, estimated: bool, content: Option<&TurnContent>) {
        let turn = Turn {
            usage: bounds::charge(&self.backend.price, &usage),
            estimated,
            answered: content.is_some_and(|content| content.stop.is_some()),
            content: content.map(TurnContent::to_bytes),
        };
        self.context.meter.settle(turn).await;
    }

    /// What the end of a request comes to: into the turn what is on record of it; back, how the
    /// attempt ends, if it does.
    fn judge(
        &self,
        end: End,
        heard: Heard,
        conversation: &Conversation,
        turn: &mut TurnContent,
    ) -> Option<BackendError> {
        let redact = &self.context.redact;
        let error = match end {
            End::Replied(reply) => {
                turn.answer = redact::parts(reply.parts, redact);
                turn.stop = Some(match reply.stop {
                    Stop::Other(word) => Stop::Other(redact.text(&word)),
                    stop => stop,
                });
                turn.request_id = reply.request_id.map(|id| redact.text(&id));
                return None;
            }
            End::Failed(error) => error,
            End::Left(why) => {
                let (last, silence) = (heard.last.0, heard.last.1.elapsed().as_secs());
                let (trouble, code, message) = match why {
                    Why::Cancelled => (Trouble::Cancelled, "cancelled", "cancelled".to_owned()),
                    Why::TimedOut => {
                        let code = "timeout";
                        let message = "the time of the attempt was over".to_owned();
                        let partial = redact.text(&heard.partial);
                        turn.failed = Some(CallFailed { code: code.into(), message, partial });
                        return Some(AttemptStop::TimedOut.error(self.job));
                    }
                    Why::Interrupted => {
                        let message = "a person sent an urgent message".to_owned();
                        let partial = redact.text(&heard.partial);
                        let code = INTERRUPTED.to_owned();
                        turn.failed = Some(CallFailed { code, message, partial });
                        return None;
                    }
                    Why::Stalled { ms } => {
                        let message = format!(
                            "no sign of life for {ms} ms; the last was {silence} s ago: {last}"
                        );
                        (Trouble::Retryable, "silent", message)
                    }
                    Why::Overdue { ms } => {
                        let message = format!("no end of the answer after {ms} ms");
                        (Trouble::Retryable, "deadline", message)
                    }
                };
                let partial = heard.partial;
                ModelError { trouble, code, message, after_ms: None, usage: None, partial }
            }
        };
        let error = ModelError {
            message: redact.text(&error.message),
            partial: redact.text(&error.partial),
            ..error
        };
        let failed = trouble::recorded(&error);
        let silent = u32::from(failed.code == STALLED);
        turn.failed = Some(failed);
        Some(trouble::judge(error, &self.backend.name, conversation.stalls + silent))
    }
}
