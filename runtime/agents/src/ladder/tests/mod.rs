#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod checks;
mod climbs;
mod goes_on;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use baton_core::budget::Amounts;
use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::model::{Price, TokenUsage};
use baton_core::record::Effect;
use baton_core::scope::{Authority, Scope};
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::RawToolSpec;
use baton_host::port::{CallError, ToolOffer};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::check::Check;
use super::{Rung, work};
use crate::backend::{
    Answer, Asked, Backend, BackendError, BackendFuture, Guidance, Inbox, Job, JobContext, LetGo,
    Meter, Notice, Passed, Redact, Toolbox, Turn,
};
use crate::model::transcript::{TURN_VERSION, TurnContent};

/// Turns in memory.
#[derive(Default)]
struct Turns(Mutex<Vec<Arc<[u8]>>>);

impl Meter for Turns {
    fn turns(&self) -> Vec<Arc<[u8]>> {
        self.0.lock().unwrap().clone()
    }

    fn reserve(&self, _: Asked) -> BackendFuture<'static, Result<(), LetGo>> {
        Box::pin(async { Ok(()) })
    }

    fn settle(&self, turn: Turn) -> BackendFuture<'static, ()> {
        self.0.lock().unwrap().extend(turn.content);
        Box::pin(async {})
    }

    fn left(&self) -> Amounts {
        Amounts::default()
    }
}

type End = Result<Value, BackendError>;

/// A model that answers from a list: its tokens, and what comes of them.
struct Model {
    name: &'static str,
    price: Price,
    ends: Mutex<Vec<(u64, End)>>,
    jobs: Mutex<Vec<Job>>,
}

impl Model {
    fn turn(&self, job: &Job, tokens: u64) -> Turn {
        let usage = TokenUsage { input: tokens, output: tokens, ..TokenUsage::default() };
        let content = TurnContent {
            told: 0,
            v: TURN_VERSION,
            backend: self.name.into(),
            attempt: job.attempt,
            rung: job.rung,
            opening: None,
            said: Vec::new(),
            answer: Vec::new(),
            stop: None,
            failed: None,
            usage,
            cost_micro_usd: self.price.of(&usage),
            request_id: None,
            ms: 1,
        };
        Turn {
            usage: self.price.usage(&usage),
            estimated: false,
            answered: true,
            content: Some(content.to_bytes()),
        }
    }
}

impl Backend for Model {
    fn name(&self) -> &str {
        self.name
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        self.jobs.lock().unwrap().push(job.clone());
        let (tokens, end) = self.ends.lock().unwrap().remove(0);
        let turn = self.turn(job, tokens);
        Box::pin(async move {
            context.meter.settle(turn).await;
            if let (Some(tools), Ok(output)) = (&context.tools, &end)
                && output == "acts"
            {
                let spec =
                    RawToolSpec { name: "act".into(), input: "{}".into(), options: "{}".into() };
                tools.call(spec).await.unwrap();
            }
            let result = end.map(|output| Handoff {
                output: output.into(),
                summary: "I did it.".into(),
                ..Handoff::default()
            });
            Answer { result, usage: Usage { fuel: 1, ..Usage::default() } }
        })
    }
}

/// Tools that answer from a function. Everything but `look` must not happen twice.
struct Tools {
    answer: fn(&str, &Value) -> Result<Value, CallError>,
    calls: Mutex<Vec<(String, Value)>>,
    did_once: AtomicBool,
}

impl Toolbox for Tools {
    fn offers(&self) -> Vec<ToolOffer> {
        Vec::new()
    }

    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>> {
        let input: Value = serde_json::from_str(&spec.input).unwrap();
        self.did_once.fetch_or(spec.name != "look", Ordering::Relaxed);
        let answer = (self.answer)(&spec.name, &input).map(Json::from);
        self.calls.lock().unwrap().push((spec.name, input));
        Box::pin(async move { answer })
    }

    fn did_once(&self) -> bool {
        self.did_once.load(Ordering::Relaxed)
    }
}

fn price(micro: u64) -> Price {
    // As much per token, in and out, as the number says.
    Price { input: micro * 1_000_000, output: micro * 1_000_000, ..Price::default() }
}

fn model(name: &'static str, micro: u64, ends: Vec<(u64, End)>) -> Arc<Model> {
    Arc::new(Model { name, price: price(micro), ends: Mutex::new(ends), jobs: Mutex::default() })
}

fn rung(model: &Arc<Model>) -> Rung {
    let (provider, own) = model.name.split_once(':').unwrap();
    Rung {
        backend: model.clone(),
        model: Some((provider.into(), own.into())),
        price: Some(model.price),
    }
}

fn permanent(kind: FailureKind, code: &str) -> End {
    Err(BackendError::Permanent(Failure::new(kind, code, "why")))
}

struct Done {
    result: Result<Handoff, BackendError>,
    usage: Usage,
    /// Attempt, code and message of each that was followed by another.
    failed: Vec<(u32, String, String)>,
    passed: Vec<Passed>,
}

impl Done {
    fn output(&self) -> Value {
        self.result.as_ref().unwrap().output.value()
    }

    fn failure(&self) -> &Failure {
        match &self.result {
            Err(BackendError::Permanent(failure)) => failure,
            other => panic!("{other:?}"),
        }
    }
}

#[derive(Default)]
struct Case {
    check: Option<Check>,
    tools: Option<Arc<Tools>>,
    schema: Option<Value>,
    turns: Arc<Turns>,
}

impl Case {
    async fn run(&self, models: &[&Arc<Model>]) -> Done {
        let rungs: Vec<Rung> = models.iter().map(|model| rung(model)).collect();
        let spec = AgentSpec {
            prompt: "Do it.".into(),
            schema: self.schema.clone().map(Into::into),
            options: AgentOptions { schema_attempts: Some(2), ..AgentOptions::default() },
            ..AgentSpec::default()
        };
        let job = Job {
            task: TaskId {
                run: RunId::from_ulid(ulid::Ulid::nil()),
                path: TaskPath::root().child(1),
            },
            attempt: 1,
            spec: Arc::new(spec),
            corrections: Vec::new(),
            earlier: Vec::new(),
            scope: Arc::new(Scope::default()),
            root: None,
            limits: Arc::new(Limits::default()),
            timeout_ms: 1_000,
            definition: None,
            authority: Arc::new(Authority::unlimited()),
            rung: 0,
            guidance: Arc::new(Guidance::default()),
            traceparent: None,
        };
        let (_cancel, cancelled) = watch::channel(false);
        let (notices, mut noticed) = mpsc::unbounded_channel();
        let tools = self.tools.clone().map(|tools| tools as Arc<dyn Toolbox>);
        let context = JobContext {
            cancelled,
            notices,
            tools,
            meter: self.turns.clone(),
            redact: Redact::default(),
            inbox: Inbox::default(),
            sessions: crate::Sessions::default(),
            turn: 0,
            denied: crate::Denied::default(),
        };
        let answer = work(&rungs, self.check.as_ref(), job, &context).await;
        drop(context);
        let (mut failed, mut passed) = (Vec::new(), Vec::new());
        while let Some(notice) = noticed.recv().await {
            match notice {
                Notice::AttemptFailed { attempt, failure, .. } => {
                    failed.push((attempt, failure.code, failure.message));
                }
                Notice::Passed(one) => passed.push(one),
                other => panic!("{other:?}"),
            }
        }
        Done { result: answer.result, usage: answer.usage, failed, passed }
    }
}

fn tools(answer: fn(&str, &Value) -> Result<Value, CallError>) -> Option<Arc<Tools>> {
    let (calls, did_once) = (Mutex::default(), AtomicBool::new(false));
    Some(Arc::new(Tools { answer, calls, did_once }))
}

fn check_tool(name: &str, input: Value) -> Option<Check> {
    Some(Check::Tool { name: name.into(), input: Some(input.into()) })
}

fn verdict(refuted: bool, reason: &str) -> (u64, End) {
    (10, Ok(json!({ "refuted": refuted, "reason": reason })))
}
