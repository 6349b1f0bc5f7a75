//! A question answered from files, with citations that were looked up.

use baton_test_llm::{Reply, Seen};
use serde_json::json;

use crate::support::{MODEL, Place, submit};

const NOTES: &str = "# Service\n\nIt listens on port 8080.\nUntil version 2 it was port 80.\n";

fn model(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    let claim = |statement: &str, quote: &str| json!({ "statement": statement, "sources": [{ "place": "docs/service.md", "quote": quote }] });
    if asked.contains("cut the question into") {
        return submit(json!({ "sub_questions": ["Which port now?"] }));
    }
    if asked.contains("Check each claim") {
        let verdict = |claim: usize, judgement: &str| json!({ "claim": claim, "judgement": judgement, "reason": "I read it." });
        return submit(
            json!({ "verdicts": [verdict(1, "supported"), verdict(2, "contradicted")] }),
        );
    }
    if asked.contains("Write the answer") {
        let numbers = if asked.contains("was refused") { "[1]" } else { "[1][5]" };
        return submit(json!({ "answer": format!("It is 8080 {numbers}."), "open": [] }));
    }
    match seen.turns {
        0 => Reply::call("search", json!({ "expression": "port" })),
        _ => submit(json!({ "claims": [
            claim("It listens on 8080.", "It listens on port 8080."),
            claim("It always was 80.", "it was port 80."),
            claim("It listens on 9090.", "It listens on port 9090."),
        ] })),
    }
}

#[test]
fn an_answer_rests_on_quotes_that_are_there() {
    let place = Place::new(&[("docs/service.md", NOTES)], model);
    let input = json!({ "question": "Which port does it use?", "rounds": 1 });
    let report = place.run("research", &input, &["--agent", MODEL, "--record", "kept"]);
    assert_eq!(report["state"], "done", "{report}");
    let output = &report["output"];
    assert_eq!(output["answer"], "It is 8080 [1].", "what cites no claim goes back");
    assert_eq!(output["citations"][0]["sources"][0]["line"], 3);
    assert_eq!(output["refuted"][0]["statement"], "It always was 80.");
    assert_eq!(output["unfounded"][0][0]["statement"], "It listens on 9090.");
    assert_eq!(report["evidence"][0]["lines"], json!({ "first": 3, "last": 3 }));
    let asked = place.server.requests();
    let again = place.run("research", &input, &["--agent", "recorded:kept"]);
    assert_eq!((&again["output"], place.server.requests()), (output, asked));
}
