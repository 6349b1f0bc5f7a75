//! Outputs and inputs that people change.

use super::*;
use crate::handoff::Outcome;
use crate::json::Json;
use crate::record::Work;
use crate::scope::Authority;

fn json(value: serde_json::Value) -> Json {
    value.into()
}

fn output(value: serde_json::Value) -> Edit {
    Edit::Output { output: json(value), by: "ann".into() }
}

fn bench() -> Bench {
    let mut bench = Bench::of(RunStarted { tools: with_tools(&["*"]).tools, ..started_with() });
    bench.spawn(agent("one"));
    bench.spawn(workflow("{}"));
    bench.spawn(Command::Sleep { ms: 5 });
    bench.spawn(call("exec", r#"{"argv":["cargo","test","-q"]}"#));
    bench.start("1");
    bench.end("1", tokens(5));
    bench
}

fn started_with() -> RunStarted {
    let mut started = with_tools(&["*"]);
    started.scope.tools.as_mut().unwrap().within = Authority::unlimited();
    started
}

#[test]
fn an_output_is_the_end_of_its_task_and_costs_nothing() {
    let bench = bench();
    let edit = output(serde_json::json!({"edited": true}));
    for task in ["1", "2", "4"] {
        let plan = plan(&bench.journal, &at(task), Some(&edit)).unwrap();
        let fork = fold(&plan);
        let outcome = fork.outcome(&path(task)).unwrap();
        let Outcome::Done(handoff) = &*outcome else { panic!("{outcome:?}") };
        assert_eq!(handoff.output.value(), serde_json::json!({"edited": true}));
        assert!(handoff.summary.contains("ann"));
        assert_eq!(fork.settled(), &crate::handoff::Usage::default());
        assert_eq!(plan.given, [path(task)]);
        assert!(plan.open.iter().all(|open| open.task != path(task)));
    }
}

#[test]
fn what_was_given_above_is_known_below() {
    let bench = bench();
    let first = plan(&bench.journal, &at("1"), Some(&output(1.into()))).unwrap();
    let records = forked(&first);
    let end = Cut::After(records.len() as u64);
    assert_eq!(plan(&records, &end, None).unwrap().given, [path("1")]);
    let before = plan(&records, &Cut::After(2), None).unwrap();
    assert_eq!(before.given, Vec::<TaskPath>::new(), "it has not ended there");
    // Done again, it is given no more.
    assert_eq!(plan(&records, &at("1"), None).unwrap().given, Vec::<TaskPath>::new());
}

#[test]
fn an_input_replaces_what_was_asked_and_keeps_the_request() {
    let bench = bench();
    let digest = |records: &[Record], task: &str| {
        records.iter().find_map(|record| match &record.body {
            Body::Spawned { task: spawned, digest, .. } if *spawned == path(task) => Some(*digest),
            _ => None,
        })
    };
    let exec = serde_json::json!({"argv": ["cargo", "test", "--all"]});
    for (task, given, expected) in [
        ("1", serde_json::json!("two"), ("two", "")),
        ("1", serde_json::json!({"input": [1]}), ("one", "[1]")),
        ("1", serde_json::json!({"prompt": "two", "input": 7}), ("two", "7")),
        ("2", serde_json::json!("any"), ("", r#""any""#)),
        ("4", exec.clone(), ("", exec.to_string().as_str())),
    ] {
        let edit = Edit::Input(json(given));
        let plan = plan(&bench.journal, &at(task), Some(&edit)).unwrap();
        assert_eq!(digest(&plan.records, task), digest(&bench.journal, task));
        let fork = fold(&plan);
        let found = match &*fork.task(&path(task)).unwrap().work {
            Work::Agent { spec, .. } => {
                let input = spec.input.as_ref().map(Json::to_string).unwrap_or_default();
                (spec.prompt.clone(), input)
            }
            Work::Tool { spec, .. } => (String::new(), spec.input.to_string()),
            Work::Workflow { spec, .. } => (String::new(), spec.input.to_string()),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, (expected.0.to_owned(), expected.1.to_owned()));
        assert!(plan.open.iter().any(|open| open.task == path(task)));
    }
}

#[test]
fn an_edit_that_does_not_fit_is_refused() {
    let bench = bench();
    let input = |value: serde_json::Value| Edit::Input(json(value));
    let kind = |what| ForkError::Kind { task: path("3"), kind: "timer", what };
    for (cut, edit, expected) in [
        (Cut::After(3), input(1.into()), ForkError::NoPlace),
        (at(""), output(1.into()), ForkError::NoPlace),
        (at("3"), input(1.into()), kind("input")),
        (at("3"), output(1.into()), kind("output")),
    ] {
        assert_eq!(plan(&bench.journal, &cut, Some(&edit)).unwrap_err(), expected);
    }
    for (task, value, words) in [
        ("1", serde_json::json!(7), "a string"),
        ("1", serde_json::json!({}), "a string"),
        ("1", serde_json::json!({"promt": "x"}), "`promt`"),
        ("1", serde_json::json!({"prompt": 1}), "`prompt` is a string"),
        ("4", serde_json::json!({"argv": ["rm", "-rf"]}), "`rm -rf` is not granted"),
        ("4", serde_json::json!("rm"), "input of `exec`"),
        ("1", serde_json::json!("x".repeat((1 << 20) - 10)), ""),
        ("1", serde_json::json!("x".repeat(1 << 20)), "bytes of JSON"),
    ] {
        match plan(&bench.journal, &at(task), Some(&input(value))) {
            Ok(_) => assert_eq!(words, ""),
            Err(error) => {
                assert!(error.to_string().contains(words) && !words.is_empty(), "{error}")
            }
        }
    }
}

#[test]
fn what_was_done_is_held_against_what_was_asked() {
    let bench = bench();
    let repeated = |records: &[Record]| {
        let run = Run::from_records(records.to_vec()).unwrap();
        let mut cursor = crate::replay::Cursor::new(TaskPath::root(), records[0].at, true);
        run.repeat_command(&mut cursor, agent("one"), 7).map(|_| ())
    };
    assert_eq!(repeated(&bench.journal), Ok(()));
    // Somebody wrote another prompt beside the digest.
    let mut tampered = bench.journal.clone();
    let Body::Spawned { work, .. } = &mut tampered[1].body else { panic!("a spawn") };
    let Work::Agent { spec, .. } = &mut **work else { panic!("an agent") };
    spec.prompt = "something else".into();
    let error = repeated(&tampered).unwrap_err().to_string();
    assert!(error.contains("record 2") && error.contains("differs in: content"), "{error}");
    // A fork says where a person did so, here and in forks of it.
    let edit = Edit::Input(json(serde_json::json!("something else")));
    let first = plan(&bench.journal, &at("1"), Some(&edit)).unwrap();
    assert_eq!(first.asked, [path("1")]);
    let records = forked(&first);
    assert_eq!(repeated(&records), Ok(()));
    let again = plan(&records, &Cut::After(records.len() as u64), None).unwrap();
    assert_eq!((again.asked.as_slice(), repeated(&forked(&again))), (&[path("1")][..], Ok(())));
}
