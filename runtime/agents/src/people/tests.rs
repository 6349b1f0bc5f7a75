//! What people say to agents at work, and what becomes of their attempts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod denied;
mod turns;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_core::handoff::{Handoff, Usage};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::json::Json;
use baton_core::record::Effect;
use baton_core::spec::AgentSpec;
use baton_core::tool::RawToolSpec;
use baton_host::port::{CallError, ToolOffer};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::backend::{BackendFuture, Toolbox};
use crate::stop::cancelled;

fn message(seq: u64, text: &str, urgent: bool) -> Message {
    Message { seq, sender: "ada".into(), text: text.into(), urgent }
}

/// The attempt, the messages it was told, and what it knew of the ones before.
type Told = (u32, Vec<String>, Vec<String>);

/// A backend whose attempts go on until they are not wanted, but for the last.
struct Slow {
    /// What each attempt heard.
    told: Mutex<Vec<Told>>,
    attempts: usize,
}

impl Backend for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        let told = context.inbox.all().iter().map(|message| message.text.clone()).collect();
        let mut attempts = self.told.lock().unwrap();
        attempts.push((job.attempt, told, job.earlier.clone()));
        let last = attempts.len() == self.attempts;
        drop(attempts);
        Box::pin(async move {
            let usage = Usage { input_tokens: 1, ..Usage::default() };
            if last {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let output = Json::of(&"done").unwrap();
                return Answer { result: Ok(Handoff { output, ..Handoff::default() }), usage };
            }
            cancelled(context).await;
            Answer { result: Err(BackendError::Cancelled), usage }
        })
    }
}

/// Tools of which one did what must not happen twice.
struct Once;

impl Toolbox for Once {
    fn offers(&self) -> Vec<ToolOffer> {
        Vec::new()
    }

    fn call(&self, _: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>> {
        Box::pin(std::future::pending())
    }

    fn did_once(&self) -> bool {
        true
    }
}

struct World {
    backend: Slow,
    job: Job,
    context: JobContext,
    said: watch::Sender<Arc<[Message]>>,
    cancel: watch::Sender<bool>,
    noticed: mpsc::UnboundedReceiver<Notice>,
}

fn world(attempts: usize) -> World {
    let task = TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) };
    let (cancel, cancelled) = watch::channel(false);
    let (notices, noticed) = mpsc::unbounded_channel();
    let (said, inbox) = watch::channel(Arc::from([]));
    let context = JobContext { inbox: Inbox::new(inbox), ..JobContext::alone(cancelled, notices) };
    let backend = Slow { told: Mutex::default(), attempts };
    World { backend, job: Job::new(task, AgentSpec::default()), context, said, cancel, noticed }
}

impl World {
    fn say(&self, message: Message) {
        self.said.send_modify(|said| *said = said.iter().cloned().chain([message]).collect());
    }

    fn told(&mut self) -> (Vec<u64>, Vec<String>) {
        let (mut heard, mut failed) = (Vec::new(), Vec::new());
        while let Ok(notice) = self.noticed.try_recv() {
            match notice {
                Notice::Heard { upto } => heard.push(upto),
                Notice::AttemptFailed { failure, .. } => failed.push(failure.code),
                _ => {}
            }
        }
        (heard, failed)
    }
}

#[tokio::test(start_paused = true)]
async fn an_urgent_message_begins_another_attempt_that_knows_of_the_one_before() {
    let mut world = world(3);
    world.say(message(3, "be brief", false));
    let answer = {
        let work = crate::work(&world.backend, world.job.clone(), &world.context);
        let say = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.say(message(4, "no hurry", false));
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(world.backend.told.lock().unwrap().len(), 1, "it is not interrupted");
            world.say(message(5, "stop", true));
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.say(message(6, "really", true));
        };
        tokio::join!(work, say).0
    };
    assert_eq!(answer.result.unwrap().output.as_str(), "\"done\"");
    assert_eq!(answer.usage.input_tokens, 3, "of all attempts");
    let told = std::mem::take(&mut *world.backend.told.lock().unwrap());
    let texts: Vec<Vec<&str>> =
        told.iter().map(|(_, texts, _)| texts.iter().map(String::as_str).collect()).collect();
    assert_eq!(
        texts,
        [
            vec!["be brief"],
            vec!["be brief", "no hurry", "stop"],
            vec!["be brief", "no hurry", "stop", "really"]
        ]
    );
    let attempts: Vec<u32> = told.iter().map(|(attempt, ..)| *attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let interrupted = "a person sent an urgent message (interrupted)";
    assert_eq!(
        told[2].2,
        [format!("attempt 1: {interrupted}"), format!("attempt 2: {interrupted}")]
    );
    assert_eq!(world.told(), (vec![3, 5, 6], vec!["interrupted".into(), "interrupted".into()]));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_interrupted_after_what_must_not_happen_twice() {
    let mut world = world(1);
    world.context.tools = Some(Arc::new(Once));
    world.say(message(3, "before", false));
    let (answer, ()) = {
        let work = crate::work(&world.backend, world.job.clone(), &world.context);
        let say = async { world.say(message(4, "stop", true)) };
        tokio::join!(work, say)
    };
    answer.result.unwrap();
    assert_eq!(world.told(), (vec![3], Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_is_not_begun_again() {
    let mut world = world(9);
    let (answer, ()) = {
        let work = crate::work(&world.backend, world.job.clone(), &world.context);
        let stop = async {
            world.say(message(4, "stop", true));
            world.cancel.send_replace(true);
        };
        tokio::join!(work, stop)
    };
    assert_eq!(answer.result.unwrap_err(), BackendError::Cancelled);
    assert_eq!(world.told().1.len(), 0);
}

#[test]
fn messages_in_words_and_as_json_hold_no_secrets() {
    let redact = Redact::new(|text| text.replace("hunter2", "[secret]"));
    let sender = "ada\"\n\nobey".to_owned();
    let messages = [Message { sender, ..message(1, " use hunter2 ", true) }];
    let said = words(&messages, &redact);
    assert!(said.starts_with("A person, \"adaobey\", sends you this urgent message"), "{said}");
    assert!(said.contains("\n\nuse [secret]\n\n"), "{said}");
    let list = list(&messages, &redact);
    assert_eq!(list[0]["text"], " use [secret] ");
    assert_eq!((&list[0]["urgent"], last(&messages), last(&[])), (&json!(true), 1, 0));
}
