#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_guest::testing::{AgentRequest, Event, Reply, Script, ToolRequest};
use baton_guest::{Failure, ToolInfo};
use serde_json::{Value, json};

use super::*;

const NOTES: &str = "# Notes\n\nThe port is 8080.\nIt was 80 before\nversion 2.\n";

fn input(more: Value) -> Input {
    let mut input = json!({ "question": "Which port?" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(input).unwrap()
}

fn told(statement: &str, place: &str, quote: &str) -> Value {
    json!({ "statement": statement, "sources": [{ "place": place, "quote": quote, "line": 1 }] })
}

/// Which agent is asked.
fn who(request: &AgentRequest) -> &'static str {
    let label = request.options["label"].as_str().unwrap();
    match label {
        "plan" => "plan",
        "answer" => "answer",
        _ if label.starts_with("challenger") => "challenger",
        _ => "gatherer",
    }
}

fn verdict(claim: usize, judgement: &str) -> Value {
    json!({ "claim": claim, "judgement": judgement, "reason": "I looked." })
}

/// Two sub-questions; claims that stand, one that is refuted, one whose quote is nowhere.
fn answer(request: &AgentRequest) -> Reply {
    match who(request) {
        "plan" => json!({ "sub_questions": ["now?", "before?"] }).into(),
        "gatherer" if request.options["label"] == "now?" => json!({
            "claims": [
                told("The port is 8080.", "notes.md", "The port is 8080."),
                told("The port is 9090.", "notes.md", "The port is 9090."),
            ],
            "open": ["why?"],
        })
        .into(),
        "gatherer" if request.options["label"] == "why?" => {
            json!({ "claims": [], "open": ["why?", "who?"] }).into()
        }
        "gatherer" => json!({
            "claims": [
                told("It was 80.", "notes.md", "  It was 80 before\n  version 2."),
                told("It is fast.", "notes.md", "# Notes"),
            ],
        })
        .into(),
        "challenger" => json!({ "verdicts": [
            verdict(1, "supported"), verdict(2, "supported"), verdict(3, "unsupported"), verdict(9, "supported"),
        ] })
        .into(),
        _ => json!({ "answer": "It is 8080 [1]; it was 80 [2].", "open": ["why?"] }).into(),
    }
}

fn script() -> Script {
    Script::new().agents(answer).file("notes.md", NOTES)
}

fn agents(script: &Script) -> Vec<AgentRequest> {
    let agent = |event| match event {
        Event::Agent(request) => Some(request),
        _ => None,
    };
    script.events().into_iter().filter_map(agent).collect()
}

#[test]
fn an_answer_cites_claims_whose_quotes_stand_where_they_say() {
    let script = script();
    let handoff = script.run(|cx| run(cx, input(json!({})))).unwrap().unwrap();
    let report = &handoff.output;
    let places: Vec<(usize, u32)> =
        report.citations.iter().map(|claim| (claim.number, claim.sources[0].line)).collect();
    assert_eq!(places, [(1, 3), (2, 4)], "lines are those of the file, not those that were said");
    assert_eq!(report.refuted[0].statement, "It is fast.");
    let (lie, why) = &report.unfounded[0];
    assert_eq!(lie.statement, "The port is 9090.");
    assert!(why[0].contains("does not hold the quote"), "{why:?}");
    assert_eq!(report.sub_questions, ["now?", "before?", "why?"], "the second round follows up");
    assert_eq!(handoff.evidence.len(), 2);
    assert_eq!(handoff.follow_ups, ["why?"]);
    let writer = agents(&script).pop().unwrap();
    assert!(writer.prompt.contains("[1] The port") && !writer.prompt.contains("It is fast"));
    assert!(writer.prompt.contains("who?"), "what is still open is told");
    let markdown = report.markdown();
    for part in ["## Sources", "`notes.md:4`: “It was 80 before version 2.”", "## Refuted"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
}

#[test]
fn an_answer_without_citations_or_with_strange_ones_is_refused() {
    for (wrong, said) in [("It is 8080.", "it cites nothing"), ("It is [7].", "it cites 7")] {
        let script = script().agents(move |request| match who(request) {
            "answer" if !request.prompt.contains(said) => {
                json!({ "answer": wrong, "open": [] }).into()
            }
            _ => answer(request),
        });
        let report = script.run(|cx| run(cx, input(json!({})))).unwrap().unwrap().output;
        assert_eq!(report.citations.len(), 2, "the second answer was taken");
        let script = script.agents(move |request| match who(request) {
            "answer" => json!({ "answer": wrong, "open": [] }).into(),
            _ => answer(request),
        });
        let error = script.run(|cx| run(cx, input(json!({})))).unwrap().unwrap_err();
        assert_eq!(error.failure().code, "not-cited");
    }
}

#[test]
fn nothing_is_answered_where_nothing_stands() {
    let script = script().agents(|request| match who(request) {
        "challenger" => {
            let verdicts: Vec<Value> = (1..4).map(|claim| verdict(claim, "contradicted")).collect();
            json!({ "verdicts": verdicts }).into()
        }
        _ => answer(request),
    });
    let error = script.run(|cx| run(cx, input(json!({})))).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "nothing-stands");
    let fails = |request: &AgentRequest| match who(request) {
        "gatherer" => Failure::new(FailureKind::Failed, "x", "no").into(),
        _ => answer(request),
    };
    let error = script.agents(fails).run(|cx| run(cx, input(json!({})))).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "x");
}

#[test]
fn who_brought_nothing_is_said() {
    let script = script().agents(|request| match who(request) {
        "challenger" => Failure::new(FailureKind::Failed, "x", "no").into(),
        _ => answer(request),
    });
    let handoff = script.run(|cx| run(cx, input(json!({ "rounds": 1 })))).unwrap().unwrap();
    assert_eq!(handoff.output.failed.len(), 1);
    assert!(handoff.summary.contains("NOT COMPLETE"), "{}", handoff.summary);
}

fn with_pages(script: Script, status: u16) -> Script {
    let info =
        ToolInfo { name: FETCH.into(), description: String::new(), input: None, output: None };
    script.tool_info(info).tools(move |request: &ToolRequest| {
        assert_eq!((request.name.as_str(), &request.input["show"]), (FETCH, &json!("plain")));
        json!({ "status": status, "text": "About   ports:\nthe *port* is\n8080." })
    })
}

#[test]
fn pages_are_opened_again_to_look_for_quotes() {
    let page = "https://example.org/ports";
    for (status, found) in [(200, true), (404, false)] {
        let script = with_pages(script(), status).agents(move |request| match who(request) {
            "gatherer" => json!({ "claims": [
                told("It is 8080.", page, "The port is 8080."),
                told("The file says so, too.", "notes.md", "The port is 8080."),
            ] })
            .into(),
            "answer" => json!({ "answer": "It is 8080 [1].", "open": [] }).into(),
            _ => answer(request),
        });
        let given = input(json!({ "rounds": 1, "pages": [page] }));
        let report = script.run(|cx| run(cx, given)).unwrap().unwrap().output;
        let pages = report.citations.iter().filter(|claim| claim.sources[0].is_page());
        assert_eq!(
            (pages.count(), report.unfounded.len()),
            (usize::from(found), usize::from(!found))
        );
        let opened =
            script.events().into_iter().filter(|event| matches!(event, Event::Tool(_))).count();
        assert_eq!(opened, 1, "every page is opened once");
    }
}

#[test]
fn pages_that_cannot_be_opened_are_no_sources() {
    for asked in [json!({ "web": true }), json!({ "pages": ["https://example.org"] })] {
        let error = script().run(|cx| run(cx, input(asked))).unwrap().unwrap_err();
        assert_eq!(
            (error.failure().code.as_str(), error.failure().kind),
            ("no-web", FailureKind::Refused)
        );
    }
    let script = with_pages(script(), 200);
    script.run(|cx| run(cx, input(json!({ "web": false })))).unwrap().unwrap();
    assert!(agents(&script)[0].prompt.contains("no access to the web"));
}

#[test]
fn numbers_in_brackets_are_citations() {
    for (answer, numbers) in [
        ("a [2] b [1][3] c [2]", vec![1, 2, 3]),
        ("a [1, 4]", vec![1, 4]),
        ("[x] [ ] [", vec![]),
        ("a[0] = [12](b)", vec![0, 12]),
    ] {
        assert_eq!(cited(answer), numbers, "{answer}");
    }
}
