//! What is in a key.

use super::super::fixture::{Bench, started};
use super::PINNED;
use crate::command::Command;
use crate::digest::Digest;
use crate::ids::TaskPath;
use crate::json::Json;
use crate::manifest::AgentType;
use crate::record::RunStarted;
use crate::reuse::{KeyParts, key};
use crate::scope::{GlobLayer, PathScope};
use crate::spec::RawAgentSpec;

/// What a task asks for, and the run it is in.
#[derive(Clone)]
struct Asked {
    prompt: &'static str,
    input: Option<&'static str>,
    schema: Option<&'static str>,
    options: &'static str,
    run: RunStarted,
}

impl Asked {
    fn key(&self) -> KeyParts {
        let base = Some("commit".into());
        let mut bench = Bench::of(RunStarted { base, ..self.run.clone() });
        let text = |text: Option<&str>| text.map(ToOwned::to_owned);
        let number = bench.spawn(Command::SpawnAgent(RawAgentSpec {
            prompt: self.prompt.into(),
            input: text(self.input),
            schema: text(self.schema),
            options: self.options.into(),
        }));
        key(&bench.run, &TaskPath::root().child(number)).unwrap()
    }
}

fn asked() -> Asked {
    Asked {
        prompt: "p",
        input: Some(r#"{"a":1,"b":[2]}"#),
        schema: Some(r#"{"type":"object","required":["x"]}"#),
        options: PINNED,
        run: started(),
    }
}

#[test]
fn what_is_in_a_key_and_what_is_not() {
    type Change = fn(&mut Asked);
    let table: &[(Change, &[&str])] = &[
        (|_| {}, &[]),
        // Not in it.
        (|asked| asked.input = Some("{ \"b\" : [2], \"a\":1 }"), &[]),
        (|asked| asked.schema = Some(r#"{"required":["x"],"type":"object"}"#), &[]),
        (|asked| asked.options = r#"{"backend":"component:pinned","label":"l"}"#, &[]),
        (|asked| asked.options = r#"{"backend":"component:pinned","phase":"p"}"#, &[]),
        (|asked| asked.options = r#"{"backend":"component:pinned","timeout_ms":5}"#, &[]),
        (|asked| asked.options = r#"{"backend":"component:pinned","schema_attempts":5}"#, &[]),
        (|asked| asked.options = r#"{"backend":"component:pinned","model":null}"#, &[]),
        (|asked| asked.run.input = Json::from(serde_json::json!({ "other": 1 })), &[]),
        (|asked| asked.run.program.component = Digest::of(b"edited"), &[]),
        (|asked| asked.run.program.script = Some(Digest::of(b"edited")), &[]),
        (|asked| asked.run.seed = Digest::of(b"other"), &[]),
        (|asked| asked.run.root = Some("/elsewhere".into()), &[]),
        (|asked| asked.run.limits.run.agents = 5, &[]),
        // In it.
        (|asked| asked.prompt = "q", &["prompt"]),
        (|asked| asked.input = None, &["input"]),
        (|asked| asked.input = Some(r#"{"a":1,"b":[3]}"#), &["input"]),
        (|asked| asked.schema = None, &["schema"]),
        (|asked| asked.schema = Some(r#"{"type":"object"}"#), &["schema"]),
        (|asked| asked.options = r#"{"backend":"component:pinned","model":"m"}"#, &["model"]),
        (|asked| asked.options = r#"{"backend":"component:pinned","effort":"low"}"#, &["effort"]),
        (
            |asked| asked.options = r#"{"backend":"component:pinned","system":"s"}"#,
            &["system prompt"],
        ),
        (
            |asked| asked.options = r#"{"backend":"component:pinned","isolation":"worktree"}"#,
            &["isolation"],
        ),
        (
            |asked| asked.options = r#"{"backend":"component:pinned","read":["a/**"]}"#,
            &["read scope"],
        ),
        (
            |asked| asked.options = r#"{"backend":"component:pinned","agent_type":"plain"}"#,
            &["agent type"],
        ),
        (|asked| asked.options = r#"{"agent_type":"tied"}"#, &["agent type", "system prompt"]),
        (|asked| asked.run.backends.all = Some("command:x".into()), &["backend", "component"]),
        (
            |asked| {
                asked.run.program.agents.insert("pinned".into(), Digest::of(b"another build"));
            },
            &["component"],
        ),
        (
            |asked| {
                let layer = GlobLayer { include: vec!["docs/**".into()], ..GlobLayer::default() };
                asked.run.scope.read = Some(PathScope { layers: vec![layer] });
            },
            &["read scope"],
        ),
        (|asked| asked.run.scope.read = None, &["read scope"]),
    ];
    let before = asked().key();
    for (number, (change, parts)) in table.iter().enumerate() {
        let mut asked = asked();
        change(&mut asked);
        let after = asked.key();
        assert_eq!(after.differences(&before), *parts, "row {number}");
        assert_eq!(after.digest() == before.digest(), parts.is_empty(), "row {number}");
    }
}

#[test]
fn a_changed_agent_definition_is_another_key() {
    let mut before = asked();
    before.options = r#"{"agent_type":"tied"}"#;
    let mut after = before.clone();
    let tied = after.run.program.agent_types.get_mut("tied").unwrap();
    *tied = AgentType { description: "edited".into(), ..tied.clone() };
    assert_eq!(after.key().differences(&before.key()), ["agent type"]);
}

/// A key that changes without its version would make results of other things count.
#[test]
fn keys_are_stable() {
    let digest = asked().key().digest();
    assert_eq!(digest.hex(), "8f83d92543f2d9b3a6459fa112e74f99209105e26b83654fd6498e7d64aaf0ed");
}
