//! What is different of two tasks, or of two runs.

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::handoff::{Handoff, Outcome};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{RunStarted, ScriptOptions, Work};
use baton_core::spec::{AgentOptions, AgentSpec};
use serde::Serialize;

use super::facts::Facts;

/// Something that is different, as text on both sides.
pub struct Part {
    /// What.
    pub name: &'static str,
    /// In the one run.
    pub a: String,
    /// In the other.
    pub b: String,
}

/// Collects what is different.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn put(&mut self, name: &'static str, a: String, b: String) {
        if a != b {
            self.0.push(Part { name, a, b });
        }
    }

    /// JSON counts by its meaning.
    fn json(&mut self, name: &'static str, a: Option<&Json>, b: Option<&Json>) {
        let same = match (a, b) {
            (Some(a), Some(b)) => a.digest() == b.digest(),
            (a, b) => a.is_none() == b.is_none(),
        };
        if !same {
            self.put(name, a.map(pretty).unwrap_or_default(), b.map(pretty).unwrap_or_default());
        }
    }

    fn shape<T: Serialize>(&mut self, name: &'static str, a: &T, b: &T) {
        let json = |value: &T| Json::of(value).ok();
        self.json(name, json(a).as_ref(), json(b).as_ref());
    }

    fn end(&mut self, a: Option<&Outcome>, b: Option<&Outcome>) {
        self.put("end", word(a), word(b));
        let (a, b) = (a.and_then(Outcome::handoff), b.and_then(Outcome::handoff));
        let output = |handoff: Option<&Handoff>| handoff.map(|handoff| handoff.output.clone());
        self.json("output", output(a).as_ref(), output(b).as_ref());
        let summary = |handoff: Option<&Handoff>| {
            handoff.map(|handoff| handoff.summary.clone()).unwrap_or_default()
        };
        self.put("summary", summary(a), summary(b));
        let artifacts = |handoff: Option<&Handoff>| {
            let all = handoff.map(|handoff| handoff.artifacts.as_slice()).unwrap_or_default();
            let named = all.iter().map(|one| format!("{} {}\n", one.name, one.digest.short()));
            named.collect::<String>()
        };
        self.put("artifacts", artifacts(a), artifacts(b));
        let next = |handoff: Option<&Handoff>| {
            handoff.map(|handoff| handoff.follow_ups.join("\n")).unwrap_or_default()
        };
        self.put("follow-ups", next(a), next(b));
        let evidence = |handoff: Option<&Handoff>| handoff.map(|handoff| handoff.evidence.clone());
        self.shape("evidence", &evidence(a), &evidence(b));
    }

    fn reads(
        &mut self,
        a: Option<&BTreeMap<String, Digest>>,
        b: Option<&BTreeMap<String, Digest>>,
    ) {
        let lines = |seen: Option<&BTreeMap<String, Digest>>| -> String {
            let all = seen.into_iter().flatten();
            all.map(|(name, digest)| format!("{name} {}\n", digest.short())).collect()
        };
        self.put("reads", lines(a), lines(b));
    }
}

/// What is different of two tasks.
pub fn of_tasks((a, one): (&Facts, &TaskPath), (b, other): (&Facts, &TaskPath)) -> Vec<Part> {
    let mut parts = Parts::default();
    let (Some(left), Some(right)) = (a.tasks.get(one), b.tasks.get(other)) else {
        return parts.0;
    };
    asked(&mut parts, &left.work, &right.work);
    parts.reads(a.reads.get(one), b.reads.get(other));
    parts.end(left.end.as_ref(), right.end.as_ref());
    parts.0
}

fn asked(parts: &mut Parts, a: &Work, b: &Work) {
    match (a, b) {
        (
            Work::Agent { spec: a, backend: by_a, .. },
            Work::Agent { spec: b, backend: by_b, .. },
        ) => {
            parts.put("prompt", a.prompt.clone(), b.prompt.clone());
            parts.json("input", a.input.as_ref(), b.input.as_ref());
            parts.json("schema", a.schema.as_ref(), b.schema.as_ref());
            let named = !labelled_by_prompt(a) && !labelled_by_prompt(b);
            parts.shape("options", &options(a, named), &options(b, named));
            parts.put("backend", by_a.clone(), by_b.clone());
        }
        (Work::Tool { spec: a, tool: of_a, .. }, Work::Tool { spec: b, tool: of_b, .. }) => {
            parts.put("tool", of_a.clone(), of_b.clone());
            parts.json("input", Some(&a.input), Some(&b.input));
            parts.shape("options", &a.options, &b.options);
        }
        (
            Work::Workflow { spec: a, component: of_a, .. },
            Work::Workflow { spec: b, component: of_b, .. },
        ) => {
            parts.put("workflow", a.name.clone(), b.name.clone());
            parts.put("program", of_a.short(), of_b.short());
            parts.json("input", Some(&a.input), Some(&b.input));
            parts.shape("options", &a.options, &b.options);
        }
        (Work::Gate { spec: a, .. }, Work::Gate { spec: b, .. }) => {
            parts.put("question", a.question.clone(), b.question.clone());
            parts.shape("options", &a.options, &b.options);
        }
        (Work::Sleep { .. }, Work::Sleep { .. }) => {}
        (a, b) => parts.put("kind", a.kind().into(), b.kind().into()),
    }
}

/// Whether the label of an agent is only the beginning of its prompt.
fn labelled_by_prompt(spec: &AgentSpec) -> bool {
    let of_prompt = |label: &String| spec.prompt.starts_with(label.trim_end_matches('…'));
    spec.options.label.as_ref().is_some_and(of_prompt)
}

fn options(spec: &AgentSpec, named: bool) -> AgentOptions {
    let label = spec.options.label.clone().filter(|_| named);
    AgentOptions { label, ..spec.options.clone() }
}

/// What is different of two runs, their tasks aside.
pub fn of_runs(a: &Facts, b: &Facts) -> Vec<Part> {
    let mut parts = Parts::default();
    let (one, other) = (&a.started, &b.started);
    let program = |facts: &Facts| {
        let program = &facts.started.program;
        format!("{} {}", program.name, program.digest().short())
    };
    if one.program.digest() != other.program.digest() {
        parts.put("program", program(a), program(b));
    }
    parts.json("input", Some(&one.input), Some(&other.input));
    parts.shape("scope", &one.scope, &other.scope);
    parts.shape("backends", &one.backends, &other.backends);
    parts.shape("budget", &one.budget, &other.budget);
    parts.shape("script", &script(one), &script(other));
    let root = TaskPath::root();
    parts.reads(a.reads.get(&root), b.reads.get(&root));
    parts.end(a.end.as_ref(), b.end.as_ref());
    parts.0
}

/// How scripts are interpreted. Where they were and which phases they name is no part of that.
fn script(started: &RunStarted) -> Option<ScriptOptions> {
    let options = started.script.as_deref()?;
    Some(ScriptOptions { path: String::new(), phases: Vec::new(), ..options.clone() })
}

fn word(end: Option<&Outcome>) -> String {
    match end {
        None => "not ended".into(),
        Some(Outcome::Done(_)) => "done".into(),
        Some(Outcome::Failed(failure)) => format!("{}: {failure}", failure.kind.as_str()),
    }
}

/// A JSON text for people: a string as its text, the rest with line breaks.
fn pretty(json: &Json) -> String {
    match json.value() {
        serde_json::Value::String(text) => text,
        value => serde_json::to_string_pretty(&value).unwrap_or_default(),
    }
}
