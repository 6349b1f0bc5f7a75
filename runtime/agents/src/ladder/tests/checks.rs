//! Checks: by a command, by a tool, by challengers, and those that cannot be made.

use baton_core::handoff::{Failure, FailureKind};
use baton_core::refusal::Refusal;
use baton_host::port::CallError;
use serde_json::{Value, json};

use super::{Case, check_tool, model, permanent, rung, tools, verdict};
use crate::ladder::check::{CHECK_CODE, Check};

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
