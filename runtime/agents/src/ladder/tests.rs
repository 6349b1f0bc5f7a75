#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use baton_core::budget::Amounts;
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::model::TokenUsage;
use baton_core::record::{Effect, Outage};
use baton_core::refusal::Refusal;
use baton_core::scope::{Authority, Scope};
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::RawToolSpec;
use baton_host::port::{CallError, ToolOffer};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::backend::{Asked, BackendFuture, Guidance, Inbox, LetGo, Meter, Redact, Turn};
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

#[tokio::test(start_paused = true)]
async fn the_cheapest_that_passes_is_taken_and_the_saving_is_told() {
    let small = model("m:small", 1, vec![(100, Ok(json!("good")))]);
    let large = model("m:large", 10, vec![]);
    let done = Case::default().run(&[&small, &large]).await;
    assert_eq!(done.output(), "good");
    // 200 tokens at 10 would have been 2,000; they were 200.
    let wanted = Passed { rung: 0, rungs: 2, backend: "m:small".into(), saved_micro_usd: 1_800 };
    assert_eq!(done.passed, [wanted]);
    assert!(done.failed.is_empty());
    let options = &small.jobs.lock().unwrap()[0].spec.options;
    assert_eq!((options.provider.as_deref(), options.model.as_deref()), (Some("m"), Some("small")));
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_climbs_one_rung_with_the_failure_as_context() {
    let answer = |name: &str, input: &Value| {
        assert_eq!((name, &input["strict"]), ("look", &json!(true)));
        Ok(json!({ "passed": input["output"] == "good", "why": "too short" }))
    };
    let case = Case {
        check: check_tool("look", json!({ "strict": true })),
        tools: tools(answer),
        ..Case::default()
    };
    let small = model("m:small", 1, vec![(100, Ok(json!("bad")))]);
    let medium = model("m:medium", 2, vec![(100, Ok(json!("good")))]);
    let large = model("m:large", 10, vec![]);
    let done = case.run(&[&small, &medium, &large]).await;
    assert_eq!(done.output(), "good");
    // 2,000 with the large one alone; 200 and 400 were spent.
    assert_eq!((done.passed[0].rung, done.passed[0].saved_micro_usd), (1, 1_400));
    let words = "the check `look` says: {\"passed\":false,\"why\":\"too short\"}";
    assert_eq!(done.failed, [(1, CHECK_CODE.into(), words.into())]);
    let jobs = medium.jobs.lock().unwrap();
    assert_eq!((jobs[0].attempt, jobs[0].rung), (2, 1));
    let told = jobs[0].corrections.join("\n");
    for part in [words, "\"bad\"", "I did it."] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(done.usage.fuel, 2, "both steps are counted");
}

#[tokio::test(start_paused = true)]
async fn a_ladder_can_cost_more_than_its_top() {
    let case = Case {
        check: check_tool("look", json!({})),
        tools: tools(|_, input| Ok(json!({ "passed": input["output"] == 2 }))),
        ..Case::default()
    };
    let small = model("m:small", 9, vec![(100, Ok(json!(1)))]);
    let large = model("m:large", 10, vec![(100, Ok(json!(2)))]);
    let done = case.run(&[&small, &large]).await;
    assert_eq!(done.passed[0].saved_micro_usd, -1_800);
}

#[tokio::test(start_paused = true)]
async fn outputs_that_do_not_fit_climb_after_their_attempts_are_used_up() {
    let case = Case { schema: Some(json!({ "type": "string" })), ..Case::default() };
    let small = model("m:small", 1, vec![(1, Ok(json!(1))), (1, Ok(json!(2)))]);
    let large = model("m:large", 2, vec![(1, Ok(json!("x")))]);
    let done = case.run(&[&small, &large]).await;
    assert_eq!(done.output(), "x");
    let failed: Vec<_> = done.failed.iter().map(|(n, code, _)| (*n, code.as_str())).collect();
    assert_eq!(failed, [(1, "schema"), (2, "schema")]);
    assert_eq!(large.jobs.lock().unwrap()[0].attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn some_failures_climb_and_others_end_the_task() {
    use FailureKind::{
        Cancelled, Failed, InDoubt, Internal, InvalidOutput, Limit, Refused, TimedOut,
    };
    for (kind, climbs) in [
        (Failed, true),
        (InvalidOutput, true),
        (Limit, true),
        (TimedOut, true),
        (Refused, false),
        (Cancelled, false),
        (InDoubt, false),
        (Internal, false),
    ] {
        let small = model("m:small", 1, vec![(1, permanent(kind, "x"))]);
        let large = model("m:large", 2, vec![(1, Ok(json!("good")))]);
        let done = Case::default().run(&[&small, &large]).await;
        assert_eq!(done.result.is_ok(), climbs, "{kind:?}");
        assert_eq!(large.jobs.lock().unwrap().len(), usize::from(climbs), "{kind:?}");
    }
    let outage = BackendError::Unavailable {
        outage: Outage::Quota,
        failure: Failure::new(FailureKind::Failed, "quota", "none left"),
        after_ms: Some(9),
    };
    for error in [outage, BackendError::Cancelled] {
        let small = model("m:small", 1, vec![(1, Err(error.clone()))]);
        let large = model("m:large", 2, vec![]);
        assert_eq!(Case::default().run(&[&small, &large]).await.result, Err(error));
    }
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_the_last_step_is_that_of_the_task() {
    let case = Case {
        check: check_tool("look", json!({})),
        tools: tools(|_, _| Ok(json!({ "passed": false }))),
        ..Case::default()
    };
    let small = model("m:small", 1, vec![(1, Ok(json!("a")))]);
    let large = model("m:large", 2, vec![(1, Ok(json!("b")))]);
    let done = case.run(&[&small, &large]).await;
    assert_eq!(
        (done.failure().kind, done.failure().code.as_str()),
        (FailureKind::Failed, CHECK_CODE)
    );
    assert_eq!(done.failure().detail.value()["output"], "\"b\"");
    assert_eq!((done.failed.len(), done.passed.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_command_checks_by_its_status_and_reads_the_result() {
    let answer = |name: &str, input: &Value| {
        assert_eq!(name, "exec");
        let status = i32::from(input["stdin"] != "\"good\"");
        Ok(json!({ "status": status, "stdout": "", "stderr": "error: no semicolon\n" }))
    };
    let case = Case {
        check: check_tool("exec", json!({ "argv": ["make", "check"] })),
        tools: tools(answer),
        ..Case::default()
    };
    let small = model("m:small", 1, vec![(1, Ok(json!("bad")))]);
    let large = model("m:large", 2, vec![(1, Ok(json!("good")))]);
    let done = case.run(&[&small, &large]).await;
    assert_eq!(done.output(), "good");
    let told = &large.jobs.lock().unwrap()[0].corrections[0];
    assert!(told.contains("`make check` ended with status 1"), "{told}");
    assert!(told.contains("no semicolon"), "{told}");
    let calls = case.tools.unwrap().calls.lock().unwrap().clone();
    assert_eq!(calls[0].1, json!({ "argv": ["make", "check"], "stdin": "\"bad\"" }));
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_fails_does_not_let_a_result_pass() {
    let fails: fn(&str, &Value) -> Result<Value, CallError> = |_, input| match &input["output"] {
        Value::String(text) if text == "good" => Ok(Value::Null),
        _ => Err(CallError::Failed(Failure::new(FailureKind::Failed, "no-key", "key is missing"))),
    };
    let case =
        Case { check: check_tool("look", json!({})), tools: tools(fails), ..Case::default() };
    let small = model("m:small", 1, vec![(1, Ok(json!("bad")))]);
    let large = model("m:large", 2, vec![(1, Ok(json!("good")))]);
    let done = case.run(&[&small, &large]).await;
    assert_eq!(done.output(), "good");
    assert!(done.failed[0].2.contains("key is missing"), "{:?}", done.failed);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_cannot_be_made_ends_the_task() {
    let refused: fn(&str, &Value) -> Result<Value, CallError> =
        |_, _| Err(CallError::Refused(Refusal::invalid("not-given", "not given")));
    for (check, tools) in [
        (check_tool("look", json!({})), tools(refused)),
        (check_tool("look", json!({})), None),
        (check_tool("look", json!([1])), tools(|_, _| Ok(Value::Null))),
    ] {
        let small = model("m:small", 1, vec![(1, Ok(json!("a")))]);
        let large = model("m:large", 2, vec![]);
        let done = Case { check, tools, ..Case::default() }.run(&[&small, &large]).await;
        assert_eq!(done.failure().code, CHECK_CODE);
        assert!(done.failure().message.contains("could not be checked"), "{}", done.failure());
        assert!(large.jobs.lock().unwrap().is_empty());
    }
}

fn verdict(refuted: bool, reason: &str) -> (u64, End) {
    (10, Ok(json!({ "refuted": refuted, "reason": reason })))
}

#[tokio::test(start_paused = true)]
async fn challengers_have_conversations_of_their_own_and_may_change_nothing() {
    let judge = model("m:judge", 1, vec![verdict(true, "2 + 2 is 4"), verdict(false, "")]);
    let check = Check::Challenger { rung: rung(&judge), prompt: "The sum is wrong.".into() };
    let case = Case { check: Some(check), tools: tools(|_, _| Ok(Value::Null)), ..Case::default() };
    let small = model("m:small", 1, vec![(100, Ok(json!("5")))]);
    let large = model("m:large", 10, vec![(100, Ok(json!("4")))]);
    let done = case.run(&[&small, &large]).await;
    assert_eq!(done.output(), "4");
    // The large one alone: 2,000. Spent: 200, 2,000, and 20 for each challenger.
    assert_eq!(done.passed[0].saved_micro_usd, 2_000 - 2_240);
    assert!(done.failed[0].2.ends_with("2 + 2 is 4"), "{:?}", done.failed);
    let jobs = judge.jobs.lock().unwrap();
    assert_eq!(jobs.iter().map(|job| job.rung).collect::<Vec<_>>(), [2, 3]);
    for job in jobs.iter() {
        assert!(job.authority.write.is_none() && job.authority.exec.is_none());
        assert!(
            job.spec.prompt.contains("The sum is wrong.") && job.spec.prompt.contains("Do it.")
        );
        assert!(job.corrections.is_empty());
    }
    assert_eq!(jobs[1].spec.input.as_ref().unwrap().value()["output"], "4");
}

#[tokio::test(start_paused = true)]
async fn a_challenger_that_fails_lets_nothing_pass() {
    let judge = model("m:judge", 1, vec![(1, permanent(FailureKind::Failed, "x"))]);
    let check = Check::Challenger { rung: rung(&judge), prompt: "p".into() };
    let small = model("m:small", 1, vec![(1, Ok(json!("a")))]);
    let large = model("m:large", 2, vec![]);
    let done = Case { check: Some(check), ..Case::default() }.run(&[&small, &large]).await;
    assert_eq!(done.failure().code, CHECK_CODE);
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_a_step_that_did_what_must_not_happen_twice() {
    let answer = |_: &str, input: &Value| Ok(json!({ "passed": input["output"] == "good" }));
    for (output, climbs) in [("acts", false), ("rests", true)] {
        // The check itself must not happen twice either, and is meant to.
        let case =
            Case { check: check_tool("act", json!({})), tools: tools(answer), ..Case::default() };
        let small = model("m:small", 1, vec![(1, Ok(json!(output)))]);
        let medium = model("m:medium", 1, vec![(1, Ok(json!("rests")))]);
        let large = model("m:large", 2, vec![(1, Ok(json!("good")))]);
        let done = case.run(&[&small, &medium, &large]).await;
        assert_eq!(done.result.is_ok(), climbs, "{output}");
        assert_eq!(large.jobs.lock().unwrap().len(), usize::from(climbs), "{output}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_task_goes_on_where_it_was() {
    let judge = model("m:judge", 1, vec![verdict(true, "no"), verdict(false, "")]);
    for (before, first) in [(None, 0), (Some(0), 0), (Some(1), 1), (Some(2), 0), (Some(3), 1)] {
        let check = Check::Challenger { rung: rung(&judge), prompt: "p".into() };
        let case = Case { check: Some(check), ..Case::default() };
        let small = model("m:small", 1, vec![(1, Ok(json!("a")))]);
        let large = model("m:large", 2, vec![(1, Ok(json!("b")))]);
        if let Some(rung) = before {
            let job = Job { rung, ..job_of(&small).await };
            case.turns.settle(small.turn(&job, 1)).await;
        }
        *judge.ends.lock().unwrap() = vec![verdict(false, "")];
        let done = case.run(&[&small, &large]).await;
        assert_eq!(done.passed[0].rung, first, "{before:?}");
    }
}

/// Some job.
async fn job_of(model: &Arc<Model>) -> Job {
    model.ends.lock().unwrap().insert(0, (1, Ok(json!("a"))));
    Case::default().run(&[model]).await;
    model.jobs.lock().unwrap().remove(0)
}

#[tokio::test(start_paused = true)]
async fn long_results_are_cut_for_the_next_step() {
    let case = Case {
        check: check_tool("look", json!({})),
        tools: tools(|_, input| Ok(json!({ "passed": input["output"] == "good" }))),
        ..Case::default()
    };
    let long = "é".repeat(SHOWN_BYTES);
    let small = model("m:small", 1, vec![(1, Ok(json!(long)))]);
    let large = model("m:large", 2, vec![(1, Ok(json!("good")))]);
    case.run(&[&small, &large]).await.result.unwrap();
    let told = &large.jobs.lock().unwrap()[0].corrections;
    assert!(told.iter().all(|text| text.len() < SHOWN_BYTES + 200));
    assert!(told[1].ends_with(&format!("[cut: {} bytes]", 2 * SHOWN_BYTES + 2)), "{}", told[1]);
}
