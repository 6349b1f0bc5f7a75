#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};

use baton_core::handoff::{Failure, FailureKind};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::record::{Effect, Outage};
use baton_core::scope::Scope;
use baton_core::spec::{AgentOptions, AgentSpec};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::backend::{BackendFuture, Toolbox, Turn};
use crate::model::TurnContent;

/// Answers from a list, and keeps what it was asked.
struct Scripted {
    answers: Mutex<Vec<Result<Value, BackendError>>>,
    asked: Mutex<Vec<(u32, Vec<String>)>>,
}

impl Backend for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn perform<'a>(&'a self, job: &'a Job, _: &'a JobContext) -> BackendFuture<'a, Answer> {
        self.asked.lock().unwrap().push((job.attempt, job.corrections.clone()));
        let next = self.answers.lock().unwrap().remove(0);
        let usage = Usage { input_tokens: 10, ..Usage::default() };
        let result = next.map(|output| Handoff { output: output.into(), ..Handoff::default() });
        Box::pin(async move { Answer { result, usage } })
    }
}

struct Done {
    answer: Answer,
    asked: Vec<(u32, Vec<String>)>,
    notices: Vec<(u32, String, u64)>,
}

async fn check(schema: Option<Value>, answers: Vec<Result<Value, BackendError>>) -> Done {
    let backend = Scripted { answers: Mutex::new(answers), asked: Mutex::default() };
    let spec = AgentSpec {
        schema: schema.map(Into::into),
        options: AgentOptions { schema_attempts: Some(2), ..AgentOptions::default() },
        ..AgentSpec::default()
    };
    let job = Job {
        task: TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) },
        attempt: 4,
        spec: Arc::new(spec),
        corrections: Vec::new(),
        earlier: Vec::new(),
        scope: Arc::new(Scope::default()),
        root: None,
        limits: Arc::new(Limits::default()),
        timeout_ms: 1_000,
        definition: None,
        authority: Arc::default(),
        rung: 0,
        guidance: Arc::default(),
        traceparent: None,
    };
    let (_cancel, cancelled) = watch::channel(false);
    let (notices, mut noticed) = mpsc::unbounded_channel();
    let answer = work(&backend, job, &JobContext::alone(cancelled, notices)).await;
    let mut notices = Vec::new();
    while let Some(notice) = noticed.recv().await {
        let Notice::AttemptFailed { attempt, failure, usage } = notice else {
            panic!("{notice:?}")
        };
        notices.push((attempt, failure.code, usage.input_tokens));
    }
    Done { answer, asked: backend.asked.into_inner().unwrap(), notices }
}

fn retryable() -> Result<Value, BackendError> {
    Err(BackendError::Retryable { failure: failure(), after_ms: Some(2_000) })
}

fn failure() -> Failure {
    Failure::new(FailureKind::Failed, "busy", "busy")
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_that_fits_is_taken() {
    let done = check(Some(json!({"type": "string"})), vec![Ok(json!("x"))]).await;
    assert_eq!(done.answer.result.unwrap().output.as_str(), "\"x\"");
    assert_eq!(done.asked, [(4, vec![])]);
    assert!(done.notices.is_empty());
}

#[tokio::test(start_paused = true)]
async fn corrections_are_fed_back_and_survive_a_retryable_error() {
    let wrong = vec!["at /: 1 is not of type \"string\"".to_owned()];
    let answers = vec![Ok(json!(1)), retryable(), Ok(json!("x"))];
    let done = check(Some(json!({"type": "string"})), answers).await;
    assert!(done.answer.result.is_ok());
    assert_eq!(done.asked, [(4, vec![]), (5, wrong.clone()), (6, wrong)]);
    assert_eq!(done.notices, [(4, "schema".into(), 10), (5, "busy".into(), 10)]);
    assert_eq!(done.answer.usage.input_tokens, 30, "all attempts are counted");
}

#[tokio::test(start_paused = true)]
async fn attempts_at_a_schema_run_out() {
    let done = check(Some(json!({"type": "string"})), vec![Ok(json!(1)), Ok(json!(2))]).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("no failure") };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::InvalidOutput, "schema"));
    assert!(failure.message.contains("2 is not of type"), "{failure}");
    assert_eq!(done.notices.len(), 1, "the last attempt is not followed by another");
    assert_eq!(done.answer.usage.input_tokens, 20);
}

#[tokio::test(start_paused = true)]
async fn retryable_errors_run_out() {
    let done = check(None, vec![retryable(), retryable(), retryable()]).await;
    assert_eq!(done.answer.result, Err(BackendError::Permanent(failure())));
    assert_eq!(done.asked.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_as_long_as_the_backend_asked_for() {
    let before = tokio::time::Instant::now();
    check(None, vec![retryable(), Ok(json!(1))]).await.answer.result.unwrap();
    // Time is virtual here: it moves by exactly what is waited for.
    assert!(before.elapsed().as_millis() >= 2_000);
}

#[tokio::test(start_paused = true)]
async fn quota_and_permanent_errors_end_at_once() {
    for error in [
        BackendError::Unavailable { outage: Outage::Quota, failure: failure(), after_ms: Some(9) },
        BackendError::Permanent(failure()),
        BackendError::Cancelled,
    ] {
        let done = check(None, vec![Err(error.clone())]).await;
        assert_eq!(done.answer.result, Err(error));
        assert!(done.notices.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_does_not_compile_costs_no_attempt() {
    let done = check(Some(json!({"type": 1})), vec![]).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("no failure") };
    assert_eq!(failure.code, "bad-schema");
    assert!(done.asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_the_wait_for_the_next_attempt() {
    let answers = Mutex::new(vec![retryable(), Ok(json!(1))]);
    let backend = Scripted { answers, asked: Mutex::default() };
    let job = Job {
        task: TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) },
        attempt: 1,
        spec: Arc::default(),
        corrections: Vec::new(),
        earlier: Vec::new(),
        scope: Arc::default(),
        root: None,
        limits: Arc::default(),
        timeout_ms: 1_000,
        definition: None,
        authority: Arc::default(),
        rung: 0,
        guidance: Arc::default(),
        traceparent: None,
    };
    let (cancel, cancelled) = watch::channel(false);
    let (notices, mut noticed) = mpsc::unbounded_channel();
    let context = JobContext::alone(cancelled, notices);
    let cancel_after_the_first = async {
        noticed.recv().await.unwrap();
        cancel.send(true).unwrap();
    };
    let (answer, ()) = tokio::join!(work(&backend, job, &context), cancel_after_the_first);
    assert_eq!(answer.result, Err(BackendError::Cancelled));
    assert_eq!(backend.asked.into_inner().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_text_is_a_failure_and_an_empty_string_that_was_asked_for_is_not() {
    let done = check(None, vec![Ok(json!(""))]).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("no failure") };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, "empty-output"));
    let done = check(Some(json!({"type": "string"})), vec![Ok(json!(""))]).await;
    assert_eq!(done.answer.result.unwrap().output.as_str(), "\"\"");
}

/// Goes on where it ended: every attempt puts one answer and one failed call on record.
struct Continuing {
    tries: Mutex<u32>,
    answers: bool,
}

impl Backend for Continuing {
    fn name(&self) -> &str {
        "continuing"
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn continues(&self) -> bool {
        true
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        Box::pin(async move {
            *self.tries.lock().unwrap() += 1;
            if self.answers {
                let turn = TurnContent { attempt: job.attempt, ..answer() };
                let content = Some(turn.to_bytes());
                let usage = Usage::default();
                let turn = Turn { usage, estimated: false, answered: true, content };
                context.meter.settle(turn).await;
            }
            let done = *self.tries.lock().unwrap() == 6;
            let result = match done {
                true => Ok(Handoff { output: json!("x").into(), ..Handoff::default() }),
                false => Err(BackendError::Retryable { failure: failure(), after_ms: None }),
            };
            Answer { result, usage: Usage::default() }
        })
    }
}

fn answer() -> TurnContent {
    TurnContent {
        told: 0,
        v: 1,
        backend: "p:m".into(),
        attempt: 1,
        rung: 0,
        opening: None,
        said: Vec::new(),
        answer: Vec::new(),
        stop: Some(baton_models::Stop::ToolCalls),
        failed: None,
        usage: baton_core::model::TokenUsage::default(),
        cost_micro_usd: 0,
        request_id: None,
        ms: 0,
    }
}

/// Tools of which one did what must not happen twice.
struct Once;

impl Toolbox for Once {
    fn offers(&self) -> Vec<baton_host::port::ToolOffer> {
        Vec::new()
    }

    fn call(
        &self,
        _: baton_core::tool::RawToolSpec,
    ) -> BackendFuture<'static, Result<baton_core::json::Json, baton_host::port::CallError>> {
        Box::pin(std::future::pending())
    }

    fn did_once(&self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_that_go_on_are_tried_as_long_as_they_get_further() {
    for (answers, tried) in [(true, 6), (false, 3)] {
        let backend = Continuing { tries: Mutex::default(), answers };
        let task = TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root() };
        let (_cancel, cancelled) = watch::channel(false);
        let (notices, _noticed) = mpsc::unbounded_channel();
        let mut context = JobContext::alone(cancelled, notices);
        context.tools = Some(Arc::new(Once));
        let answer = work(&backend, Job::new(task, AgentSpec::default()), &context).await;
        assert_eq!(answer.result.is_ok(), answers, "what was done once does not end it");
        assert_eq!(*backend.tries.lock().unwrap(), tried);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_what_must_not_happen_twice() {
    for error in [
        BackendError::Retryable { failure: failure(), after_ms: None },
        BackendError::Unavailable { outage: Outage::Quota, failure: failure(), after_ms: None },
    ] {
        let backend = Scripted { answers: Mutex::new(vec![Err(error)]), asked: Mutex::default() };
        let task = TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root() };
        let (_cancel, cancelled) = watch::channel(false);
        let (notices, _noticed) = mpsc::unbounded_channel();
        let mut context = JobContext::alone(cancelled, notices);
        context.tools = Some(Arc::new(Once));
        let answer = work(&backend, Job::new(task, AgentSpec::default()), &context).await;
        assert_eq!(answer.result, Err(BackendError::Permanent(failure())));
    }
}
