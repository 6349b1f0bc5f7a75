use serde_json::{Value, json};

use super::folder;
use crate::{Format, QueryInput, query};

fn ask(text: &str, question: &str) -> QueryInput {
    QueryInput { text: Some(text.into()), query: question.into(), ..QueryInput::default() }
}

#[test]
fn paths_and_pointers_bring_values_with_their_places() {
    let (_folder, tree) = folder(&[]);
    let text =
        "jobs:\n  test:\n    steps:\n      - uses: a\n      - run: b\n      - uses: c\nx/y: 1\n";
    type Rows = Vec<(&'static str, usize, Value)>;
    let cases: Vec<(&str, Rows)> = vec![
        (
            "$.jobs.*.steps[?@.uses].uses",
            vec![
                ("/jobs/test/steps/0/uses", 4, json!("a")),
                ("/jobs/test/steps/2/uses", 6, json!("c")),
            ],
        ),
        ("$..run", vec![("/jobs/test/steps/1/run", 5, json!("b"))]),
        ("$['x/y']", vec![("/x~1y", 7, json!(1))]),
        ("/x~1y", vec![("/x~1y", 7, json!(1))]),
        ("/jobs/test/steps/1", vec![("/jobs/test/steps/1", 5, json!({"run": "b"}))]),
        ("/absent", vec![]),
        ("$.absent", vec![]),
    ];
    for (question, expected) in cases {
        let output = query(&tree, &ask(text, question)).unwrap();
        let rows: Vec<_> = output
            .matches
            .iter()
            .map(|one| (one.pointer.as_str(), one.line, one.value.clone()))
            .collect();
        assert_eq!(rows, expected, "{question}");
    }
    let whole = query(&tree, &ask("[1]", "")).unwrap();
    assert_eq!(whole.matches[0].value, json!([1]));
}

#[test]
fn files_are_read_by_extension_or_format() {
    let (_folder, tree) =
        folder(&[("a.toml", "v = 1\n"), ("b.lock", "v = 2\n"), ("c.jsonl", "{\"v\":3}\n")]);
    let value = |path: &str, format, question: &str| {
        let (path, question) = (Some(path.to_owned()), question.to_owned());
        let input = QueryInput { path, format, query: question, ..QueryInput::default() };
        query(&tree, &input).map(|output| output.matches[0].value.clone())
    };
    assert_eq!(value("a.toml", None, "/v").unwrap(), json!(1));
    assert_eq!(value("b.lock", Some(Format::Toml), "/v").unwrap(), json!(2));
    assert_eq!(value("c.jsonl", None, "$[*].v").unwrap(), json!(3));
    assert_eq!(value("b.lock", None, "/v").unwrap_err().code, "unknown-format");
    assert_eq!(value("a.toml", Some(Format::Json), "/v").unwrap_err().code, "syntax");
    assert_eq!(value("absent.json", None, "/v").unwrap_err().code, "not-found");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let (_folder, tree) = folder(&[]);
    for question in ["$[", "jobs.test", &"/x".repeat(3_000)] {
        assert_eq!(query(&tree, &ask("{}", question)).unwrap_err().code, "invalid-query");
    }
    assert_eq!(query(&tree, &QueryInput::default()).unwrap_err().code, "no-source");
    let both = QueryInput { path: Some("a.json".into()), ..ask("{}", "") };
    assert_eq!(query(&tree, &both).unwrap_err().code, "no-source");
}

#[test]
fn limits_hold_and_are_told() {
    let (_folder, tree) = folder(&[]);
    let many = format!("[{}]", vec!["1"; 20_000].join(","));
    for (limit, expected) in [(None, 500), (Some(3), 3), (Some(0), 1), (Some(90_000), 10_000)] {
        let output = query(&tree, &QueryInput { limit, ..ask(&many, "$[*]") }).unwrap();
        assert_eq!((output.matches.len(), output.truncated), (expected, true));
    }
    let wide = format!("[\"{0}\", \"{0}\", \"{0}\"]", "x".repeat(200 << 10));
    let output = query(&tree, &ask(&wide, "$[*]")).unwrap();
    assert_eq!((output.matches.len(), output.truncated), (2, true));
    assert_eq!(query(&tree, &ask(&wide, "")).unwrap_err().code, "too-large");
}
