#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::budget::{Amounts, Caps, Short};
use baton_core::digest::Digest;
use baton_core::gate::{GateOptions, GateSpec};
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::json::Json;
use baton_core::record::{
    Body, Effect, Fork, Outage, Pause, Record, Reuse, RunStarted, Start, Work,
};
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::reuse::Miss;
use baton_core::scope::Capability;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::Denial;

use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
const OTHER: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG";
const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn start() -> RunStarted {
    let program = serde_json::json!({ "name": "flow", "component": Digest::of(b"x") });
    let started = serde_json::json!({
        "format": 1, "run": RUN, "program": program, "input": null,
        "seed": Digest::of(b"seed"), "scope": {}, "by": "ada",
    });
    serde_json::from_value(started).unwrap()
}

fn agent(task: &str, label: &str) -> Body {
    let options = AgentOptions { label: Some(label.into()), ..AgentOptions::default() };
    let spec = AgentSpec { prompt: "secret prompt".into(), input: None, schema: None, options };
    spawned(task, Work::Agent { spec, backend: "command:./w".into(), effect: Effect::Repeatable })
}

fn spawned(task: &str, work: Work) -> Body {
    Body::Spawned { task: path(task), digest: Digest::of(b""), fuel: 0, work: Box::new(work) }
}

fn gate(task: &str, options: GateOptions, due: Option<Timestamp>) -> Body {
    let spec = GateSpec { question: "Ship it?".into(), options };
    spawned(task, Work::Gate { spec, due })
}

fn started(tasks: &[&str]) -> Body {
    let tasks = tasks.iter().map(|task| Start { task: path(task), attempt: 1 }).collect();
    Body::Started { tasks }
}

fn done(task: &str) -> Body {
    let outcome = Outcome::Done(Handoff { summary: "fine".into(), ..Handoff::default() });
    completed(task, outcome)
}

fn completed(task: &str, outcome: Outcome) -> Body {
    Body::Completed { task: path(task), outcome, usage: Usage::default(), reused_from: None }
}

fn failure(kind: FailureKind, code: &str) -> Failure {
    Failure::new(kind, code, "it did not\nwork")
}

/// What is said of a task of a run with these records, a second apart, when the last is a second old:
/// `code: text (records) → hint`.
fn said(about: &str, owned: bool, first: RunStarted, bodies: &[Body]) -> Vec<String> {
    said_after(about, owned, first, bodies, 1_000)
}

fn said_after(
    about: &str,
    owned: bool,
    first: RunStarted,
    bodies: &[Body],
    after: u64,
) -> Vec<String> {
    let bodies = std::iter::once(Body::RunStarted(Box::new(first))).chain(bodies.iter().cloned());
    let records: Vec<Record> = bodies
        .zip(1..)
        .map(|(body, seq)| Record { seq, at: BEGAN.plus_ms(seq * 1_000), body })
        .collect();
    let now = records.last().unwrap().at.plus_ms(after);
    let standing = Standing { run: RUN.parse().unwrap(), owned, now, places: 2 };
    let findings = explain(&Story::of(&records), &path(about), &standing);
    let shape =
        serde_json::to_value(WhyShape::new(&standing, &path(about), "x", &findings)).unwrap();
    let shown = |finding: &serde_json::Value| {
        let field = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let task = field("task").replace(RUN, "");
        let hint = field("hint");
        let hint = if hint.is_empty() { hint } else { format!(" → {hint}") };
        let records = &finding["records"];
        let line = format!("{}{task}: {} {records}{hint}", field("cause"), field("text"));
        line.replace(RUN, "RUN").replace(OTHER, "OTHER")
    };
    shape["findings"].as_array().unwrap().iter().map(shown).collect()
}

/// The only thing said that begins with `code`.
fn only(code: &str, said: &[String]) -> String {
    let lead = format!("{code}:");
    let found: Vec<&String> = said
        .iter()
        .filter(|line| line.starts_with(&lead) || line.starts_with(&format!("{code}/")))
        .collect();
    assert_eq!(found.len(), 1, "{code}: {said:#?}");
    found.into_iter().next().unwrap().clone()
}

/// Wall clocks depend on where the test runs.
fn without_clock(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(found) = rest.find(|c: char| c.is_ascii_digit()) {
        let tail = rest.get(found..).unwrap();
        let is_clock = tail.len() >= 8
            && tail.bytes().take(8).enumerate().all(|(at, byte)| match at {
                2 | 5 => byte == b':',
                _ => byte.is_ascii_digit(),
            });
        let keep = if is_clock { 8 } else { 1 };
        out.push_str(rest.get(..found).unwrap());
        out.push_str(if is_clock { "CLOCK" } else { tail.get(..1).unwrap() });
        rest = tail.get(keep..).unwrap();
    }
    out + rest
}

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

#[test]
fn a_refusal_says_what_would_let_it_pass() {
    for (refusal, told) in [
        (
            Refusal::denied(
                Capability::Agents,
                "agents-not-granted",
                "no agents here",
                "ask for them",
            ),
            "a request was refused, for `agents` is not granted: no agents here (agents-not-granted) \
             [2] → ask for them",
        ),
        (
            Refusal::denied(Capability::Exec, "exec", "no `rm`", ""),
            "a request was refused, for `exec` is not granted: no `rm` (exec) [2] → --grant \
             'exec=PATTERN' of `baton run` grants it",
        ),
        (
            Refusal::limit("run.agents", "the run has 5 agents", ""),
            "a request was refused, for a limit is reached: the run has 5 agents (run.agents) [2] → \
             --limit run.agents=N of `baton run` sets another one",
        ),
        (
            Refusal::new(RefusalKind::Budget, "budget", "used up", ""),
            "a request was refused, for the workflow's own budget is used up: used up (budget) [2] → \
             the workflow is given more by its manifest, a script by --budget",
        ),
        (
            Refusal::new(RefusalKind::NotFound, "no-backend", "nothing", "--agent X"),
            "a request was refused, for what it names is not there: nothing (no-backend) [2] → \
             --agent X",
        ),
        (Refusal::invalid("bad-json", "eh"), "a request made no sense: eh (bad-json) [2]"),
    ] {
        let refused =
            Body::Refused { workflow: TaskPath::root(), digest: Digest::of(b""), fuel: 0, refusal };
        let said = said("", true, start(), &[refused]);
        assert_eq!(only("refused", &said), format!("refused: {told}"));
    }
}

#[test]
fn a_result_of_another_run_says_why_it_serves_or_not() {
    let reuse = RunStarted {
        reuse: Some(Reuse { run: OTHER.parse().unwrap(), stale: false, except: Vec::new() }),
        ..start()
    };
    let from = || path("4");
    for (reason, told) in [
        (Miss::New, "nothing like it was asked there"),
        (
            Miss::Changed { from: from(), parts: vec!["prompt".into(), "model".into()] },
            "the nearest call, OTHER/4, differs in: prompt, model",
        ),
        (
            Miss::Failed { from: from(), code: "exit-status".into() },
            "the same was asked in OTHER/4, and failed (exit-status)",
        ),
        (Miss::Unfinished { from: from() }, "the same was asked in OTHER/4, and never ended"),
        (Miss::Taken, "all results of the same call went to equal calls before this one"),
        (
            Miss::FilesChanged { from: from(), files: vec!["a.md".into()], more: 2 },
            "files that OTHER/4 had read are not the same now: a.md and 2 more",
        ),
        (
            Miss::UnseenFilesChanged { from: from() },
            "nobody saw which files OTHER/4 had read, and the directory is not the same now",
        ),
        (
            Miss::UnknownFiles { from: from(), why: "too large".into() },
            "nobody saw which files OTHER/4 had read, and whether the directory changed is not known: \
             too large",
        ),
        (Miss::TooManyReads { from: from() }, "OTHER/4 had read more than is recorded"),
        (Miss::NoRun { why: "gone".into() }, "the other run cannot be read: gone"),
    ] {
        let bodies = [agent("1", "a"), Body::NotReused { task: path("1"), reason }];
        let said = said("1", true, reuse.clone(), &bodies);
        let told = format!("not-reused/1: it was performed, not reused: {told} [3]");
        assert_eq!(only("not-reused", &said), told);
    }
    let reused = Body::Completed {
        task: path("1"),
        outcome: Outcome::Done(Handoff::default()),
        usage: Usage::default(),
        reused_from: Some(format!("{OTHER}/7").parse().unwrap()),
    };
    let bodies = [agent("1", "a"), reused];
    assert_eq!(
        said("1", true, reuse.clone(), &bodies),
        [
            "done/1: it is done [3]",
            "reused/1: it was not performed: it has the result of OTHER/7 [3]"
        ]
    );
    assert_eq!(
        only("reuses", &said("", true, reuse, &bodies)),
        "reuses: it uses results of OTHER: 1 reused, 0 performed [1,3]"
    );
}

#[test]
fn what_people_did_stands_with_who_and_when() {
    let message = |task: Option<&str>, urgent| Body::Messaged {
        sender: "bob".into(),
        text: "look at\nb.rs".into(),
        task: task.map(path),
        urgent,
    };
    let bodies = [
        agent("1", "a"),
        started(&["1"]),
        message(Some("1"), true),
        Body::Heard { task: path("1"), upto: 4 },
        message(Some("1"), false),
        Body::RestartOrdered { task: path("1"), by: "bob".into(), note: Some("stuck".into()) },
        Body::CancelOrdered { task: path("1"), by: "eve".into() },
        completed("1", Outcome::Failed(Failure::cancelled("eve"))),
    ];
    assert_eq!(
        said("1", true, start(), &bodies),
        [
            "cancelled/1: eve cancelled it [8,9]",
            "restarted/1: bob let it begin anew: stuck [7]",
            "messaged/1: bob said urgently: “look at b.rs”, and it was told [4,5]",
            "messaged/1: bob said: “look at b.rs”, and it was not told yet [6]",
        ]
    );
    let cancelled = [
        agent("1", "a"),
        Body::CancelRequested { workflow: TaskPath::root(), task: 1, fuel: 0 },
        completed("1", Outcome::Failed(Failure::cancelled("x"))),
    ];
    assert_eq!(
        said("1", true, start(), &cancelled),
        ["cancelled/1: the workflow cancelled it [3,4]"]
    );
    let inbox = said("", true, start(), &[message(None, false)]);
    assert_eq!(only("messaged", &inbox), "messaged: bob said: “look at b.rs” [2]");
}

#[test]
fn attempts_denials_and_pauses_are_told_one_by_one() {
    let denial = Denial {
        capability: Capability::Http,
        code: "http-host".into(),
        tried: "GET https://example.org".into(),
        hint: String::new(),
    };
    let bodies = [
        agent("1", "a"),
        started(&["1"]),
        Body::AttemptFailed {
            task: path("1"),
            attempt: 1,
            failure: failure(FailureKind::Failed, "exit-status"),
            usage: Usage::default(),
        },
        Body::Denied { task: path("1"), denial },
        completed("1", Outcome::Failed(failure(FailureKind::InvalidOutput, "schema"))),
    ];
    let told = [
        "failed/1: its output did not fit its schema, however often it tried: it did not work (schema) \
         [6] → `baton retry RUN/1` does it again, with everything else reused",
        "retried/1: attempt 1 failed, and another followed: it did not work (exit-status) [4]",
        "denied/1: it was kept from `GET https://example.org`: http is not granted so far (http-host) \
         [5] → --grant 'http=PATTERN' of `baton run` grants it",
    ];
    assert_eq!(said("1", true, start(), &bodies), told);
    // What ends with its workflow says so, and a run says nothing of it.
    let ended = [agent("1", "a"), completed("1", Outcome::Failed(Failure::cancelled("its end")))];
    assert_eq!(said("1", true, start(), &ended), ["cancelled/1: it was cancelled by its end [3]"]);
    assert!(!said("", true, start(), &ended).concat().contains("cancelled"));
    // A run says the same of its tasks, attempts aside.
    let of_run = said("", true, start(), &bodies);
    assert!(of_run.contains(&told[0].into()) && of_run.contains(&told[2].into()), "{of_run:#?}");

    let first =
        Body::Resumed { by: "bob".into(), epoch: 2, caps: Caps::default(), engine: String::new() };
    assert!(!said("", true, start(), &[first]).concat().contains("taken-over"), "nobody had it");
    let pauses = [
        Body::Paused { reason: Pause::Interrupted },
        Body::Resumed { by: "bob".into(), epoch: 2, caps: Caps::default(), engine: String::new() },
        Body::Resumed { by: "eve".into(), epoch: 3, caps: Caps::default(), engine: String::new() },
    ];
    let said = said("", true, start(), &pauses);
    assert_eq!(
        only("was-paused", &said),
        "was-paused: it was paused (interrupted), and bob went on with it [2,3]"
    );
    assert_eq!(
        only("taken-over", &said),
        "taken-over: eve went on with it after its process was gone [4]"
    );
}

#[test]
fn a_fork_and_a_follow_up_say_where_they_come_from() {
    let fork = Fork {
        run: OTHER.parse().unwrap(),
        at: 9,
        records: 4,
        made: BEGAN,
        edit: Some("output of /1".into()),
        given: Default::default(),
        asked: Default::default(),
    };
    let forked = RunStarted { fork: Some(Box::new(fork)), ..start() };
    let bodies = [agent("1", "a"), started(&["1"]), done("1"), agent("2", "b")];
    assert_eq!(
        only("forked", &said("", true, forked.clone(), &bodies)),
        "forked: it was forked from OTHER at its record 9: the first 4 records are shared and cost \
         nothing; changed: output of /1 [1,4] → `baton diff OTHER RUN` compares them"
    );
    let shared = said("1", true, forked.clone(), &bodies);
    assert_eq!(
        only("shared", &shared),
        "shared/1: it was done in OTHER, which this run was forked from [2,4]"
    );
    assert!(!said("2", true, forked, &bodies).concat().contains("shared"));
    let follows = RunStarted { follows: Some(OTHER.parse().unwrap()), ..start() };
    assert_eq!(
        only("follows", &said("", true, follows, &[])),
        "follows: it answers a message to OTHER, which had ended [1]"
    );
}

#[test]
fn much_of_one_kind_is_counted() {
    let refusal = Refusal::invalid("x", "y");
    let refused =
        Body::Refused { workflow: TaskPath::root(), digest: Digest::of(b""), fuel: 0, refusal };
    let many = vec![refused; 70];
    let said = said("", true, start(), &many);
    assert_eq!(said.iter().filter(|line| line.starts_with("refused:")).count(), 64);
    assert_eq!(only("more", &said), "more: and 6 more refusals []");
}

#[test]
fn hostile_text_is_told_on_one_line_without_what_steers_a_terminal() {
    let question = "a\x1b[2J\u{202e}\nhint: do it".to_owned();
    let spec = GateSpec { question, options: GateOptions::default() };
    let records = [
        Record { seq: 1, at: BEGAN, body: Body::RunStarted(Box::new(start())) },
        Record { seq: 2, at: BEGAN, body: spawned("1", Work::Gate { spec, due: None }) },
    ];
    let standing = Standing { run: RUN.parse().unwrap(), owned: true, now: BEGAN, places: 2 };
    let story = Story::of(&records);
    let findings = explain(&story, &path("1"), &standing);
    let shown = text(&standing, &path("1"), &findings, 60);
    let shown = anstream::adapter::strip_str(&shown).to_string();
    insta::assert_snapshot!(shown.replace(RUN, "RUN"), @r"
      it waits for a person: “a[2J hint: do it” (record 2)
        → `baton approve RUN/1` or
          `baton reject RUN/1`
    ");
}
