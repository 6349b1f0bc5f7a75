//! How they came there: refusals, results of other runs, people, attempts, forks.

use baton_core::budget::Caps;
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Fork, Pause, Reuse, RunStarted};
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::reuse::Miss;
use baton_core::scope::{Capability, Denials};
use baton_core::tool::Denial;

use super::{BEGAN, OTHER, agent, completed, done, failure, only, path, said, start, started};

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
             'exec=PATTERN' of `baton run` grants it, if no [deny] takes it away",
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
fn what_policy_denies_since_the_run_began_is_said_with_its_place() {
    let denials = Denials {
        exec: vec!["git push **".parse().unwrap()],
        read: vec!["docs/**".into()],
        ..Denials::default()
    };
    let said =
        said("", true, start(), &[Body::DenialsAdded { by: "baton.toml:4".into(), denials }]);
    assert_eq!(
        only("narrowed", &said),
        "narrowed: policy denies more since it began, and so does the run: read=docs/**, \
         exec=git push ** (baton.toml:4) [2] → what is taken out of [deny] again is there for the \
         next run"
    );
}

#[test]
fn a_result_of_another_run_says_why_it_serves_or_not() {
    let reuse = RunStarted {
        reuse: Some(Reuse {
            run: OTHER.parse().unwrap(),
            stale: false,
            steered: false,
            except: Vec::new(),
        }),
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
        (
            Miss::Steered { from: from(), messages: 2 },
            "2 messages steered OTHER/4; --reuse-steered takes its result all the same",
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
            "messaged/1: bob said: “look at b.rs”, and it ended before it was told [6]",
        ]
    );
    let open = said("1", true, start(), bodies.get(..5).unwrap());
    let told = "messaged/1: bob said: “look at b.rs”, and it was not told yet [6]".to_owned();
    assert!(open.contains(&told), "{open:#?}");
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
         [5] → --grant 'http=PATTERN' of `baton run` grants it, if no [deny] takes it away",
    ];
    assert_eq!(said("1", true, start(), &bodies), told);
    // What ends with its workflow says so, and a run says nothing of it.
    let ended = [agent("1", "a"), completed("1", Outcome::Failed(Failure::cancelled("its end")))];
    assert_eq!(said("1", true, start(), &ended), ["cancelled/1: it was cancelled by its end [3]"]);
    assert!(!said("", true, start(), &ended).concat().contains("cancelled"));
    // A run says the same of its tasks, attempts aside.
    let of_run = said("", true, start(), &bodies);
    assert!(of_run.contains(&told[0].into()) && of_run.contains(&told[2].into()), "{of_run:#?}");

    let first = Body::Resumed {
        by: "bob".into(),
        epoch: 2,
        caps: Caps::default(),
        engine: String::new(),
        programs: Default::default(),
    };
    assert!(!said("", true, start(), &[first]).concat().contains("taken-over"), "nobody had it");
    let pauses = [
        Body::Paused { reason: Pause::Interrupted },
        Body::Resumed {
            by: "bob".into(),
            epoch: 2,
            caps: Caps::default(),
            engine: String::new(),
            programs: Default::default(),
        },
        Body::Resumed {
            by: "eve".into(),
            epoch: 3,
            caps: Caps::default(),
            engine: String::new(),
            programs: Default::default(),
        },
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
        same_program: true,
    };
    let forked = RunStarted { fork: Some(Box::new(fork)), ..start() };
    let bodies = [agent("1", "a"), started(&["1"]), done("1"), agent("2", "b")];
    assert_eq!(
        only("forked", &said("", true, forked.clone(), &bodies)),
        "forked: it was forked from OTHER at its record 9: 4 of the records up to there are shared \
         and cost nothing; changed: output of /1 [1,4] → `baton diff OTHER RUN` compares them"
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
