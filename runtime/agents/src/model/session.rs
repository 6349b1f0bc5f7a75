//! One attempt: the conversation from where it stands until it brings a result.

use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_models::{Message, ModelRequest, Part, Stop, ToolResult};

use super::ModelBackend;
use super::bounds::Bounds;
use super::builtin::Bench;
use super::call::Line;
use super::clock::Clock;
use super::conversation::{Conversation, Heard, SUBMIT};
use super::files::Files;
use super::offers::{Able, Offers};
use super::people::not_yet;
use super::prompt::{self, GO_ON, LAST_ANSWER, REMINDER};
use super::redact;
use super::result::{Wrong, failed, not_taken, refusal};
use super::submit::Submitted;
use super::tools::{Call, Hands};
use super::transcript::{Opening, text_of};
use crate::backend::{BackendError, Job, JobContext, Notice};
use crate::schema::Schema;
use crate::stop::{Stop as AttemptStop, cancelled};

/// How often in a row an answer may be cut, the last time included.
const CUTS_MAX: u32 = 2;

/// One attempt at a task.
pub(super) struct Session<'a> {
    pub(super) line: Line<'a>,
    pub(super) schema: Option<Schema>,
    offers: Offers,
    opening: Opening,
    pub(super) bench: Bench,
    pub(super) bounds: Bounds,
    clock: Clock,
    pub(super) conversation: Conversation,
    /// A result that would have been taken, had a person not said something before.
    pub(super) held: Option<Submitted>,
}

impl<'a> Session<'a> {
    /// Takes up the conversation of a task.
    pub(super) async fn new(
        backend: &'a ModelBackend,
        job: &'a Job,
        context: &'a JobContext,
    ) -> Result<Self, BackendError> {
        let clock = Clock::new(job.timeout_ms);
        let schema = match &job.spec.schema {
            Some(schema) => Some(Schema::compile(schema).await.map_err(BackendError::Permanent)?),
            None => None,
        };
        let files = Files::new(job, backend.root.as_deref(), &context.denied)
            .map_err(BackendError::Permanent)?;
        let definition = job.definition.as_deref();
        let able = Able {
            read: files.can_read(),
            write: files.can_write(),
            skills: !job.guidance.skills.is_empty(),
        };
        let given = context.tools.as_ref().map(|tools| tools.offers()).unwrap_or_default();
        let offers = Offers::new(able, definition, given, job.spec.schema.as_ref());
        let (system, guidance) = prompt::system(job, offers.has_skills());
        let system = context.redact.text(&system);
        let effort = job.spec.options.effort.clone();
        let opening = Opening { system, tools: offers.shown.clone(), guidance, effort };
        let turns = context.meter.turns();
        let mut conversation = Conversation::rebuild(&turns, job.rung).map_err(|error| {
            let failure = Failure::new(FailureKind::Internal, "transcript", error.to_string());
            BackendError::Permanent(failure)
        })?;
        if conversation.messages.is_empty() {
            conversation.say(Message::User(context.redact.text(&prompt::task(&job.spec))));
        } else {
            // What earlier attempts looked at was told by them, if they lived to tell it.
            files.note_more();
        }
        if !job.corrections.is_empty() {
            let corrections = context.redact.text(&prompt::corrections(&job.corrections));
            if !conversation.has_said(&corrections) {
                // Providers take no call without a result.
                if let Some(heard) = conversation.heard.take() {
                    let calls = calls(&heard.parts);
                    if !calls.is_empty() {
                        let results = calls.into_iter().map(unheard).collect();
                        conversation.say(Message::Tools(results));
                    }
                }
                conversation.say(Message::User(corrections));
            }
        }
        let result_bytes = usize::try_from(job.limits.model.result_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            line: Line { backend, job, context },
            schema,
            offers,
            opening,
            bench: Bench { files, guidance: job.guidance.clone(), result_bytes },
            bounds: Bounds::new(job, backend.price),
            clock,
            conversation,
            held: None,
        })
    }

    /// Goes on until there is a result, or nothing is left to try.
    pub(super) async fn run(mut self) -> Result<Handoff, BackendError> {
        let result = self.talk().await;
        let (reads, complete) = self.bench.files.finish();
        if self.bench.files.can_read() || !reads.is_empty() {
            self.tell(Notice::Read { reads, complete });
        }
        result
    }

    async fn talk(&mut self) -> Result<Handoff, BackendError> {
        loop {
            if let Some(heard) = self.conversation.heard.take() {
                self.held = None;
                if let Some(handoff) = self.follow(heard).await? {
                    return Ok(handoff);
                }
            }
            if *self.line.context.cancelled.borrow() {
                return Err(BackendError::Cancelled);
            }
            self.hear();
            let called = match self.clock.is_over() {
                true => Err(AttemptStop::TimedOut.error(self.line.job)),
                false => self.call().await,
            };
            if let Err(error) = called {
                return self.fall_back(error);
            }
        }
    }

    async fn call(&mut self) -> Result<(), BackendError> {
        let tally = self.conversation.tally;
        if tally.turns > 0
            && self.bounds.turns_left(&tally) == 1
            && !self.conversation.has_said(LAST_ANSWER)
        {
            self.conversation.say(Message::User(LAST_ANSWER.to_owned()));
        }
        let last = self.conversation.messages.last();
        let must_call =
            matches!(last, Some(Message::User(text)) if text == REMINDER || text == LAST_ANSWER);
        let mut request = ModelRequest {
            model: self.line.backend.model.clone(),
            system: self.opening.system.clone(),
            messages: self.conversation.messages.clone(),
            tools: self.opening.tools.clone(),
            must_call,
            output_tokens_max: 0,
            effort: self.opening.effort.clone(),
        };
        let input = baton_models::tokens::estimate(&request);
        let answer = self.bounds.answer(&tally, input).map_err(BackendError::Permanent)?;
        request.output_tokens_max = u32::try_from(answer).unwrap_or(u32::MAX);
        self.line.call(&request, &self.opening, &mut self.conversation, &mut self.clock).await
    }

    /// Does what an answer asks for. Its result, if it brought one.
    async fn follow(&mut self, heard: Heard) -> Result<Option<Handoff>, BackendError> {
        let calls = match &heard.stop {
            Stop::Refused => {
                let message = format!(
                    "the provider kept the model from answering: {}",
                    text_of(&heard.parts)
                );
                return Err(failed("model-refused", message));
            }
            Stop::Length => {
                if self.conversation.cuts >= CUTS_MAX {
                    let message = "the answers came to the limit of their length, also when the model \
                                   was asked to go on in smaller steps";
                    return Err(BackendError::Permanent(Failure::new(
                        FailureKind::Limit,
                        "output-length",
                        message,
                    )));
                }
                self.say(GO_ON);
                return Ok(None);
            }
            Stop::End | Stop::ToolCalls | Stop::Other(_) => calls(&heard.parts),
        };
        if calls.is_empty() {
            let handoff = self.ended(&heard).await?;
            return Ok(self.unless_told(handoff));
        }
        self.bounds.check_tools(&self.conversation.tally).map_err(BackendError::Permanent)?;
        let stop = async {
            tokio::select! {
                () = cancelled(self.line.context) => AttemptStop::Cancelled,
                () = self.clock.over() => AttemptStop::TimedOut,
            }
        };
        let made = tokio::select! {
            made = self.make(&calls, heard.from_record) => made?,
            why = stop => return Err(why.error(self.line.job)),
        };
        match made {
            Made::Handoff(submitted) => Ok(Some(self.hand_in(*submitted))),
            Made::Results { results, refused, held } => {
                self.held = held.map(|held| *held);
                if let (Some(wrong), None) = (refused, &self.held) {
                    self.try_again(wrong, &results)?;
                }
                let results = Message::Tools(results);
                self.conversation.say(redact::message(results, &self.line.context.redact));
                Ok(None)
            }
        }
    }

    /// Makes the calls of an answer: those that hand in after all others, and only if all others went
    /// well, because the model did not know that they would not.
    async fn make(&self, calls: &[Call], again: bool) -> Result<Made, BackendError> {
        let (context, told) = (self.line.context, self.conversation.told);
        let hands = Hands { context, offers: &self.offers, bench: &self.bench, again, told };
        let (submits, others): (Vec<&Call>, Vec<&Call>) =
            calls.iter().partition(|call| call.name == SUBMIT);
        let others: Vec<Call> = others.into_iter().cloned().collect();
        let made = hands.make(&others).await;
        let all_well = made.iter().all(|result| !result.failed);
        let mut made = made.into_iter();
        let mut refused = None;
        let mut held = None;
        let mut answers = Vec::new();
        for call in submits {
            if !all_well {
                answers.push(not_taken(call));
                continue;
            }
            if held.is_some() {
                answers.push(not_yet(call));
                continue;
            }
            match self.read(&call.input).await? {
                Ok(submitted) if self.is_told_more() => {
                    answers.push(not_yet(call));
                    held = Some(Box::new(submitted));
                }
                Ok(submitted) => return Ok(Made::Handoff(Box::new(submitted))),
                Err(wrong) => {
                    answers.push(refusal(call, &wrong));
                    refused = Some(wrong);
                }
            }
        }
        let mut answers = answers.into_iter();
        let of = |call: &Call| if call.name == SUBMIT { answers.next() } else { made.next() };
        let results = calls.iter().filter_map(of).collect();
        Ok(Made::Results { results, refused, held })
    }

    pub(super) fn say(&mut self, text: &str) {
        self.conversation.say(Message::User(text.to_owned()));
    }

    pub(super) fn tell(&self, notice: Notice) {
        // A closed channel means that nobody keeps a journal of this job.
        let _ = self.line.context.notices.send(notice);
    }
}

/// What the calls of an answer came to.
enum Made {
    Handoff(Box<Submitted>),
    Results {
        results: Vec<ToolResult>,
        /// What was wrong with the last result that was handed in.
        refused: Option<Wrong>,
        /// A result that is not taken, because a person said something meanwhile.
        held: Option<Box<Submitted>>,
    },
}

fn calls(parts: &[Part]) -> Vec<Call> {
    let call = |part: &Part| match part {
        Part::ToolCall { id, name, input } => {
            Some(Call { id: id.clone(), name: name.clone(), input: input.clone() })
        }
        Part::Text { .. } | Part::Thinking { .. } => None,
    };
    parts.iter().filter_map(call).collect()
}

/// The result of a call after whose end the task was taken up again.
fn unheard(call: Call) -> ToolResult {
    let content = if call.name == SUBMIT { "handed in" } else { "its result is not on record" };
    ToolResult { id: call.id, name: call.name, content: content.to_owned(), failed: false }
}
