//! Texts and amounts: what is accepted, what is refused, and by which name.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::budget::{Amounts, Cap};
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::json::{Json, JsonError};
use baton_core::limits::{Limits, RunLimits};
use baton_core::manifest::Manifest;
use baton_core::scope::{GlobLayer, PathScope, Scope};
use baton_core::spec::{AgentSpec, RawAgentSpec, micro_usd};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[test]
fn every_limit_is_set_by_its_name_and_no_other() {
    let table = Limits::table();
    let mut names = std::collections::BTreeSet::new();
    for (name, row) in &table {
        let mut limits = Limits::default();
        assert_eq!(limits.set(name, row.default), Ok(()));
        assert_eq!(limits, Limits::default(), "{name}: the default of the table is the default");
        limits.set(name, row.default + 1).unwrap();
        assert_ne!(limits, Limits::default(), "{name}");
        assert!(!row.unit.is_empty() && !row.reason.is_empty() && names.insert(name.clone()));
    }
    for name in ["", "fuel", "guest.fuel", "run.", "run.fuel", "workflow.agents", "run.agents.x"] {
        assert_eq!(Limits::default().set(name, 1).unwrap_err().name, name);
    }
    let text = serde_json::to_string(&Limits::default()).unwrap();
    assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), Limits::default());
}

#[test]
fn json_is_accepted_only_if_it_can_be_read_as_a_value() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for text in ["1e999", r#""\ud800""#, "", "{", "[1,]", "nul", "1 2", "\u{feff}1", "[\"a\nb\"]"] {
        assert!(matches!(Json::parse(text, 99, 64), Err(JsonError::Syntax(_))), "{text}");
    }
    assert_eq!(Json::parse("[[1]]", 9, 1).unwrap_err(), JsonError::Depth { max: 1 });
    assert_eq!(Json::parse("123", 2, 9).unwrap_err(), JsonError::Size { size: 3, max: 2 });
    assert_eq!(Json::parse(r#""[[[""#, 9, 0).unwrap().as_str(), r#""[[[""#);
    for bomb in [deep(100_000), "[".repeat(100_000), r#"{"a":"#.repeat(100_000)] {
        assert!(matches!(Json::parse(&bomb, u64::MAX, 64), Err(JsonError::Depth { max: 64 })));
        assert!(matches!(
            Json::parse(&bomb, u64::MAX, u64::MAX),
            Err(JsonError::Depth { max: 127 })
        ));
    }
    let deepest = Json::parse(&deep(127), 999, u64::MAX).unwrap();
    assert!(deepest.value().is_array());
}

#[test]
fn digests_ignore_what_means_nothing() {
    let digest = |text: &str| Json::parse(text, 99, 9).unwrap().digest();
    assert_eq!(digest(r#"{"a":1,"b":[2]}"#), digest("\n{ \"b\" : [ 2 ], \"a\":1 } "));
    assert_ne!(digest("[1,2]"), digest("[2,1]"));
    assert_eq!(Json::parse(" { } ", 9, 9).unwrap().as_str(), "{ }");
}

#[test]
fn ids_have_one_form() {
    let run = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
    assert_eq!(run.parse::<RunId>().unwrap().as_str(), run);
    for text in [
        "",
        "run_",
        "01JQ4ZK6Y3W8M2V5T7R9XBCDEF",
        "run_01JQ4ZK6Y3W8M2V5T7R9XBCDE",
        "run_01JQ4ZK6Y3W8M2V5T7R9XBCDE!",
        "run_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "run_O1JQ4ZK6Y3W8M2V5T7R9XBCDEF",
    ] {
        assert!(text.parse::<RunId>().is_err(), "{text}");
    }
    for text in ["", "1", "3/1", "18446744073709551615"] {
        assert_eq!(text.parse::<TaskPath>().unwrap().to_string(), text);
    }
    for text in ["0", "01", "+1", "-1", "/", "1/", "/1", "1//2", "18446744073709551616", "a", " 1"]
    {
        assert!(text.parse::<TaskPath>().is_err(), "{text}");
    }
    for tail in ["", "/3", "/3/1"] {
        let text = format!("{run}{tail}");
        assert_eq!(text.parse::<TaskId>().unwrap().to_string(), text);
    }
    for tail in ["/", "//", "/0", "/3/"] {
        assert!(format!("{run}{tail}").parse::<TaskId>().is_err(), "{tail}");
    }
    let digest = Digest::of(b"x");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(
        Digest::of(b"").hex(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for text in ["+f".repeat(32), "f".repeat(63), "g".repeat(64), "é".repeat(32)] {
        assert!(text.parse::<Digest>().is_err(), "{text}");
    }
}

fn options(text: &str) -> Result<AgentSpec, (String, String)> {
    let raw = RawAgentSpec { prompt: "p".into(), input: None, schema: None, options: text.into() };
    let limits = RunLimits {
        text_bytes: 8,
        list_items: 2,
        json_depth: 3,
        json_bytes: 2_000,
        ..RunLimits::default()
    };
    AgentSpec::parse(raw, &limits).map_err(|refusal| (refusal.code, refusal.message))
}

#[test]
fn options_are_refused_by_name() {
    for text in ["", " ", "{}", r#"{"label":null}"#, r#"{"schema_attempts":5}"#, r#"{"read":[]}"#] {
        assert!(options(text).is_ok(), "{text}");
    }
    let rows = [
        (r#"{"colour":1}"#, "unknown-option", "`colour`"),
        (r#"{"label":1}"#, "bad-option", "invalid type"),
        (r#"{"label":"a","label":"b"}"#, "bad-option", "duplicate field"),
        (r#"["label"]"#, "bad-option", "not a JSON object"),
        ("null", "bad-option", "not a JSON object"),
        ("{", "bad-json", "options"),
        (r#"{"timeout_ms":-1}"#, "bad-option", "invalid value"),
        (r#"{"schema_attempts":0}"#, "schema-attempts", "1 to 5"),
        (r#"{"schema_attempts":6}"#, "schema-attempts", "1 to 5"),
        (r#"{"label":"123456789"}"#, "run.text_bytes", "9 bytes"),
        (r#"{"read":["a","b","c"]}"#, "run.list_items", "3 patterns"),
        (r#"{"read":["123456789"]}"#, "run.text_bytes", "9 bytes"),
        (r#"{"label":[[[1]]]}"#, "run.json_depth", "3 levels"),
    ];
    for (text, code, part) in rows {
        let (got, message) = options(text).unwrap_err();
        assert_eq!(got, code, "{text}");
        assert!(message.contains(part), "{text}: {message}");
    }
    let long = format!(r#"{{"{}":1}}"#, "k".repeat(1_500));
    assert!(options(&long).unwrap_err().1.len() < 500);
}

#[test]
fn a_null_input_or_schema_is_none_as_it_is_when_read_back() {
    let raw = RawAgentSpec {
        prompt: String::new(),
        input: Some(" null ".into()),
        schema: Some("null".into()),
        options: String::new(),
    };
    let spec = AgentSpec::parse(raw, &RunLimits::default()).unwrap();
    assert_eq!((&spec.input, &spec.schema), (&None, &None));
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<AgentSpec>(&text).unwrap(), spec);
}

#[test]
fn a_failure_reads_back_as_it_was() {
    for detail in ["null", "{}", "{ }", r#"{"a":1}"#] {
        let mut failure = Failure::new(FailureKind::Failed, "c", "m");
        failure.detail = Json::parse(detail, 99, 9).unwrap();
        let text = serde_json::to_string(&failure).unwrap();
        assert_eq!(serde_json::from_str::<Failure>(&text).unwrap(), failure, "{detail}");
    }
}

#[test]
fn manifests_are_read_without_trust() {
    let parse = |text: &str| Manifest::parse(text.as_bytes());
    assert!(parse(r#"{"name":"a-1","world":"workflow"}"#).is_ok());
    assert!(parse(r#"{"name":"a","world":"tool","tools":{"a":{}}}"#).is_ok());
    let long = format!(r#"{{"name":"{}","world":"agent"}}"#, "a".repeat(65));
    let deep = format!(
        r#"{{"name":"a","world":"agent","input":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let big = format!(r#"{{"name":"a","world":"agent","description":"{}"}}"#, "x".repeat(300_000));
    let bad = [
        "",
        "[]",
        r#"["a","agent"]"#,
        r#"{"name":"a"}"#,
        r#"{"name":"A","world":"agent"}"#,
        r#"{"name":"","world":"agent"}"#,
        r#"{"name":"a/b","world":"agent"}"#,
        r#"{"name":"a","world":"tool"}"#,
        r#"{"name":"exec","world":"tool","tools":{"a":{}}}"#,
        r#"{"name":"a","world":"tool","tools":{"a/b":{}}}"#,
        r#"{"name":"a","world":"agent","tools":{"a":{}}}"#,
        r#"{"name":"a","world":"tool","tools":{"a":{}},"requests":{"http":["ftp://a"]}}"#,
        r#"{"name":"a","world":"agent","more":1}"#,
        &long,
        &deep,
        &big,
    ];
    for text in bad {
        assert!(parse(text).is_err(), "{}", &text[..text.len().min(60)]);
    }
    assert!(Manifest::parse(&[0xff]).is_err());
}

#[test]
fn money_is_rounded_and_never_negative() {
    for (usd, micro) in [(0.0, 0), (0.5, 500_000), (1e-7, 0), (-3.0, 0), (1e300, u64::MAX)] {
        assert_eq!(micro_usd(usd), micro);
    }
}

#[test]
fn caps_and_amounts_at_their_edges() {
    let none = Usage::default();
    let zero = Amounts { agents: Some(0), tokens: None, ..Amounts::default() };
    assert_eq!(zero.exhausted(), Some("agents"));
    assert_eq!(Amounts::default().left(&Usage { agents: u64::MAX, ..none }).exhausted(), None);
    let both = zero.min(&Amounts { agents: Some(4), tokens: Some(2), ..Amounts::default() });
    assert_eq!((both.agents, both.tokens, both.cost_micro_usd), (Some(0), Some(2), None));
    let cap = Cap { cost_micro_usd: Some(5), ..Cap::default() };
    let cost = |cost| Usage { cost_micro_usd: cost, ..none };
    assert_eq!(cap.lacks(&cost(4), &Usage { agents: u64::MAX, ..cost(1) }), None);
    assert_eq!(cap.lacks(&cost(5), &none), Some(("cost", 5, 5, 0)));
    assert_eq!(cap.lacks(&cost(4), &cost(u64::MAX)), Some(("cost", 5, 4, u64::MAX)));
}

fn layer() -> impl Strategy<Value = GlobLayer> {
    let globs = || prop::collection::vec("[a-c*/]{1,4}", 0..3);
    (globs(), globs()).prop_map(|(include, exclude)| GlobLayer {
        include,
        exclude,
        ..GlobLayer::default()
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    let read = prop::option::of(prop::collection::vec(layer(), 0..3));
    (read, any::<bool>(), any::<bool>()).prop_map(|(layers, agents, workflows)| Scope {
        read: layers.map(|layers| PathScope { layers }),
        agents,
        workflows,
        tools: None,
    })
}

/// Whether everything the first lets pass, the second does: each of its layers is kept.
fn within(narrow: &Scope, wide: &Scope) -> bool {
    let read = match (&narrow.read, &wide.read) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(mine), Some(theirs)) => theirs.layers.iter().all(|layer| mine.layers.contains(layer)),
    };
    read && narrow.agents <= wide.agents && narrow.workflows <= wide.workflows
}

proptest! {
    // The same values each time: what is right today is not wrong tomorrow by chance.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn narrowing_never_widens(parent in scope(), read in prop::option::of(prop::collection::vec("[a-c*/]{1,4}", 0..3))) {
        let child = parent.narrowed(read.as_deref());
        prop_assert!(within(&child, &parent));
        if let (Some(read), Some(scope)) = (&read, &child.read) {
            prop_assert!(scope.layers.iter().any(|layer| layer.include == *read));
        }
        prop_assert!(read != Some(Vec::new()) || child.read.is_none());
    }

    #[test]
    fn an_intersection_is_within_both(mine in scope(), theirs in scope()) {
        let both = mine.intersect(&theirs);
        prop_assert!(within(&both, &mine) && within(&both, &theirs));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,60}") {
        let _ = text.parse::<RunId>();
        let _ = text.parse::<TaskPath>();
        let _ = text.parse::<Digest>();
        let _ = Manifest::parse(text.as_bytes());
        if let Ok(json) = Json::parse(&text, 99, 64) {
            prop_assert_eq!(json.value().is_null(), json.is_null());
        }
    }
}
