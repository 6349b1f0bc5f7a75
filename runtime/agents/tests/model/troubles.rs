//! Silence, cancels, the end of time, and errors of providers.

use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::{Asked, LetGo, Meter, Notice, Turn};
use baton_agents::model::FreeMeter;
use baton_agents::{Backend, BackendError, BackendFuture, JobContext};
use baton_core::budget::Amounts;
use baton_core::handoff::FailureKind;
use baton_core::model::{Api, ProviderDefinition, TokenUsage};
use baton_core::record::Outage;
use baton_models::rate::Gate;
use baton_models::{Activity as Sign, ModelError, Trouble};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::world::{
    PRICE, Step, USAGE, World, call, calls, error, failure, reply, says, submits, text,
};

fn falls(after: &[(u64, Sign)]) -> Step {
    Step::Falls { after: after.to_vec() }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_an_attempt_and_the_next_goes_on() {
    let mut world = World::new(&[("a", "A")]);
    world.spec(|spec| spec.options.stall_ms = Some(2_000));
    let begun = [(10, Sign::Sent), (1_500, Sign::Begun), (1_900, Sign::Text("Let me".into()))];
    world.script([
        calls([call("read_file", json!({ "path": "a" }))]),
        falls(&begun),
        submits(json!("x")),
    ]);
    let start = Instant::now();
    let answer = world.work().await;
    assert!(answer.result.is_ok(), "{:?}", answer.result);
    let waited = start.elapsed().as_millis();
    assert!((5_400..6_500).contains(&waited), "each sign is life for 2 s: {waited}");
    let Some(Notice::AttemptFailed { failure, .. }) =
        world.notices.iter().find(|notice| matches!(notice, Notice::AttemptFailed { .. }))
    else {
        panic!("no failed attempt")
    };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "stalled"));
    assert!(failure.message.contains("2000 ms") && failure.message.ends_with("text"), "{failure}");
    assert!(failure.detail.as_str().contains("Let me"), "{}", failure.detail);
    let turns = world.turns();
    assert_eq!(turns[1].failed.as_ref().unwrap().partial, "Let me");
    assert_eq!(turns[1].usage.output, 2, "six bytes are at most two tokens");
    assert!(world.meter.settled()[1].estimated && turns[1].usage.input > 100);
    assert_eq!(world.asked()[1], world.asked()[2]);
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_twice_in_a_row_is_asked_no_third_time() {
    let mut world = World::new(&[]);
    world.script([falls(&[]), falls(&[]), submits(json!("x"))]);
    let failure = failure(world.work().await.result);
    assert_eq!(failure.code, "stalled");
    assert!(failure.message.contains("300000 ms"), "{failure}");
    assert_eq!(world.asked().len(), 2);

    let mut world = World::new(&[("a", "A")]);
    let read = || calls([call("read_file", json!({ "path": "a" }))]);
    world.script([falls(&[]), read(), falls(&[]), read(), falls(&[]), submits(json!("x"))]);
    assert!(world.work().await.result.is_ok(), "each got further");
}

#[tokio::test(start_paused = true)]
async fn the_provider_may_notice_the_silence_itself() {
    let mut world = World::new(&[]);
    let silent = || Step::Fails(error(Trouble::Retryable, "silent"));
    world.script([silent(), silent(), submits(json!("x"))]);
    assert_eq!(failure(world.work().await.result).code, "stalled");
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_keep_an_attempt_alive() {
    let mut world = World::new(&[]);
    world.spec(|spec| spec.options.stall_ms = Some(1_000));
    let signs = (0..100).map(|_| (900, Sign::Thinking(String::new()))).collect();
    world.script([Step::Slowly(signs, reply(vec![text("x")], baton_models::Stop::End))]);
    assert!(world.perform().await.is_ok());
    assert_eq!(world.activities().len(), 1, "what says nothing is not shown");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_let_go() {
    let mut world = World::new(&[]);
    let signs: Vec<_> = (0..10_000).map(|_| (1_000, Sign::Text("x".into()))).collect();
    world.job.timeout_ms = 3_600_000;
    world.script([falls(&signs)]);
    let start = Instant::now();
    let Err(BackendError::Retryable { failure, .. }) = world.perform().await else {
        panic!("not retryable")
    };
    assert_eq!(failure.code, "deadline");
    assert_eq!(start.elapsed().as_secs(), 602);
    assert_eq!(world.turns()[0].usage.output, 201, "one for three bytes at the most");
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_attempt() {
    let mut world = World::new(&[]);
    world.job.timeout_ms = 5_000;
    world.script([falls(&[])]);
    let failure = failure(world.work().await.result);
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "timeout"));
    assert_eq!(world.turns()[0].failed.as_ref().unwrap().code, "timeout");
    assert!(world.meter.settled()[0].estimated);
}

/// A meter in which every call waits for room, or is let go.
#[derive(Clone)]
struct Slow {
    free: FreeMeter,
    wait: Option<Duration>,
}

impl Meter for Slow {
    fn turns(&self) -> Vec<Arc<[u8]>> {
        self.free.turns()
    }

    fn reserve(&self, call: Asked) -> BackendFuture<'static, Result<(), LetGo>> {
        let (wait, free) = (self.wait, self.free.clone());
        Box::pin(async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(LetGo),
            }
            free.reserve(call).await
        })
    }

    fn settle(&self, turn: Turn) -> BackendFuture<'static, ()> {
        self.free.settle(turn)
    }

    fn left(&self) -> Amounts {
        Amounts::default()
    }
}

#[tokio::test(start_paused = true)]
async fn waits_for_room_are_not_the_agents_time() {
    let mut world = World::new(&[("a", "A")]);
    world.job.timeout_ms = 1_000;
    let read = || calls([call("read_file", json!({ "path": "a" }))]);
    world.script([read(), read(), submits(json!("x"))]);
    let (notices, _noticed) = mpsc::unbounded_channel();
    let mut context = JobContext::alone(world.cancel.subscribe(), notices);
    let slow = Slow { free: world.meter.clone(), wait: Some(Duration::from_secs(3_600)) };
    context.meter = Arc::new(slow);
    assert!(world.backend().perform(&world.job, &context).await.result.is_ok());

    context.meter = Arc::new(Slow { free: FreeMeter::new(), wait: None });
    let answer = world.backend().perform(&world.job, &context).await;
    assert_eq!(answer.result, Err(BackendError::Cancelled), "let go before anything was asked");
    assert_eq!(world.asked().len(), 3);
}

fn one_a_minute() -> Option<Arc<Gate>> {
    Some(Arc::new(Gate::new(&ProviderDefinition {
        api: Api::Anthropic,
        base_url: "http://localhost/".into(),
        key: None,
        requests_per_minute: Some(1),
        tokens_per_minute: None,
        concurrency: None,
        recorded: None,
    })))
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_rates_of_their_provider() {
    let mut world = World::new(&[("a", "A")]);
    world.gate = one_a_minute();
    world.job.timeout_ms = 1_000;
    let read = || calls([call("read_file", json!({ "path": "a" }))]);
    world.script([read(), read(), submits(json!("x"))]);
    let start = Instant::now();
    assert!(world.perform().await.is_ok(), "a wait for room is not the agent's time");
    assert_eq!(start.elapsed().as_secs(), 120);

    let result = {
        world.meter = FreeMeter::new();
        cancelled_after(&mut world, Duration::from_secs(1)).await
    };
    assert_eq!(result, Err(BackendError::Cancelled));
    assert_eq!(world.asked().len(), 3, "it did not get through");
    let settled = world.meter.settled();
    assert_eq!((settled.len(), settled[0].usage.tokens()), (1, 0), "what was announced is settled");
}

/// Performs a task and cancels it after so long.
async fn cancelled_after(world: &mut World, after: Duration) -> Result<(), BackendError> {
    let cancel = world.cancel.clone();
    let later = async {
        tokio::time::sleep(after).await;
        cancel.send(true).unwrap();
    };
    tokio::join!(world.perform(), later).0.map(|_| ())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_a_cancel_is_paid_for_and_not_followed() {
    let mut world = World::new(&[]);
    world.writable();
    let write = call("write_file", json!({ "path": "a", "text": "A" }));
    world.script([Step::WhenCancelled(reply(vec![write], baton_models::Stop::ToolCalls))]);
    let result = cancelled_after(&mut world, Duration::from_secs(1)).await;
    assert_eq!(result, Err(BackendError::Cancelled));
    let settled = world.meter.settled();
    assert_eq!(
        (settled.len(), settled[0].usage, settled[0].estimated),
        (1, PRICE.usage(&USAGE), false)
    );
    assert!(!world.root().join("a").exists());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_estimated() {
    let mut world = World::new(&[]);
    world.script([falls(&[(500, Sign::Text("123456".into()))])]);
    let start = Instant::now();
    let result = cancelled_after(&mut world, Duration::from_secs(1)).await;
    assert_eq!(result, Err(BackendError::Cancelled));
    assert!(start.elapsed() < Duration::from_secs(2));
    let settled = world.meter.settled();
    assert!(settled[0].estimated && settled[0].usage.output_tokens == 2);
    assert!(settled[0].usage.input_tokens > 100);
    assert_eq!(world.turns()[0].failed.as_ref().unwrap().code, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_cancel_before_the_first_call_costs_nothing() {
    let mut world = World::new(&[]);
    world.cancel.send_replace(true);
    assert_eq!(world.perform().await, Err(BackendError::Cancelled));
    assert!(world.asked().is_empty() && world.meter.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn errors_of_providers() {
    let cases: Vec<(ModelError, Option<Outage>, usize)> = vec![
        (error(Trouble::Permanent, "too-large"), None, 1),
        (error(Trouble::Retryable, "malformed"), None, 3),
        (error(Trouble::Retryable, "server-error"), Some(Outage::Overload), 3),
        (error(Trouble::Retryable, "reset"), Some(Outage::Overload), 3),
        (error(Trouble::Retryable, "truncated"), Some(Outage::Overload), 3),
        (error(Trouble::Quota, "quota"), Some(Outage::Quota), 1),
        (error(Trouble::Auth, "auth"), Some(Outage::Auth), 1),
        (error(Trouble::Billing, "billing"), Some(Outage::Billing), 1),
        (error(Trouble::Overload, "overloaded"), Some(Outage::Overload), 3),
        (error(Trouble::Unreachable, "unreachable"), Some(Outage::Unreachable), 3),
        (error(Trouble::Retryable, "rate-limited"), Some(Outage::Overload), 3),
        (
            ModelError { after_ms: Some(3_600_000), ..error(Trouble::Retryable, "rate-limited") },
            Some(Outage::Quota),
            1,
        ),
    ];
    for (error, expected, tries) in cases {
        let mut world = World::new(&[]);
        world.script((0..9).map(|_| Step::Fails(error.clone())));
        let result = world.work().await.result;
        assert_eq!(world.asked().len(), tries, "{error:?}");
        let (failure, outage) = match result {
            Err(BackendError::Permanent(failure)) => (failure, None),
            Err(BackendError::Unavailable { outage, failure, after_ms }) => {
                assert_eq!(after_ms, error.after_ms);
                (failure, Some(outage))
            }
            other => panic!("{error:?}: {other:?}"),
        };
        assert_eq!((outage, failure.code.as_str()), (expected, error.code));
        assert_eq!(failure.detail.value(), json!({ "backend": "acme:large-1" }));
        let settled = world.meter.settled();
        assert_eq!(settled.len(), tries, "every call is settled");
        assert!(settled.iter().all(|turn| !turn.answered && turn.usage.tokens() == 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_call_may_have_cost_is_settled() {
    let mut world = World::new(&[]);
    let usage = TokenUsage { input: 500, output: 20, ..TokenUsage::default() };
    let broken = ModelError { usage: Some(usage), ..error(Trouble::Retryable, "truncated") };
    world.script([Step::Fails(broken), says("x")]);
    assert!(world.work().await.result.is_ok());
    let settled = world.meter.settled();
    assert_eq!((settled[0].usage, settled[0].estimated), (PRICE.usage(&usage), true));
}

#[tokio::test]
async fn a_usage_that_cannot_be_true_is_not_believed() {
    for usage in [
        TokenUsage { input: u64::MAX, output: u64::MAX, ..TokenUsage::default() },
        TokenUsage { output: 1_000_000, ..TokenUsage::default() },
    ] {
        let mut world = World::new(&[]);
        let mut lies = reply(vec![text("x")], baton_models::Stop::End);
        lies.usage = usage;
        world.script([Step::Answers(lies)]);
        assert!(world.perform().await.is_ok());
        let (asked, settled) = (world.meter.asked(), world.meter.settled());
        assert!(settled[0].estimated);
        assert_eq!(settled[0].usage.tokens(), asked[0].reserve.tokens(), "as was reserved");
    }
}

#[tokio::test(start_paused = true)]
async fn who_watches_sees_what_is_said() {
    use baton_agents::backend::Activity;
    let mut world = World::new(&[]);
    let signs = vec![
        (0, Sign::Sent),
        (1, Sign::Begun),
        (1, Sign::Thinking("hm".into())),
        (1, Sign::Text("do".into())),
        (1, Sign::Text("ne".into())),
        (1, Sign::Calling("submit".into())),
        (1, Sign::Begun),
    ];
    world.script([Step::Slowly(signs, reply(vec![text("done")], baton_models::Stop::End))]);
    world.perform().await.unwrap();
    let said: Vec<Activity> =
        world.activities().into_iter().filter(|activity| *activity != Activity::Waiting).collect();
    assert_eq!(
        said,
        [Activity::Thinking("hm".into()), Activity::Text("do".into()), Activity::Text("ne".into())]
    );
}
