#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

fn ask(schema: &Value, prompt: &str) -> AgentSpec {
    let schema = Some(schema.clone().into());
    AgentSpec { prompt: prompt.into(), schema, ..AgentSpec::default() }
}

fn all(seeds: u32) -> Vec<Answers> {
    Temper::all(seeds, 2.0)
        .into_iter()
        .map(|temper| Answers::new(temper, Tools::default()))
        .collect()
}

/// Schemas as workflows use them.
fn schemas() -> Vec<Value> {
    vec![
        json!({}),
        json!(true),
        json!({ "type": "object", "properties": { "done": { "type": "boolean" }, "note": { "type": "string" } },
            "required": ["done"], "additionalProperties": false }),
        json!({ "type": "object", "required": ["findings"], "properties": { "findings": { "type": "array",
            "items": { "type": "object", "required": ["file", "line", "severity"], "properties": {
                "file": { "type": "string" }, "line": { "type": "integer", "minimum": 1 },
                "severity": { "enum": ["low", "high"] }, "title": { "type": "string", "maxLength": 12 } } } } } }),
        json!({ "type": "array", "minItems": 3, "maxItems": 7, "items": { "type": "string", "minLength": 40 } }),
        json!({ "type": "array", "uniqueItems": true, "minItems": 2, "items": { "enum": ["a", "b", "c"] } }),
        json!({ "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "boolean" }], "items": false }),
        json!({ "type": "array", "prefixItems": [{ "const": 1 }], "items": { "type": "null" }, "minItems": 2 }),
        json!({ "type": ["string", "null"] }),
        json!({ "type": "integer", "exclusiveMinimum": 3, "maximum": 21, "multipleOf": 7 }),
        json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5 }),
        json!({ "maximum": -4, "type": "integer" }),
        json!({ "type": "string", "pattern": "^[a-z]{3}-\\d+$" }),
        json!({ "anyOf": [{ "$ref": "#/$defs/Place" }, { "type": "null" }],
            "$defs": { "Place": { "type": "object", "required": ["path"], "properties": { "path": { "type": "string" } } } } }),
        json!({ "oneOf": [{ "type": "object", "required": ["kind"], "properties": { "kind": { "const": "a" } } },
            { "type": "object", "required": ["kind", "why"], "properties": { "kind": { "const": "b" }, "why": { "type": "string" } } }] }),
        json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "integer" } },
            "anyOf": [{ "required": ["x"], "properties": { "x": { "type": "boolean" } } }, { "required": ["y"], "properties": { "y": { "type": "boolean" } } }] }),
        json!({ "allOf": [{ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } },
            { "required": ["b"], "properties": { "b": { "type": "integer" } } }] }),
        json!({ "type": "object", "additionalProperties": { "type": "integer" }, "minProperties": 1 }),
        // A tree.
        json!({ "$ref": "#/$defs/Node", "$defs": { "Node": { "type": "object", "required": ["children"],
            "properties": { "children": { "type": "array", "items": { "$ref": "#/$defs/Node" } } } } } }),
    ]
}

#[test]
fn every_answer_fits_its_schema() {
    for schema in schemas() {
        for answers in all(12) {
            for round in 0..4 {
                let answer = answers.agent(&ask(&schema, &format!("round {round}"))).value();
                let lean = answers.temper.lean;
                assert!(jsonschema::is_valid(&schema, &answer), "{lean:?}\n{schema}\n{answer}");
            }
        }
    }
}

#[test]
fn formats_are_what_they_say() {
    let formats = ["date", "date-time", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"];
    for format in formats {
        let schema = json!({ "type": "string", "format": format });
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for answers in all(6) {
            let answer = answers.agent(&ask(&schema, "")).value();
            assert!(validator.is_valid(&answer), "{format}: {answer}");
        }
    }
}

#[test]
fn extremes_are_extreme_and_chance_goes_both_ways() {
    let schema = &schemas()[2];
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let all = all(12);
    let done = |answers: &Answers| answers.agent(&ask(schema, "done?")).value()["done"] == true;
    let length =
        |answers: &Answers| answers.agent(&ask(&list, "what?")).value().as_array().unwrap().len();
    assert_eq!((done(&all[0]), length(&all[0])), (false, 0));
    assert_eq!((done(&all[1]), length(&all[1])), (true, 8));
    let both: BTreeSet<bool> = all[2..].iter().map(done).collect();
    assert_eq!(both.len(), 2);
    let lengths: BTreeSet<usize> = all[2..].iter().map(length).collect();
    assert!(lengths.len() >= 3, "{lengths:?}");
}

#[test]
fn a_list_that_may_be_empty_often_is() {
    let list =
        |told: &str| json!({ "type": "array", "description": told, "items": { "type": "string" } });
    let empty = |told: &str| {
        let schema = list(told);
        let answers = all(62);
        let lengths = answers.iter().map(|one| one.agent(&ask(&schema, "what?")).value());
        lengths.filter(|value| value.as_array().unwrap().is_empty()).count()
    };
    let (told, plain) = (empty("Defects. Empty if there are none."), empty("Defects."));
    assert!((18..=40).contains(&told) && plain < 18, "{told} and {plain} of 62");
}

#[test]
fn of_a_small_change_little_is_said() {
    let text = json!({ "type": "string" });
    let list = |what: &str| {
        let item = json!({ "type": "object", "required": [what], "properties": { what: text } });
        json!({ "type": "array", "items": item })
    };
    let small = "Review.\n+++ b/a.rs\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";
    let longest = |what: &str, prompt: &str| {
        let schema = list(what);
        let answers = all(32).split_off(2);
        let lengths = answers.iter().map(|one| one.agent(&ask(&schema, prompt)).value());
        lengths.map(|value| value.as_array().unwrap().len()).max().unwrap()
    };
    assert_eq!(longest("quote", small), 3);
    // What quotes nothing is no finding, and without a patch nobody knows how much there is to find.
    assert!(longest("title", small) > 5);
    assert!(longest("quote", "Review.") > 5);
}

#[test]
fn the_same_question_has_the_same_answer_in_another_dry_run_and_another_when_asked_again() {
    let schema = &schemas()[3];
    let run = || {
        let answers = Answers::new(Temper::all(8, 2.0)[5], Tools::default());
        let first = answers.agent(&ask(schema, "one"));
        let second = answers.agent(&ask(schema, "one"));
        (first.value(), second.value(), answers.agent(&ask(schema, "two")).value())
    };
    assert_eq!(run(), run());
    let answers = Answers::new(Temper::all(8, 2.0)[5], Tools::default());
    // Asked in another order: what is asked decides.
    let two = answers.agent(&ask(schema, "two")).value();
    assert_eq!(two, run().2);
    let votes = json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000 });
    let votes: BTreeSet<String> =
        (0..5).map(|_| answers.agent(&ask(&votes, "vote")).to_string()).collect();
    assert_eq!(votes.len(), 5, "voters that are asked the same do not all say the same");
}

#[test]
fn whoever_looks_long_enough_finds_nothing_new() {
    let schema = &schemas()[3];
    for answers in all(8) {
        let mut seen = BTreeSet::new();
        let mut dry = 0;
        for round in 0..60 {
            let found = answers.agent(&ask(schema, &format!("round {round}"))).value();
            let fresh: Vec<String> =
                found["findings"].as_array().unwrap().iter().map(Value::to_string).collect();
            let before = seen.len();
            seen.extend(fresh);
            dry = if seen.len() == before { dry + 1 } else { 0 };
        }
        assert!(dry >= 5, "still new after 60 rounds: {}", seen.len());
    }
}

#[test]
fn digests_can_be_read_as_such() {
    let schema = json!({ "type": "object", "required": ["digest"], "properties": { "digest": { "type": "string" } } });
    for answers in all(6) {
        let answer = answers.agent(&ask(&schema, "Cite.")).value();
        assert!(answer["digest"].as_str().unwrap().parse::<Digest>().is_ok(), "{answer}");
    }
}

#[test]
fn ranges_begin_before_they_end() {
    let line = json!({ "type": "integer", "format": "uint32", "minimum": 0 });
    for (low, high) in [("first", "last"), ("start_line", "end_line")] {
        let schema = json!({ "type": "object", "required": [low, high], "properties": { low: line, high: line } });
        for answers in all(12) {
            for _ in 0..4 {
                let answer = answers.agent(&ask(&schema, "Where?")).value();
                let (first, last) = (answer[low].as_u64(), answer[high].as_u64());
                assert!(first >= Some(1) && first <= last, "{answer}");
            }
        }
    }
}

#[test]
fn files_that_are_named_are_cited() {
    let schema = json!({ "type": "object", "required": ["file"], "properties": { "file": { "type": "string" } } });
    for answers in all(6) {
        let answer = answers.agent(&ask(&schema, "Look at docs/a.md.")).value();
        assert_eq!(answer["file"], "docs/a.md");
    }
}

#[test]
fn commands_and_people_answer_both_ways() {
    let all = all(10);
    let input = json!({ "argv": ["make"] }).into();
    let status: BTreeSet<u64> = all
        .iter()
        .map(|answers| answers.tool(EXEC, &input).value()["status"].as_u64().unwrap())
        .collect();
    assert_eq!(status, BTreeSet::from([0, 1]));
    let gate = GateSpec {
        question: "Which?".into(),
        options: baton_core::gate::GateOptions {
            choices: vec!["a".into(), "b".into()],
            schema: Some(json!({ "type": "integer" }).into()),
            ..Default::default()
        },
    };
    for answers in all {
        let answer = answers.gate(&gate);
        assert_eq!(gate.check(&answer), Ok(()));
    }
}

#[test]
fn commands_that_tell_something_succeed_with_what_their_kind_prints() {
    for answers in all(10) {
        let printed = |argv: Value| {
            let answer = answers.tool(EXEC, &json!({ "argv": argv }).into()).value();
            assert_eq!(answer["status"], 0, "{answer}");
            answer["stdout"].as_str().unwrap().to_owned()
        };
        let diff = printed(json!(["git", "diff", "HEAD"]));
        assert!(diff.starts_with("diff --git a/"), "{diff}");
        let files = printed(json!(["git", "diff", "--name-only"]));
        assert!(files.lines().all(|line| line.starts_with("src/")), "{files}");
        let count = printed(json!(["wc", "-l", "a.txt"]));
        assert!(count.trim().parse::<u32>().is_ok(), "{count}");
    }
}

#[test]
fn what_is_found_in_a_patch_is_quoted_from_it() {
    let schema = json!({ "type": "object", "required": ["findings"], "properties": { "findings": {
        "type": "array", "minItems": 1, "items": { "type": "object", "required": ["path", "line", "quote"],
            "properties": { "path": { "type": "string" }, "line": { "type": "integer", "minimum": 0 },
                "quote": { "description": "The lines, copied exactly.", "type": "string" } } } } } });
    let mut quoted = 0;
    let mut found = 0;
    for answers in all(12) {
        let printed = answers.tool(EXEC, &json!({ "argv": ["git", "diff"] }).into()).value();
        let patch = printed["stdout"].as_str().unwrap().to_owned();
        let answer = answers.agent(&ask(&schema, &format!("Review:\n{patch}"))).value();
        for finding in answer["findings"].as_array().unwrap() {
            let quote = finding["quote"].as_str().unwrap();
            found += 1;
            quoted += u32::from(patch.lines().any(|line| line.get(1..) == Some(quote)));
        }
    }
    assert!(quoted * 4 >= found * 3, "{quoted} of {found} stand in the patch");
}

#[test]
fn a_text_that_is_to_cite_numbers_cites_them() {
    let told = "Each statement has its number in brackets after it, such as [3].";
    let schema = json!({ "type": "object", "required": ["answer"],
        "properties": { "answer": { "type": "string", "description": told } } });
    for answers in all(8) {
        let prompt = "Write it.\n[1] One.\n[2] Two.\n";
        let text = answers.agent(&ask(&schema, prompt)).value()["answer"].to_string();
        assert!(text.contains("[1]") || text.contains("[2]"), "{text}");
    }
}

#[test]
fn what_happens_in_a_share_of_the_cases_does() {
    let spec = ask(&json!({}), "Go.");
    let times = |share: f64| {
        all(40).iter().filter(|answers| answers.happens("fails", &spec, share)).count()
    };
    assert_eq!((times(0.0), times(1.0)), (0, 40));
    assert!((8..=32).contains(&times(0.5)), "{}", times(0.5));
}
