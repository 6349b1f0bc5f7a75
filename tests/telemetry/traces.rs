//! One run is one trace: who passes it on, who is told of it, and who is not.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use baton_test_llm::{Api, FakeLlm, Refusing, Reply, Seen};
use baton_test_support::Project;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::collector::{Collector, Span};

const KEY: &str = "key-that-nobody-may-see";
const PROMPT: &str = "Look for what nobody may read in a trace.";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// An agent that is a model and runs a command, beside one that is a command.
const FLOW: &str = "export const meta = {
  name: 'flow', description: 'Two agents.', baton: { exec: ['/usr/bin/env'] },
}
const [one, two] = await parallel([
  () => agent('Look for what nobody may read in a trace.', { label: 'look', agentType: 'general-purpose', baton: { tools: ['exec'] } }),
  () => agent('Say it.', { agentType: 'Plan' }),
])
return { one, two }
";

/// Says in which trace context it was started.
const WORKER: &str = "#!/bin/sh
printf '{\"output\": \"%s\"}' \"$TRACEPARENT\"
";

struct Place {
    project: Project,
    server: FakeLlm,
    _runtime: Runtime,
}

impl Place {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let script = |seen: &Seen| match seen.turns {
            _ if !seen.offers("exec") => Reply::call("submit", json!({"text": "done"})),
            0 => {
                Reply::call("exec", json!({"argv": ["/usr/bin/env"]})).usage(120, 9).cached(100, 0)
            }
            _ => Reply::call("submit", json!({"output": seen.by("tool")})).usage(200, 5),
        };
        let server = runtime.block_on(FakeLlm::start(script)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("flow.js", FLOW);
        project.write("worker", WORKER);
        project.write("root/file", "");
        let worker = project.path("worker");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(worker, mode).unwrap();
        Self { project, server, _runtime: runtime }
    }

    /// The run, to be sent to a collector.
    fn run(&self, endpoint: &str) -> Command {
        let mut command = self.project.command(&[
            "run",
            "flow.js",
            "--root",
            "root",
            "--yes",
            "--json",
            "--extensions",
            "--agent",
            "general-purpose=anthropic:claude-haiku-4-5",
            "--agent",
            "Plan=command:./worker",
            "--grant",
            "exec=/usr/bin/env",
        ]);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url(Api::Anthropic))
            .env("ANTHROPIC_API_KEY", KEY)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-token=abc");
        command
    }
}

fn report(command: &mut Command) -> (Value, String) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown = String::from_utf8_lossy(&output.stdout);
    let report: Value =
        serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}\n{shown}\n{told}"));
    assert_eq!(report["state"], "done", "{report}\n{told}");
    (report, told)
}

/// The only span of this name.
fn only<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {spans:#?}");
    found[0]
}

/// The span that is named in a header.
fn named<'a>(spans: &'a [Span], traceparent: &str) -> &'a Span {
    let parts: Vec<_> = traceparent.split('-').collect();
    assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"), "{traceparent}");
    spans.iter().find(|span| span.id == parts[2]).unwrap_or_else(|| panic!("{traceparent}"))
}

#[test]
fn a_run_is_one_tree_that_its_helpers_are_part_of() {
    let place = Place::new();
    let collector = Collector::start();
    let mut command = place.run(&collector.url);
    let (report, told) = report(command.env("TRACEPARENT", format!("00-{TRACE}-{CALLER}-01")));
    assert!(!told.contains("spans"), "{told}");

    let spans = collector.spans();
    let ids: BTreeSet<_> = spans.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), spans.len(), "no span twice");
    assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
    assert!(spans.iter().all(|span| span.facts["service.name"] == "baton" && !span.failed));
    let run = only(&spans, "run flow");
    assert_eq!((run.parent.as_str(), &run.facts["baton.run"]), (CALLER, &string(&report["run"])));
    for span in spans.iter().filter(|span| span.id != run.id) {
        let parent = spans.iter().find(|other| other.id == span.parent);
        let parent = parent.unwrap_or_else(|| panic!("{span:?} is part of nothing"));
        let within = parent.nanos.0 <= span.nanos.0 && span.nanos.1 <= parent.nanos.1;
        assert!(within && span.nanos.0 <= span.nanos.1, "{span:?} in {parent:?}");
    }
    let parent = |span: &Span| spans.iter().find(|other| other.id == span.parent).unwrap();

    // Run, task, attempt, call of a model: the provider was told of the attempt.
    let chats: Vec<_> = spans.iter().filter(|span| span.name == "chat claude-haiku-4-5").collect();
    assert_eq!(chats.len(), 2, "{spans:#?}");
    let attempt = parent(chats[0]);
    assert_eq!(
        (attempt.name.as_str(), parent(attempt).facts["baton.label"].as_str()),
        ("attempt 1", "look")
    );
    assert_eq!(parent(parent(attempt)).id, run.id);
    for seen in place.server.log() {
        assert_eq!(named(&spans, seen.header("traceparent").unwrap()).id, attempt.id);
    }
    let usage = |span: &Span, name: &str| span.facts[&format!("gen_ai.usage.{name}")].clone();
    let all: BTreeSet<_> = chats
        .iter()
        .map(|span| (usage(span, "input_tokens"), usage(span, "output_tokens")))
        .collect();
    assert_eq!(all, BTreeSet::from([("120".into(), "9".into()), ("200".into(), "5".into())]));
    for chat in chats {
        assert_eq!(chat.parent, attempt.id);
        assert_eq!(
            ["operation.name", "provider.name", "request.model"]
                .map(|name| chat.facts[&format!("gen_ai.{name}")].as_str()),
            ["chat", "anthropic", "claude-haiku-4-5"]
        );
    }

    // The tool is part of the attempt that called it, and its command of the tool's own attempt.
    let tool = only(&spans, "execute_tool exec");
    assert_eq!((&tool.parent, &tool.facts["gen_ai.tool.name"]), (&attempt.id, &"exec".to_owned()));
    let told = place.server.log().last().unwrap().by("tool");
    let (_, after) = told.split_once("TRACEPARENT=").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(parent(named(&spans, &after[..55])).id, tool.id);

    // The command that is an agent was started in its own attempt.
    let worker = named(&spans, report["output"]["two"].as_str().unwrap());
    assert_eq!(parent(worker).facts["baton.backend"], "command");
    assert_eq!(parent(worker).name, "invoke_agent Plan");

    for request in collector.requests() {
        assert_eq!(request.path, "/v1/traces");
        assert_eq!(request.headers["x-token"], "abc");
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        let text = String::from_utf8_lossy(&request.body).into_owned();
        for secret in [KEY, PROMPT, "/usr/bin/env", "./worker"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn whoever_does_not_record_is_not_made_to() {
    let place = Place::new();
    let collector = Collector::start();
    let mut command = place.run(&collector.url);
    report(command.env("TRACEPARENT", format!("00-{TRACE}-{CALLER}-00")));
    let passed_on = place.server.log()[0].header("traceparent").unwrap().to_owned();
    assert!(passed_on.starts_with(&format!("00-{TRACE}-")) && passed_on.ends_with("-00"));
    report(place.run(&collector.url).env("OTEL_SDK_DISABLED", "true"));
    report(place.run(&collector.url).env("OTEL_TRACES_EXPORTER", "none"));
    assert!(collector.requests().is_empty());
}

#[test]
fn a_collector_that_is_not_there_costs_a_line_and_nothing_else() {
    let place = Place::new();
    let refusing = {
        let _guard = place._runtime.enter();
        Refusing::start().unwrap()
    };
    let (_, told) = report(&mut place.run(&refusing.url()));
    assert_eq!(told.matches("spans could not be sent").count(), 1, "{told}");
    let (_, told) =
        report(place.run("http://127.0.0.1:1").env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"));
    assert_eq!(told.matches("no traces are sent").count(), 1, "{told}");
}

#[test]
fn a_run_that_goes_on_in_another_process_is_one_tree_and_no_span_is_sent_twice() {
    let place = Place::new();
    let collector = Collector::start();
    place.project.write(
        "two.js",
        "export const meta = { name: 'two', description: 'Two agents.' }
return [await agent('One.'), await agent('Two.')]
",
    );
    let output = |arguments: &[&str]| {
        let mut command = place.project.command(arguments);
        command
            .env("ANTHROPIC_BASE_URL", place.server.base_url(Api::Anthropic))
            .env("ANTHROPIC_API_KEY", KEY)
            .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/mine", collector.url));
        command.output().unwrap()
    };
    let agent = "anthropic:claude-haiku-4-5";
    let paused =
        output(&["run", "two.js", "--yes", "--json", "--agent", agent, "--max-agents", "1"]);
    assert_eq!(paused.status.code(), Some(4), "{}", String::from_utf8_lossy(&paused.stderr));
    let before: BTreeSet<_> = collector.spans().into_iter().map(|span| span.name).collect();
    assert!(before.contains("attempt 1") && !before.contains("run two"), "{before:?}");
    let run = place.project.last_run();
    let resumed = output(&["resume", &run, "--yes", "--json", "--max-agents", "9"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", String::from_utf8_lossy(&resumed.stderr));

    let spans = collector.spans();
    let ids: BTreeSet<_> = spans.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), spans.len(), "{spans:#?}");
    let root = only(&spans, "run two");
    assert!(root.parent.is_empty(), "{root:?}");
    let inside = spans.iter().filter(|span| ids.contains(span.parent.as_str())).count();
    assert_eq!(inside, spans.len() - 1, "{spans:#?}");
    assert_eq!(spans.iter().filter(|span| span.name == "attempt 1").count(), 2);
    assert!(collector.requests().iter().all(|request| request.path == "/mine"));
}

#[test]
fn numbers_of_all_runs() {
    let place = Place::new();
    report(place.run("").env_remove("OTEL_EXPORTER_OTLP_ENDPOINT"));
    let output = place.project.output(&["metrics"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "baton_runs{state=\"done\"} 1",
        "baton_tasks{kind=\"agent\",state=\"done\"} 2",
        "baton_tasks{kind=\"tool\",state=\"done\"} 1",
        "baton_attempts_total{kind=\"agent\"} 2",
        "baton_model_calls_total{model=\"claude-haiku-4-5\",outcome=\"answered\",provider=\"anthropic\"} 2",
        "baton_tokens_total{model=\"claude-haiku-4-5\",provider=\"anthropic\",type=\"cached\"} 100",
        "baton_tokens_total{model=\"claude-haiku-4-5\",provider=\"anthropic\",type=\"input\"} 320",
        "baton_tokens_total{model=\"claude-haiku-4-5\",provider=\"anthropic\",type=\"output\"} 14",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let lines = place.project.output(&["metrics", "--json"]).stdout;
    let all: Vec<Value> = serde_json::from_slice(&lines).unwrap();
    let by_name: BTreeMap<_, _> =
        all.iter().map(|one| (one["name"].as_str().unwrap(), &one["value"])).collect();
    assert_eq!(by_name["baton_runs"], 1);
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
