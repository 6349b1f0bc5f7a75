//! What climbs a step and what ends the task, and what that saved.

use baton_core::handoff::{Failure, FailureKind};
use baton_core::record::Outage;
use serde_json::{Value, json};

use super::{Case, check_tool, model, permanent, tools};
use crate::backend::{BackendError, Passed};
use crate::ladder::SHOWN_BYTES;
use crate::ladder::check::CHECK_CODE;

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
