#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use serde_json::{Value, json};

use crate::testing::{Event, Script};
use crate::{AgentCall, Amounts};

/// The options that a call arrives with.
fn options(call: impl FnOnce(AgentCall) -> AgentCall + 'static) -> Value {
    let script = Script::new().agents(|_| json!("done"));
    script.run(|cx| async move { call(cx.agent("p")).await }).unwrap().unwrap();
    let asked = script.events().into_iter().find_map(|event| match event {
        Event::Agent(request) => Some(request.options),
        _ => None,
    });
    asked.unwrap()
}

#[test]
fn every_choice_has_the_key_that_the_host_knows() {
    let amounts = Amounts { tokens: Some(9), cost_micro_usd: Some(250_000), agents: None };
    let asked = options(move |call| {
        call.tier("small")
            .provider("anthropic")
            .effort("low")
            .budget(amounts)
            .max_turns(7)
            .max_tool_calls(30)
            .stall(Duration::from_micros(1_500))
            .worktree()
    });
    let wanted = json!({
        "model": "small",
        "provider": "anthropic",
        "effort": "low",
        "budget": { "tokens": 9, "cost_usd": 0.25 },
        "max_turns": 7,
        "max_tool_calls": 30,
        "stall_ms": 2,
        "isolation": "worktree",
    });
    assert_eq!(asked, wanted);
}

#[test]
fn a_ladder_and_its_check_may_be_given_in_any_order() {
    let tool = json!({ "tool": { "name": "exec", "input": { "argv": ["true"] } } });
    let wanted = json!({ "ladder": { "rungs": ["small", "large"], "check": tool } });
    let input = json!({ "argv": ["true"] });
    let (first, second) = (input.clone(), input);
    let asked = options(move |call| call.ladder(["small", "large"]).check_tool("exec", &first));
    assert_eq!(asked, wanted);
    let asked = options(move |call| call.check_tool("exec", &second).ladder(["small", "large"]));
    assert_eq!(asked, wanted);
}

#[test]
fn a_ladder_has_one_check() {
    let asked = options(|call| {
        call.check_tool("t", &json!({})).challenger("large", "It is wrong.").ladder(["a", "b"])
    });
    let check = json!({ "challenger": { "model": "large", "prompt": "It is wrong." } });
    assert_eq!(asked, json!({ "ladder": { "rungs": ["a", "b"], "check": check } }));
}
