//! Whatever records hold, what is said of them is short and harmless.

use baton_core::digest::Digest;
use baton_core::gate::{GateOptions, GateSpec};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Pause, Record, Work};
use baton_core::refusal::Refusal;

use super::{BEGAN, RUN, only, path, said, spawned, start};
use crate::why::show::text;
use crate::why::story::Story;
use crate::why::{Standing, explain};

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

#[test]
fn people_are_told_of_the_gate_that_a_run_waits_for_once() {
    let spec = GateSpec { question: "Ship it?".into(), options: GateOptions::default() };
    let reason = Pause::Gate { task: path("1"), question: spec.question.clone() };
    let records = [
        Record { seq: 1, at: BEGAN, body: Body::RunStarted(Box::new(start())) },
        Record { seq: 2, at: BEGAN, body: spawned("1", Work::Gate { spec, due: None }) },
        Record { seq: 3, at: BEGAN, body: Body::Paused { reason } },
    ];
    let standing = Standing { run: RUN.parse().unwrap(), owned: false, now: BEGAN, places: 2 };
    let findings = explain(&Story::of(&records), &TaskPath::root(), &standing);
    let codes: Vec<&str> = findings.iter().map(|finding| finding.cause.code()).collect();
    assert_eq!(codes, ["paused-gate", "waits-gate"], "programs are told of both");
    let shown = text(&standing, &TaskPath::root(), &findings, 200);
    let shown = anstream::adapter::strip_str(&shown).to_string();
    let told = [
        "  /1: it waits for a person: “Ship it?” (record 2)\n",
        "    → `baton approve RUN/1 --resume` or `baton reject RUN/1 --resume`\n",
    ];
    assert_eq!(shown.replace(RUN, "RUN"), told.concat());
}
