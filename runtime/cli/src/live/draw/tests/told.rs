//! What is told once, on lines of its own.

use baton_core::budget::Caps;
use baton_core::digest::Digest;
use baton_core::gate::{GateAnswer, GateOptions};
use baton_core::handoff::{Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Fork, Outage, RunStarted, Work};
use baton_core::report::{Level, Report};

use super::super::{GateSpec, Model, Timestamp, counts, lines};
use super::{Story, story};
use crate::live::model::Event;

/// The first record of a fork that shares so many records.
fn forked(records: u64) -> Body {
    const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
    let started = serde_json::json!({
        "format": 1, "run": RUN, "program": { "name": "flow", "component": Digest::of(b"x") },
        "input": null, "seed": Digest::of(b"seed"), "scope": {}, "by": "ada",
    });
    let mut started: RunStarted = serde_json::from_value(started).unwrap();
    started.fork = Some(Box::new(Fork {
        run: RUN.parse().unwrap(),
        at: 9,
        records,
        made: Timestamp(1),
        edit: None,
        given: Default::default(),
        asked: Default::default(),
        same_program: true,
    }));
    Body::RunStarted(Box::new(started))
}

#[test]
fn what_was_only_asked_for_before_a_fork_is_performed_in_it() {
    let mut story = Story::new();
    story.then(forked(4));
    story.agent("1", "ended before", None);
    story.agent("2", "open at the place", None);
    for path in ["1", "2"] {
        story.end(path, false);
    }
    let free = |path: &str| story.model.task(&path.parse().unwrap()).unwrap().free;
    assert_eq!((free("1"), free("2")), (true, false));
}

#[test]
fn what_agents_told_before_a_fork_is_not_told_again() {
    let told = |text: &str| {
        let report = Report::Log { level: Level::Warn, text: text.into() };
        Body::AgentReported { task: "1".parse().unwrap(), report }
    };
    let mut story = Story::new();
    story.then(forked(3));
    story.agent("1", "a", None);
    story.then(told("changes are kept in the other run's worktree"));
    story.then(told("changes are kept in ours"));
    assert_eq!(story.events[2], None);
    assert_eq!(story.events[3], Some(Event::Log(Level::Warn, "changes are kept in ours".into())));
}

#[test]
fn events_become_clean_lines() {
    let mut story = story();
    story.phase("bad \x1b[2Jtitle\nnext");
    let all: Vec<String> = story.events.iter().flat_map(lines).collect();
    let all = anstream::adapter::strip_str(&all.join("\n")).to_string();
    insta::assert_snapshot!(all, @r"
    ▸ Survey
    ▸ Audit
      ✗ /2 file-2.md: exit 1 (exit-status)
    ▸ bad [2Jtitle next
    ");
    insta::assert_snapshot!(counts(&story.model), @"  2 of 9 agents done, 7 at work, 1 failed, 1.0k tokens");
}

#[test]
fn misses_are_told_one_by_one_up_to_a_number() {
    let mut story = Story::new();
    for number in 1..=25 {
        let task: TaskPath = number.to_string().parse().unwrap();
        story.agent(&number.to_string(), "audit", None);
        if number == 1 {
            let reused_from = Some("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/9".parse().unwrap());
            let (outcome, usage) = (Outcome::Done(Handoff::default()), Usage::default());
            story.then(Body::Completed { task, outcome, usage, reused_from });
        } else {
            story.then(Body::NotReused { task, reason: baton_core::reuse::Miss::New });
        }
    }
    let text = |event: &Option<Event>| {
        let lines = lines(event).join("");
        anstream::adapter::strip_str(&lines).to_string()
    };
    let told: Vec<String> = story.events.iter().map(text).filter(|line| !line.is_empty()).collect();
    assert_eq!(told.len(), 21);
    assert_eq!(told[0], "  · /2 audit runs: new");
    assert_eq!(told[20], "  · more run: `baton tree` says why each");
    assert!(counts(&story.model).contains("1 reused"), "{}", counts(&story.model));
}

#[test]
fn denials_are_told_one_by_one_up_to_a_number() {
    let mut story = Story::new();
    story.tool("1", "http/fetch", false);
    for _ in 0..30 {
        story.denied("1");
    }
    let told: Vec<String> = story.events.iter().flat_map(lines).collect();
    assert_eq!(told.len(), 21);
    assert!(told[20].contains("more denied: `baton journal` tells each"), "{}", told[20]);
}

#[test]
fn an_outage_is_told_once_and_counted_down() {
    let mut story = Story::new();
    story.model = Model::new(Some(true));
    story.model.title = Some(("flow".into(), "run_X".into()));
    for number in ["1", "2", "3"] {
        story.agent(number, "audit", None);
        story.start(number);
        story.deferred(number);
    }
    assert_eq!((story.model.total.working, story.model.working.len()), (0, 0));
    story.paused(Outage::Quota, None);
    insta::assert_snapshot!(story.told(), @r"
      ‖ /1 audit waits: anthropic: quota
    ‖ paused: anthropic: quota
    ");
    assert!(story.drawn(80, 24).contains("‖ anthropic: quota; asks again soon"));
    story.paused(Outage::Quota, Some(Timestamp(65_000)));
    let drawn = story.drawn(80, 24);
    assert!(drawn.contains("‖ anthropic: quota; asks again at "), "{drawn}");
    assert!(drawn.contains(" (in 1m03s)"), "{drawn}");
    let then = "; it goes on by itself then, Ctrl-C leaves it paused";
    assert!(story.told().ends_with(then), "{}", story.told());
    let (by, caps, engine) = ("baton".into(), Caps::default(), String::new());
    story.then(Body::Resumed { by, epoch: 1, caps, engine, programs: Default::default() });
    assert!(!story.drawn(80, 24).contains("anthropic: quota"), "it goes on");
    // A key needs a person: nobody is told that it goes on by itself.
    story.paused(Outage::Auth, None);
    assert!(story.told().ends_with("‖ paused: anthropic: auth"), "{}", story.told());
}

#[test]
fn an_open_gate_is_shown_with_the_command_that_answers_it() {
    let mut story = Story::new();
    story.phase("Build");
    story.agent("1", "builder", None);
    story.start("1");
    let options = GateOptions {
        choices: vec!["blue".into(), "green\x1b[2J".into()],
        ..GateOptions::default()
    };
    let spec = GateSpec { question: "Deploy to which\x1b]0;x\x07 half?".into(), options };
    let work = Box::new(Work::Gate { spec, due: Some(Timestamp(90_000)) });
    let task: TaskPath = "2".parse().unwrap();
    story.then(Body::Spawned { task: task.clone(), digest: Digest::of(b""), fuel: 0, work });
    insta::assert_snapshot!(story.drawn(80, 24), @r"
    0.4s  0 of 1 agent done · 1 at work · 1 question to answer
      ● Build                         ░░░░░░░░░░░░░░░░░░░░ 0/1  1 at work
        ● builder                       0.1s    component:auditor
        ? /2 within 1m29s: Deploy to which]0;x half?
          baton approve run_X/2 --choice 'blue|green[2J', or baton reject
    ");
    let handoff = GateAnswer::rejected().handoff("ann", false);
    let outcome = Outcome::Done(handoff);
    story.then(Body::Completed { task, outcome, usage: Usage::default(), reused_from: None });
    insta::assert_snapshot!(story.told(), @r"
    ▸ Build
      ? /2 asks: Deploy to which]0;x half?
      ✓ /2 rejected by ann
    ");
    assert!(!story.drawn(80, 24).contains('?'));
}
