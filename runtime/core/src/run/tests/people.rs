//! What people do: gates, messages, restarts, pauses; and the shared beginning of a fork.

use super::super::{BY_DEFAULT, OrderError, Recovery, TaskState, Wait};
use super::fixture::*;
use crate::action::Action;
use crate::command::{Command, Delivery, Reply, WaitError};
use crate::gate::{GateAnswer, RawGateSpec};
use crate::handoff::{FailureKind, Handoff, Outcome, Usage};
use crate::ids::TaskPath;
use crate::record::{Body, Fork, RunStarted};
use crate::session::{SESSION_BYTES_MAX, Session};

fn gate(options: &str) -> Command {
    Command::AskGate(RawGateSpec {
        question: "go on?".into(),
        options: options.into(),
        problem: None,
    })
}

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

#[test]
fn a_gate_waits_until_it_is_answered_and_its_answer_is_delivered() {
    let mut bench = Bench::new();
    bench.spawn(gate("{}"));
    assert_eq!(bench.wait(None), None);
    let at = bench.later();
    assert_eq!(bench.run.open_gates().count(), 1);
    let answer = GateAnswer { note: Some("fine".into()), ..GateAnswer::approved() };
    bench.run.gate_answered(&path("1"), &answer, "ann", at).unwrap();
    bench.flush();
    let Some(Delivery::Completion { outcome: Outcome::Done(handoff), .. }) = bench.wait(None)
    else {
        panic!("no answer");
    };
    assert_eq!(handoff, answer.handoff("ann", false));
    // Once.
    let again = bench.run.gate_answered(&path("1"), &answer, "bob", at);
    assert_eq!(again, Err(OrderError::TaskEnded(path("1"))));
}

#[test]
fn a_deadline_takes_the_default_or_fails() {
    for (options, fails) in
        [(r#"{"deadline_ms": 5, "default": false}"#, false), (r#"{"deadline_ms": 5}"#, true)]
    {
        let mut bench = Bench::new();
        bench.spawn(gate(options));
        let at = bench.later();
        bench.run.timer_due(&path("1"), at);
        bench.flush();
        match bench.run.outcome(&path("1")).unwrap().as_ref() {
            Outcome::Done(handoff) => {
                assert!(!fails);
                let expected = GateAnswer::rejected().handoff(BY_DEFAULT, true);
                assert_eq!(*handoff, expected);
            }
            Outcome::Failed(failure) => {
                assert!(fails);
                assert_eq!(failure.kind, FailureKind::TimedOut);
                assert_eq!(failure.code, "gate-deadline");
            }
        }
    }
}

#[test]
fn a_new_owner_arms_the_deadline_of_an_open_gate() {
    let mut bench = Bench::new();
    bench.spawn(gate(r#"{"deadline_ms": 5}"#));
    bench.spawn(gate("{}"));
    let mut again = bench.crashed();
    assert_eq!(again.run.recovery_of(&path("1")), Some(Recovery::Timer));
    let at = again.later();
    again.run.recover(at);
    let armed: Vec<TaskPath> = again
        .run
        .take_outbox()
        .actions
        .into_iter()
        .filter_map(|action| match action {
            Action::ArmTimer { task, .. } => Some(task),
            _ => None,
        })
        .collect();
    assert_eq!(armed, [path("1")]);
}

#[test]
fn a_malformed_gate_is_refused_and_only_gates_are_answered() {
    let mut bench = Bench::new();
    let reply = bench.command(gate(r#"{"colour": 1}"#));
    assert!(matches!(reply, Reply::Refused(refusal) if refusal.code == "unknown-option"));
    bench.spawn(agent("x"));
    let at = bench.later();
    let wrong = bench.run.gate_answered(&path("1"), &GateAnswer::approved(), "ann", at);
    assert!(matches!(wrong, Err(OrderError::Kind { kind: "agent", .. })));
    let none = bench.run.gate_answered(&path("7"), &GateAnswer::approved(), "ann", at);
    assert_eq!(none, Err(OrderError::NoTask(path("7"))));
}

#[test]
fn who_listens_waits_for_a_message_alone_and_a_replay_does_too() {
    let mut bench = Bench::new();
    assert_eq!(bench.run.wait(&mut bench.cursor, None), Err(WaitError::NothingToWaitFor));
    bench.command(Command::Listen);
    assert_eq!(bench.run.wait(&mut bench.cursor, None), Ok(Wait::Pending));
    let at = bench.later();
    bench.run.message("ann", "hello", None, false, at).unwrap();
    bench.flush();
    let expected = Delivery::Message { sender: "ann".into(), text: "hello".into() };
    assert_eq!(bench.wait(None), Some(expected.clone()));
    let mut again = bench.crashed();
    assert!(again.run.wait(&mut again.cursor, None).is_err());
    again.command(Command::Listen);
    assert_eq!(again.wait(None), Some(expected));
}

#[test]
fn a_message_reaches_one_agent_and_is_heard_once() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    bench.spawn(Command::Sleep { ms: 5 });
    let at = bench.later();
    bench.run.message("ann", "hurry", Some(&path("1")), true, at).unwrap();
    let timer = bench.run.message("ann", "hurry", Some(&path("2")), true, at);
    assert!(matches!(timer, Err(OrderError::Kind { kind: "timer", .. })));
    let long = "x".repeat(super::super::MESSAGE_BYTES_MAX + 1);
    let long = bench.run.message("ann", &long, Some(&path("1")), true, at);
    assert!(matches!(long, Err(OrderError::TooLong { .. })));
    let told = bench.run.messages_of(&path("1")).to_vec();
    assert_eq!(told.len(), 1);
    assert!(told[0].urgent);
    bench.run.heard(&path("1"), told[0].seq, at);
    bench.run.heard(&path("1"), told[0].seq, at);
    bench.run.heard(&path("1"), told[0].seq + 9, at);
    bench.flush();
    let heard = bench.journal.iter().filter(|record| matches!(record.body, Body::Heard { .. }));
    assert_eq!(heard.count(), 1);
    // The workflow hears nothing of it.
    assert_eq!(bench.wait(None), None);
    assert_eq!(bench.crashed().run.messages_of(&path("1")), told);
}

#[test]
fn a_restart_begins_anew_and_keeps_what_was_spent() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    let at = bench.later();
    let early = bench.run.restart_ordered(&path("1"), "ann", None, at);
    assert_eq!(early, Err(OrderError::NotAtWork(path("1"))));
    bench.start("1");
    let at = bench.later();
    let long = "x".repeat(super::super::MESSAGE_BYTES_MAX + 1);
    let before = bench.run.seq();
    let long = bench.run.restart_ordered(&path("1"), "ann", Some(long), at);
    assert!(matches!(long, Err(OrderError::TooLong { .. })), "{long:?}");
    assert_eq!(bench.run.seq(), before, "nothing is on record");
    assert_eq!(bench.run.task(&path("1")).unwrap().state, TaskState::Started);
    bench.run.restart_ordered(&path("1"), "ann", Some("lost".into()), at).unwrap();
    bench.flush();
    assert_eq!(bench.run.task(&path("1")).unwrap().state, TaskState::Open);
    bench.start("1");
    assert_eq!(bench.run.task(&path("1")).unwrap().attempts, 2);
    bench.end("1", tokens(7));
    assert_eq!(bench.run.settled().agents, 1);
    let again = bench.crashed();
    assert_eq!(again.run.settled().agents, 1);
    assert_eq!(again.run.task(&path("1")).unwrap().attempts, 2);
}

#[test]
fn a_session_is_kept_until_its_task_begins_anew() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    let session = |id: &str, told| Session { id: id.into(), told, ..Session::default() };
    let at = bench.later();
    bench.run.session(&path("1"), 0, session("early", 0), at);
    bench.start("1");
    let at = bench.later();
    for unsound in ["", "-x", "a b", &"x".repeat(SESSION_BYTES_MAX + 1)] {
        bench.run.session(&path("1"), 0, session(unsound, 0), at);
    }
    for _ in 0..2 {
        bench.run.session(&path("1"), 0, session("s1", 4), at);
        bench.run.session(&path("1"), 1, session("s2", 0), at);
    }
    bench.flush();
    let records = bench.journal.iter().filter(|one| matches!(one.body, Body::Session { .. }));
    assert_eq!(records.count(), 2, "what is new");
    let known = [(0, session("s1", 4)), (1, session("s2", 0))].into();
    let mut bench = bench.crashed();
    assert_eq!(bench.run.sessions_of(&path("1"), 0), known);
    let last = bench.run.seq();
    assert_eq!(bench.run.sessions_of(&path("1"), last - 1).len(), 1, "of what came after");
    assert!(bench.run.sessions_of(&path("1"), last).is_empty());
    let mut forged = bench.journal.clone();
    for record in &mut forged {
        if let Body::Session { session, .. } = &mut record.body {
            session.id = "--dangerously".into();
        }
    }
    let forged = super::super::Run::from_records(forged).unwrap();
    assert!(forged.sessions_of(&path("1"), 0).is_empty(), "a record may say anything");

    let at = bench.later();
    bench.run.restart_ordered(&path("1"), "ann", None, at).unwrap();
    bench.run.session(&path("1"), 0, session("late", 0), at);
    bench.flush();
    assert!(bench.run.sessions_of(&path("1"), 0).is_empty());
    assert!(bench.crashed().run.sessions_of(&path("1"), 0).is_empty());
}

#[test]
fn what_a_fork_shares_costs_it_nothing_and_counts_in_the_budget() {
    // A run with one ended agent, forked after its end.
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    bench.start("1");
    bench.end("1", tokens(40));
    let shared = bench.journal.len() as u64;
    let parent = bench.run.started().run.clone();
    let made = bench.later();
    let fork = Fork {
        run: parent,
        at: shared,
        records: shared,
        made,
        given: Vec::new(),
        asked: Vec::new(),
        same_program: true,
        edit: None,
    };
    let mut records = bench.journal.clone();
    records[0].body =
        Body::RunStarted(Box::new(RunStarted { fork: Some(Box::new(fork)), ..started() }));
    let mut run = super::super::Run::from_records(records).unwrap();
    assert_eq!(run.spent(), Usage::default());
    assert_eq!(run.age_ms(), 0);
    let at = made.plus_ms(10);
    run.resume("ann", 2, &Default::default(), "engine 1", at);
    let later = at.plus_ms(90);
    run.workflow_ended(&TaskPath::root(), Outcome::Done(Handoff::default()), 3, later);
    let (_, usage) = run.finished().unwrap();
    assert_eq!((usage.agents, usage.tokens(), usage.fuel, usage.wall_ms), (0, 0, 3, 90));
    // The script sees what it was told then.
    run.mark_durable(run.seq());
    let mut cursor = crate::replay::Cursor::new(TaskPath::root(), T0, false);
    run.command(&mut cursor, agent("x"), 0, later).unwrap();
    assert!(matches!(run.wait(&mut cursor, None), Ok(Wait::Ready(_))));
    assert_eq!(run.budget(&cursor).spent.tokens(), 40);
}
