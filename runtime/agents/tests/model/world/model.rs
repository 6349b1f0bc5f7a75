//! A model that answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_agents::backend::Message;
use baton_core::model::TokenUsage;
use baton_models::{
    Activity, CallContext, ModelApi, ModelError, ModelFuture, ModelReply, ModelRequest, Part, Stop,
    Trouble,
};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What every scripted answer consumes where it does not say.
pub const USAGE: TokenUsage = TokenUsage { input: 100, output: 10, cached: 40, cache_written: 0 };

/// Where people say something.
pub type Said = Arc<watch::Sender<Arc<[Message]>>>;

/// What the model does next.
pub enum Step {
    Answers(ModelReply),
    Fails(ModelError),
    /// Sends these signs, each after so many milliseconds, and then nothing more.
    Falls {
        after: Vec<(u64, Activity)>,
    },
    /// Sends these signs, and answers then.
    Slowly(Vec<(u64, Activity)>, ModelReply),
    /// Answers when nobody wants it any more.
    WhenCancelled(ModelReply),
    /// People say this while the request is on its way.
    Meanwhile(Message, Box<Step>),
}

/// A model that answers from a script, and keeps what it was asked.
#[derive(Default)]
pub struct Scripted {
    pub(super) steps: Mutex<VecDeque<Step>>,
    pub asked: Mutex<Vec<ModelRequest>>,
    /// What people have said.
    pub said: Said,
}

impl Scripted {
    /// A person says something.
    pub fn say(&self, message: Message) {
        say(&self.said, message);
    }
}

pub(super) fn say(to: &watch::Sender<Arc<[Message]>>, message: Message) {
    to.send_modify(|said| *said = said.iter().cloned().chain([message]).collect());
}

/// A message with a number.
pub fn message(seq: u64, text: &str) -> Message {
    Message { seq, sender: "ada".into(), text: text.into(), urgent: false }
}

/// One that does not wait.
pub fn urgent(seq: u64, text: &str) -> Message {
    Message { urgent: true, ..message(seq, text) }
}

impl ModelApi for Scripted {
    fn complete<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a CallContext,
    ) -> ModelFuture<'a> {
        self.asked.lock().unwrap().push(request.clone());
        let mut step = self.steps.lock().unwrap().pop_front().expect("a step for every request");
        Box::pin(async move {
            while let Step::Meanwhile(message, then) = step {
                self.say(message);
                // Whoever waits for it looks at it before anything else comes.
                tokio::task::yield_now().await;
                step = *then;
            }
            match step {
                Step::Answers(reply) => Ok(reply),
                Step::Fails(error) => Err(error),
                Step::Falls { after } => {
                    send(context, after).await;
                    std::future::pending().await
                }
                Step::Slowly(signs, reply) => {
                    send(context, signs).await;
                    Ok(reply)
                }
                Step::WhenCancelled(reply) => {
                    context.cancelled.clone().wait_for(|cancelled| *cancelled).await.unwrap();
                    Ok(reply)
                }
                Step::Meanwhile(..) => unreachable!("taken apart above"),
            }
        })
    }
}

async fn send(context: &CallContext, signs: Vec<(u64, Activity)>) {
    for (after, sign) in signs {
        tokio::time::sleep(Duration::from_millis(after)).await;
        context.activity.send(sign).unwrap();
    }
}

pub fn reply(parts: Vec<Part>, stop: Stop) -> ModelReply {
    ModelReply { parts, stop, usage: USAGE, estimated: false, request_id: Some("req-1".into()) }
}

pub fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

pub fn call(name: &str, input: Value) -> Part {
    // An id that differs between the calls of a conversation, and is the same in every run.
    let id = format!("{name}-{}", input.to_string().len());
    Part::ToolCall { id, name: name.into(), input: input.into() }
}

/// Ends with a text.
pub fn says(words: &str) -> Step {
    Step::Answers(reply(vec![text(words)], Stop::End))
}

/// Calls tools.
pub fn calls(parts: impl IntoIterator<Item = Part>) -> Step {
    Step::Answers(reply(parts.into_iter().collect(), Stop::ToolCalls))
}

/// Hands in an output.
pub fn submits(output: Value) -> Step {
    calls([call("submit", json!({ "output": output, "summary": "done" }))])
}

pub fn error(trouble: Trouble, code: &'static str) -> ModelError {
    let message = format!("it failed: {code}");
    ModelError { trouble, code, message, after_ms: None, usage: None, partial: String::new() }
}
