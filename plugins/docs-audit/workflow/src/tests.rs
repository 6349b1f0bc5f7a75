#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::rc::Rc;

use baton_guest::testing::{AgentRequest, Event, Reply, Script};
use baton_guest::{Failure, Handoff};
use docs_audit_analysis::{Kind, Memory, Verdict, audit, challenge};
use serde_json::{Value, json};

use super::*;

const PAGES: [(&str, &str); 3] = [
    ("a.md", "# A\n\n[gone](gone.md)\n"),
    ("b.md", "# B\n\n[a](a.md#a) and [lost](a.md#lost)\n"),
    ("notes.txt", "[gone](gone.md)\n"),
];

/// An agent that works on the same files as the component does.
fn answer(tree: &Memory, request: &AgentRequest) -> Value {
    match serde_json::from_value(request.input.clone().unwrap()).unwrap() {
        Work::Audit { files, checks, bounds } => {
            json!(audit::audit(tree, &files, &checks, bounds))
        }
        Work::Challenge { findings } => json!(challenge::challenge(tree, &findings)),
    }
}

fn script(agent: impl Fn(&Memory, &AgentRequest) -> Reply + 'static) -> Script {
    let tree = Rc::new(Memory::new(PAGES));
    let script = PAGES.iter().fold(Script::new(), |script, (path, text)| script.file(*path, *text));
    script.agents(move |request| agent(&tree, request))
}

fn done(output: Value) -> Reply {
    Reply::Done(Handoff::new(output))
}

#[test]
fn audits_compares_challenges_and_reports() {
    let script = script(|tree, request| done(answer(tree, request)));
    let handoff = script.run(|cx| run(cx, None)).unwrap().unwrap();
    let report = &handoff.output;
    let kinds: Vec<(&str, Kind)> =
        report.findings.iter().map(|finding| (finding.place.path.as_str(), finding.kind)).collect();
    assert_eq!(kinds, [("a.md", Kind::MissingFile), ("b.md", Kind::MissingAnchor)]);
    for finding in &report.findings {
        let challenge = finding.challenge.as_ref().unwrap();
        assert_eq!((challenge.by.as_str(), challenge.verdict), ("challenger 1", Verdict::Upheld));
    }
    assert_eq!((report.summary.files, report.summary.unchallenged), (2, 0));
    assert_eq!(handoff.evidence.len(), 2);
    assert_eq!(handoff.artifacts.first().unwrap().name, "docs-audit.md");
    assert!(handoff.summary.starts_with("2 findings in 2 Markdown files"), "{}", handoff.summary);
    let phases = script.events().into_iter().filter(|event| matches!(event, Event::Phase(_)));
    assert_eq!(phases.count(), 5);
}

#[test]
fn a_refuted_finding_does_not_stand() {
    let refute = |tree: &Memory, request: &AgentRequest| match request.input.as_ref().unwrap()["job"]
    {
        Value::String(ref job) if job == "challenge" => done(json!({ "verdicts": [
            { "index": 0, "verdict": "refuted", "reason": "It exists." },
            { "index": 7, "verdict": "refuted", "reason": "There is no such finding." },
        ]})),
        _ => done(answer(tree, request)),
    };
    let report = script(refute).run(|cx| run(cx, None)).unwrap().unwrap().output;
    assert_eq!((report.summary.findings, report.summary.refuted), (1, 1));
    assert_eq!(report.refuted.first().unwrap().place.path, "a.md");
    // The challenger said nothing about the other one.
    assert_eq!(report.summary.unchallenged, 1);
}

#[test]
fn input_narrows_the_audit() {
    let input = json!({ "include": ["b.md"], "checks": ["front-matter"] });
    let script = script(|tree, request| done(answer(tree, request)));
    let input: Input = serde_json::from_value(input).unwrap();
    let report = script.run(|cx| run(cx, Some(input))).unwrap().unwrap().output;
    assert_eq!((report.summary.files, report.summary.findings), (1, 0));
    assert!(serde_json::from_value::<Input>(json!({ "inclued": [] })).is_err());
}

#[test]
fn an_audit_without_any_answer_fails() {
    let fail = |_: &Memory, _: &AgentRequest| {
        Reply::Failed(Failure {
            kind: FailureKind::Limit,
            code: "fuel".into(),
            message: "no fuel".into(),
            detail: json!({}),
        })
    };
    let error = script(fail).run(|cx| run(cx, None)).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "fuel");
}

#[test]
fn what_a_model_says_is_looked_up() {
    // A model copies quotes, guesses lines and knows no digests.
    let answers = |_: &Memory, request: &AgentRequest| match request.input.as_ref().unwrap()["job"]
    {
        Value::String(ref job) if job == "audit" => {
            let finding = |path: &str, quote: &str| {
                json!({
                    "kind": "wrong-statement", "severity": "medium", "path": path,
                    "lines": { "first": 1, "last": 1 }, "quote": quote, "subject": "a",
                    "why": "It is not so.", "fix": "Say how it is.",
                    "others": [{ "path": "notes.txt", "lines": { "first": 9, "last": 9 },
                        "quote": "[gone](gone.md)" }, { "path": "notes.txt",
                        "lines": { "first": 1, "last": 1 }, "quote": "never written" }],
                })
            };
            done(json!({
                "findings": [finding("a.md", " [gone](gone.md) "), finding("b.md", "nowhere"),
                    finding("absent.md", "x")],
                "facts": [{ "path": "a.md" }, { "path": "b.md" }],
            }))
        }
        _ => done(json!({ "verdicts": [
            { "index": 0, "verdict": "upheld", "reason": "I looked." },
        ]})),
    };
    let script = script(answers);
    let report = script.run(|cx| run(cx, None)).unwrap().unwrap().output;
    let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!((finding.place.path.as_str(), finding.place.lines.first), ("a.md", 3));
    assert!(finding.place.digest.starts_with("sha256:"), "{finding:?}");
    assert_eq!(finding.others.len(), 1, "a place without its quote is dropped: {finding:?}");
    let reasons: Vec<&str> =
        report.refuted.iter().map(|one| one.challenge.as_ref().unwrap().reason.as_str()).collect();
    assert_eq!(reasons, ["there is no `absent.md`", "`b.md` does not hold the quote."]);
    // Nobody is set on what the workflow refuted itself.
    let challenged = script.events().into_iter().find_map(|event| match event {
        Event::Agent(request) => Some(request.input.unwrap()["findings"].as_array()?.len()),
        _ => None,
    });
    assert_eq!(challenged, Some(1));
}
