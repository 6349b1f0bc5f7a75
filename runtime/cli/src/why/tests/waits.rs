//! What runs and tasks wait for now.

use baton_core::budget::{Amounts, Short};
use baton_core::digest::Digest;
use baton_core::gate::GateOptions;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{Body, Outage, Pause, Work};

use super::{
    BEGAN, agent, done, failure, gate, only, path, said, said_after, spawned, start, started,
    without_clock,
};

#[test]
fn a_run_says_where_it_stands() {
    let cap = Pause::Cap {
        cap: "cost".into(),
        short: Some(Box::new(Short {
            phase: None,
            task: None,
            cap: 1_000_000,
            spent: 900_000,
            needs: 200_000,
        })),
    };
    let until = Some(BEGAN.plus_ms(3_600_000));
    let out = Pause::Provider {
        provider: "anthropic".into(),
        outage: Outage::Quota,
        until,
        message: String::new(),
    };
    let ended = |outcome| Body::Finished { outcome, usage: Usage::default() };
    let failed = Outcome::Failed(failure(FailureKind::Limit, "fuel"));
    let spawn = agent("1", "a");
    let one_choice = GateOptions { choices: vec!["all of it".into()], ..GateOptions::default() };
    for (owned, bodies, told) in [
        (true, vec![], "driven: a process drives it, and the workflow itself is at work [1]"),
        (
            true,
            vec![spawn.clone(), started(&["1"]), agent("2", "b")],
            "driven: a process drives it: 1 task at work, 1 waiting [4]",
        ),
        (
            false,
            vec![],
            "interrupted: nobody drives it, and nothing of it was done yet [1] → `baton resume RUN` \
             starts it",
        ),
        (
            false,
            vec![spawn.clone()],
            "interrupted: nobody drives it: the process that did is gone, since CLOCK (1.0s) [2] → \
             `baton resume RUN` goes on; what ended is not done again",
        ),
        (
            false,
            vec![Body::Paused { reason: cap }],
            "paused-cap: it is paused: the cap on cost is reached: $0.90 of $1.00 spent or held back; \
             the next call takes up to $0.20 [2] → `baton resume RUN --max-cost 1.10` makes room for \
             that, a higher cap for what follows",
        ),
        (
            true,
            vec![Body::Paused { reason: out }],
            "paused-provider: it is paused: the quota of anthropic is used up, until CLOCK (in 59m57s) \
             [2] → `baton resume RUN` asks it again now; it goes on by itself then",
        ),
        (
            false,
            vec![Body::Paused { reason: Pause::Person { by: "bob".into() } }],
            "paused-person: it is paused by bob [2] → `baton resume RUN` goes on",
        ),
        (
            false,
            vec![
                gate("1", one_choice, None),
                Body::Paused {
                    reason: Pause::Gate { task: path("1"), question: "Ship it?".into() },
                },
            ],
            "paused-gate: it waits for an answer: Ship it? [2,3] → `baton approve RUN/1 --choice 'all \
             of it' --resume` or `baton reject RUN/1 --resume` goes on; `baton ls --waiting` says what \
             can be answered",
        ),
        (
            true,
            vec![
                spawn,
                started(&["1"]),
                Body::PauseOrdered { by: "bob".into(), now: true, lifted: false },
            ],
            "pausing: bob asked it to pause: nothing further starts, and agents at work are \
             interrupted [4]",
        ),
        (
            true,
            vec![Body::Listening { workflow: TaskPath::root(), fuel: 0 }],
            "waits-message: it waits for a message [2] → `baton send RUN TEXT` sends one",
        ),
        (
            false,
            vec![ended(Outcome::Done(Handoff {
                summary: "two findings".into(),
                ..Handoff::default()
            }))],
            "done: it is done: two findings [2] → `baton show RUN` shows the result",
        ),
        (
            false,
            vec![ended(failed)],
            "failed: it exceeded a limit: it did not work (fuel) [2] → `baton doctor` lists the \
             limits; --limit NAME=VALUE of `baton run` sets one",
        ),
        (
            false,
            vec![
                Body::CancelOrdered { task: TaskPath::root(), by: "bob".into() },
                ended(Outcome::Failed(Failure::cancelled("bob"))),
            ],
            "cancelled: bob cancelled it [2,3]",
        ),
    ] {
        let code = told.split(':').next().unwrap();
        let said = said("", owned, start(), &bodies);
        let line = without_clock(&only(code, &said));
        if code == "paused-provider" {
            // What helps is told where pauses are tested.
            let told = told.split(" → ").next().unwrap();
            assert_eq!(line.split(" → ").next().unwrap(), told);
        } else {
            assert_eq!(line, told);
        }
    }
}

#[test]
fn an_open_task_says_what_it_waits_for() {
    let two = [agent("1", "a"), agent("2", "b"), started(&["1", "2"])];
    let with = |more: &[Body]| [&two[..], more].concat();
    let choices = GateOptions {
        choices: vec!["all of it".into(), "none".into()],
        deadline_ms: Some(60_000),
        ..GateOptions::default()
    };
    let schema =
        GateOptions { schema: Some(Json::from(serde_json::json!({}))), ..GateOptions::default() };
    let put_off = Body::Deferred {
        task: path("1"),
        attempt: 1,
        provider: "anthropic".into(),
        outage: Outage::Overload,
        failure: failure(FailureKind::Failed, "overload"),
        usage: Usage::default(),
        until: Some(BEGAN.plus_ms(65_000)),
    };
    let asked = Body::Asked {
        task: path("2"),
        call: 1,
        provider: "openai".into(),
        model: "gpt".into(),
        reserve: Usage::default(),
    };
    for (about, owned, bodies, told) in [
        (
            "3",
            true,
            with(&[agent("3", "c")]),
            "waits-place/3: it waits for a place: 2 agents at once, taken by /1 `a`, /2 `b` [4,5] → \
             --concurrency N of `baton run` lets more work at once",
        ),
        (
            "3",
            true,
            with(&[agent("3", "c"), done("1")]),
            "due/3: it was asked for, and starts as soon as its process gets to it [5]",
        ),
        (
            "3",
            true,
            with(&[
                agent("3", "c"),
                Body::PauseOrdered { by: "bob".into(), now: false, lifted: false },
            ]),
            "waits-run/3: it waits for the run to go on [5,6] → `baton why RUN` says why that stands \
             still",
        ),
        (
            "1",
            true,
            with(std::slice::from_ref(&put_off)),
            "waits-provider/1: it waits for a provider: anthropic has too much to do until CLOCK, in \
             59.0s [5] → `baton resume RUN` asks it again now",
        ),
        (
            "1",
            false,
            with(&[put_off]),
            "waits-run/1: it waits for the run to go on [5] → `baton why RUN` says why that stands \
             still",
        ),
        (
            "2",
            true,
            with(std::slice::from_ref(&asked)),
            "works/2: it is at work since CLOCK (2.0s): a call of openai:gpt [4,5]",
        ),
        (
            "1",
            true,
            vec![spawned("1", Work::Sleep { due: BEGAN.plus_ms(63_000) })],
            "waits-timer/1: it waits until CLOCK, in 1m00s [2]",
        ),
        (
            "1",
            true,
            vec![gate("1", GateOptions::default(), None)],
            "waits-gate/1: it waits for a person: “Ship it?” [2] → `baton approve RUN/1` or `baton \
             reject RUN/1`",
        ),
        (
            "1",
            false,
            vec![gate("1", choices, Some(BEGAN.plus_ms(63_000)))],
            "waits-gate/1: it waits for a person: “Ship it?”; choices: all of it, none; it fails CLOCK \
             [2] → `baton approve RUN/1 --choice 'all of it' --resume` or `baton reject RUN/1 --resume`",
        ),
        (
            "1",
            false,
            vec![gate("1", schema, None)],
            "waits-gate/1: it waits for a person: “Ship it?” [2] → `baton approve RUN/1 --data JSON \
             --resume` or `baton reject RUN/1 --resume`",
        ),
    ] {
        let said = said(about, owned, start(), &bodies);
        // What the run waits for comes first.
        assert_eq!(without_clock(said.first().unwrap()), told);
        let more = usize::from(!owned && bodies.len() > 3);
        assert_eq!(said.len(), 1 + more, "{said:?}");
    }
}

#[test]
fn an_agent_that_says_nothing_for_long_is_silent() {
    let asked = Body::Asked {
        task: path("1"),
        call: 1,
        provider: "openai".into(),
        model: "gpt".into(),
        reserve: Usage::default(),
    };
    let bodies = [agent("1", "a"), started(&["1"]), asked];
    let said = |bodies: &[Body], after| {
        let said = said_after("1", true, start(), bodies, after);
        without_clock(&said.concat())
    };
    assert!(said(&bodies, 119_000).starts_with("works/1"));
    assert_eq!(
        said(&bodies, 120_000),
        "silent/1: it is at work, and nothing was heard of it since CLOCK (2m00s): a call of \
         openai:gpt is under way [3,4] → `baton show RUN/1 --follow` watches it, `baton restart RUN/1` \
         lets it begin anew"
    );
    assert!(said(&bodies[..2], 120_000).contains("command:./w tells nothing"));
    // A tool that it called is a sign of it.
    let called = match spawned("1/1", Work::Sleep { due: BEGAN }) {
        Body::Spawned { task, work, .. } => Body::Called { task, work },
        other => other,
    };
    let with_tool = [&bodies[..], &[called]].concat();
    assert!(said(&with_tool, 120_000).contains("[3,5]"));
}

#[test]
fn a_workflow_waits_for_what_it_spawned() {
    let nested = Work::Workflow {
        spec: serde_json::from_value(serde_json::json!({ "name": "inner", "input": null }))
            .unwrap(),
        component: Digest::of(b"inner"),
        budget: Amounts::default(),
    };
    let bodies = [spawned("1", nested), agent("1/1", "deep")];
    assert_eq!(said("1", true, start(), &bodies), ["waits-tasks/1: it waits for /1/1 `deep` [3]"]);
    assert_eq!(
        said("1", true, start(), &bodies[..1]),
        ["computes/1: the workflow itself is at work [2]"]
    );
}
