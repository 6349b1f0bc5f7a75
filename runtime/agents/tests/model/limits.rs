//! What a task may consume.

use baton_agents::model::FreeMeter;
use baton_core::handoff::FailureKind;
use baton_core::manifest::AgentType;
use baton_core::spec::BudgetOption;
use baton_models::Message;
use serde_json::json;

use crate::world::{PRICE, Step, World, call, calls, failure, submits};

fn read() -> Step {
    calls([call("read_file", json!({ "path": "a" }))])
}

/// How many calls a task gets that never ends by itself, and what it fails with.
async fn ends(change: impl FnOnce(&mut World)) -> (usize, String) {
    let mut world = World::new(&[("a", "A")]);
    change(&mut world);
    world.script((0..40).map(|_| read()));
    let failure = failure(world.work().await.result);
    assert_eq!(failure.kind, FailureKind::Limit, "{failure}");
    let made = world.asked().len();
    assert_eq!(world.meter.asked().len(), made, "what does not fit is not announced");

    // Over all attempts: another one gets nothing more.
    world.job.attempt += 1;
    let again = crate::world::failure(world.perform().await);
    assert_eq!((again.code.as_str(), world.asked().len()), (failure.code.as_str(), made));
    (made, failure.code)
}

fn budget(world: &mut World, budget: BudgetOption) {
    world.spec(|spec| spec.options.budget = Some(budget));
}

#[tokio::test]
async fn answers() {
    let run = |turns| {
        move |world: &mut World| {
            let mut limits = *world.job.limits;
            limits.model.turns = turns;
            world.job.limits = limits.into();
        }
    };
    assert_eq!(ends(run(7)).await, (7, "turns".into()));
    let own = |world: &mut World| world.spec(|spec| spec.options.max_turns = Some(3));
    assert_eq!(ends(own).await, (3, "turns".into()));
    let of_type = |world: &mut World| {
        world.definition(AgentType { max_turns: Some(2), ..AgentType::default() });
    };
    assert_eq!(ends(of_type).await, (2, "turns".into()));
    let more = |world: &mut World| {
        run(4)(world);
        world.spec(|spec| spec.options.max_turns = Some(9));
    };
    assert_eq!(ends(more).await, (4, "turns".into()), "a task gets no more than the run allows");
}

#[tokio::test]
async fn the_last_answer_is_said_to_be_the_last() {
    let mut world = World::new(&[("a", "A")]);
    world.spec(|spec| spec.options.max_turns = Some(3));
    world.script([read(), read(), submits(json!("x"))]);
    world.perform().await.unwrap();
    let last: Vec<bool> = world
        .asked()
        .iter()
        .map(|request| matches!(request.messages.last(), Some(Message::User(text)) if text.contains("last that you may give")))
        .collect();
    assert_eq!(last, [false, false, true]);
}

#[tokio::test]
async fn calls_of_tools() {
    let own = |world: &mut World| world.spec(|spec| spec.options.max_tool_calls = Some(5));
    assert_eq!(ends(own).await, (6, "tool-calls".into()));
    let run = |world: &mut World| {
        let mut limits = *world.job.limits;
        limits.model.tool_calls = 2;
        world.job.limits = limits.into();
    };
    assert_eq!(ends(run).await, (3, "tool-calls".into()));
    let mut world = World::new(&[("a", "A")]);
    world.spec(|spec| spec.options.max_tool_calls = Some(1));
    world.script([read(), submits(json!("x"))]);
    world.perform().await.unwrap();
}

#[tokio::test]
async fn tokens() {
    let run = |world: &mut World| {
        let mut limits = *world.job.limits;
        limits.model.tokens = 6_000;
        world.job.limits = limits.into();
    };
    let (made, code) = ends(run).await;
    assert_eq!(code, "tokens");
    assert!((2..30).contains(&made), "{made}");
    let own = |world: &mut World| {
        budget(world, BudgetOption { tokens: Some(6_000), ..BudgetOption::default() })
    };
    assert_eq!(ends(own).await, (made, "budget-tokens".into()));
    let output = |world: &mut World| {
        budget(world, BudgetOption { output_tokens: Some(300), ..BudgetOption::default() });
    };
    // 256 must be left for an answer, and each has 10.
    assert_eq!(ends(output).await, (5, "budget-output-tokens".into()));
}

#[tokio::test]
async fn money() {
    let cents = |world: &mut World| {
        budget(world, BudgetOption { cost_usd: Some(0.01), ..BudgetOption::default() })
    };
    let (made, code) = ends(cents).await;
    assert_eq!(code, "budget-cost");
    assert!((2..30).contains(&made), "{made}");
    let nothing = |world: &mut World| {
        world.price.output = 0;
        budget(world, BudgetOption { cost_usd: Some(0.0), ..BudgetOption::default() });
    };
    assert_eq!(ends(nothing).await, (0, "budget-cost".into()));
}

#[tokio::test]
async fn what_is_reserved_never_passes_what_is_left() {
    let mut world = World::new(&[("a", "A")]);
    let cap = 12_000;
    budget(&mut world, BudgetOption { cost_usd: Some(0.012), ..BudgetOption::default() });
    world.script((0..40).map(|_| read()));
    failure(world.perform().await);
    let mut spent = 0;
    for (asked, turn) in world.meter.asked().iter().zip(world.meter.settled()) {
        assert!(spent + asked.reserve.cost_micro_usd <= cap + 1, "{asked:?} after {spent}");
        assert!(asked.reserve.output_tokens >= 256);
        spent += turn.usage.cost_micro_usd;
    }
    assert!(world.asked()[0].output_tokens_max < 2_000, "less is asked for than the model can");
}

#[tokio::test]
async fn answers_are_as_long_as_the_model_and_the_run_allow() {
    for (price_max, limit, context, expected) in [
        (0, 16_384, 0, 16_384),
        (8_192, 16_384, 0, 8_192),
        (8_192, 100, 0, 100),
        (8_192, 16_384, 7_000, 0),
    ] {
        let mut world = World::new(&[]);
        world.price = baton_core::model::Price { output_max: price_max, context, ..PRICE };
        let mut limits = *world.job.limits;
        limits.model.output_tokens = limit;
        world.job.limits = limits.into();
        world.script([submits(json!("x"))]);
        world.meter = FreeMeter::new();
        world.perform().await.unwrap();
        let expected = match expected {
            0 => context - world.meter.asked()[0].reserve.input_tokens,
            expected => expected,
        };
        assert_eq!(u64::from(world.asked()[0].output_tokens_max), expected);
    }
}

#[tokio::test]
async fn what_is_longer_than_the_model_takes_in_is_not_sent() {
    let long = |world: &mut World| {
        world.price.context = 10_000;
        world.spec(|spec| spec.prompt = "word ".repeat(20_000));
    };
    assert_eq!(ends(long).await, (0, "context".into()));
}

#[tokio::test]
async fn what_is_taken_in_beyond_that_costs_twice() {
    let mut world = World::new(&[]);
    world.price.context = 10_000;
    let mut beyond = crate::world::reply(vec![crate::world::text("x")], baton_models::Stop::End);
    beyond.usage = baton_core::model::TokenUsage { input: 20_000, ..crate::world::USAGE };
    world.script([Step::Answers(beyond)]);
    world.perform().await.unwrap();
    // 19,960 plain, 40 cached, 10 out, twice.
    assert_eq!(world.meter.settled()[0].usage.cost_micro_usd, 2 * (19_960 + 4 + 100));
    assert_eq!(world.turns()[0].cost_micro_usd, 2 * (19_960 + 4 + 100));
}
