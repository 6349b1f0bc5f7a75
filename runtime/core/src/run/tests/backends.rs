//! Who performs an agent task.

use std::collections::BTreeMap;

use super::fixture::{Bench, agent_with, started};
use crate::manifest::AgentType;
use crate::record::{BackendChoice, Work};

fn chosen(all: Option<&str>, by_type: &[(&str, &str)], options: &str) -> Result<String, String> {
    let mut facts = started();
    let pairs = by_type.iter().map(|(name, backend)| (name.to_string(), backend.to_string()));
    facts.backends = BackendChoice {
        all: all.map(str::to_owned),
        by_type: pairs.collect::<BTreeMap<_, _>>(),
        default: None,
    };
    let mut bench = Bench::of(facts);
    match bench.command(agent_with("x", options)) {
        crate::command::Reply::Refused(refusal) => Err(refusal.code),
        _ => match &*bench.run.task(&"1".parse().unwrap()).unwrap().work {
            Work::Agent { backend, .. } => Ok(backend.clone()),
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn the_operator_wins_over_the_task_and_the_task_over_its_type() {
    let typed = &[("plain", "command:op"), ("tied", "command:op")][..];
    type Row<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a str, Result<&'a str, &'a str>);
    let rows: &[Row<'_>] = &[
        (
            Some("command:all"),
            typed,
            r#"{"backend":"component:pinned","agent_type":"tied"}"#,
            Ok("command:all"),
        ),
        (None, typed, r#"{"backend":"component:pinned","agent_type":"tied"}"#, Ok("command:op")),
        (
            None,
            &[],
            r#"{"backend":"component:pinned","agent_type":"plain"}"#,
            Ok("component:pinned"),
        ),
        (None, &[], r#"{"agent_type":"tied"}"#, Ok("component:pinned")),
        (None, typed, r#"{"backend":"command:op"}"#, Ok("command:op")),
        (None, &[], r#"{"backend":"command:op"}"#, Err("backend-not-granted")),
        (None, &[], r#"{"backend":"component:other"}"#, Err("backend-not-granted")),
        // What a component says of its agents is no grant.
        (None, &[], r#"{"agent_type":"sly"}"#, Err("backend-not-granted")),
        (None, &[("sly", "command:op")], r#"{"agent_type":"sly"}"#, Ok("command:op")),
        (None, &[], r#"{"agent_type":"plain"}"#, Err("no-backend")),
        (None, &[], "{}", Err("no-backend")),
        (Some("command:all"), &[], r#"{"agent_type":"nobody"}"#, Err("unknown-agent-type")),
    ];
    for (all, by_type, options, expected) in rows {
        let got = chosen(*all, by_type, options);
        assert_eq!(
            got.as_deref().map_err(String::as_str),
            *expected,
            "{all:?} {by_type:?} {options}"
        );
    }
}

#[test]
fn a_type_fills_in_what_the_task_leaves_out() {
    let mut bench = Bench::new();
    bench.spawn(agent_with("x", r#"{"agent_type":"tied"}"#));
    bench.spawn(agent_with("x", r#"{"agent_type":"tied","system":"own"}"#));
    let systems: Vec<_> = bench
        .run
        .tasks()
        .map(|(_, task)| match &*task.work {
            Work::Agent { spec, .. } => spec.options.system.clone().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(systems, ["be brief", "own"]);
}

#[test]
fn the_task_names_the_model_else_its_type_and_inherit_means_none() {
    let rows: &[(&str, Option<&str>, Option<&str>)] = &[
        (r#"{"agent_type":"painter"}"#, Some("large"), Some("high")),
        (r#"{"agent_type":"painter","model":"small"}"#, Some("small"), Some("high")),
        (r#"{"agent_type":"painter","model":"inherit","effort":"low"}"#, None, Some("low")),
        (r#"{"model":"inherit"}"#, None, None),
    ];
    for (options, model, effort) in rows {
        let mut facts = started();
        facts.backends.all = Some("command:op".into());
        let painter = AgentType {
            model: Some("large".into()),
            effort: Some("high".into()),
            ..AgentType::default()
        };
        facts.program.agent_types.insert("painter".into(), painter);
        let mut bench = Bench::of(facts);
        bench.spawn(agent_with("x", options));
        let (_, task) = bench.run.tasks().next().unwrap();
        let Work::Agent { spec, .. } = &*task.work else { panic!("{options}") };
        let got = (spec.options.model.as_deref(), spec.options.effort.as_deref());
        assert_eq!(got, (*model, *effort), "{options}");
    }
}

#[test]
fn isolation_is_a_worktree_of_the_commit_that_the_run_began_with() {
    let rows = [
        ("worktree", Some("0123"), Ok(())),
        ("worktree", None, Err("has no git repository")),
        ("remote", Some("0123"), Err("the only one is `worktree`")),
    ];
    for (asked, base, expected) in rows {
        let mut facts = started();
        facts.backends.all = Some("command:op".into());
        facts.base = base.map(str::to_owned);
        let mut bench = Bench::of(facts);
        let command = agent_with("x", &format!(r#"{{"isolation":"{asked}"}}"#));
        match expected {
            Ok(()) => assert_eq!(bench.spawn(command), 1),
            Err(words) => {
                let refusal = bench.refusal(command);
                assert_eq!(refusal.code, "isolation");
                assert!(refusal.message.contains(words), "{}", refusal.message);
            }
        }
    }
}
