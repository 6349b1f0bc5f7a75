//! Tools in the hands of agents.

use baton_test_support::{Project, guest, kill_9, until};
use serde_json::{Value, json};

use crate::project::project;

/// One agent that is given tools and makes calls.
const FLOW: &str = r#"export const meta = {
  name: 'flow', description: 'One agent with tools.',
  baton: { tools: ['echo-tool/*'], exec: ['/bin/sh **'] },
}
return await agent(JSON.stringify(args.calls), { baton: { tools: args.tools } })
"#;

fn prepared(policy: &str) -> Project {
    let project = project();
    project.write("flow.js", FLOW);
    project.write("tool-agent.wasm", guest("tool-agent"));
    let grants = "[grant]\nexec = [\"/bin/sh **\"]\nwrite = [\"**\"]\n";
    project.write("baton.toml", format!("{grants}{policy}"));
    project
}

fn arguments(input: &str) -> [&str; 12] {
    [
        "run",
        "flow.js",
        "--root",
        "root",
        "--extensions",
        "--yes",
        "--json",
        "--agent",
        "component:./tool-agent.wasm",
        "--args-json",
        input,
        "--plain",
    ]
}

fn run(project: &Project, tools: &[&str], calls: &Value) -> Value {
    let input = json!({ "tools": tools, "calls": calls }).to_string();
    project.object(&arguments(&input))
}

#[test]
fn an_agent_calls_the_tools_it_was_given() {
    let project = prepared("");
    let calls = json!([
        { "tool": "echo-tool/echo", "input": { "text": "hi" } },
        { "tool": "echo", "input": { "text": "" } },
        { "tool": "exec", "input": { "argv": ["/bin/sh", "-c", "echo hello"] } },
        { "tool": "exec", "input": { "argv": ["/bin/ls"] } },
        { "tool": "nothing" },
    ]);
    let shown = run(&project, &["*"], &calls);
    let output = &shown["output"];
    assert_eq!(output["offered"], json!(["echo-tool/echo", "exec"]), "{shown}");
    let became = &output["became"];
    assert_eq!(became[0], json!({ "output": { "text": "hi" } }));
    assert_eq!(became[1], json!({ "failed": "nothing-said" }));
    assert_eq!(became[2]["output"]["stdout"], "hello\n");
    assert_eq!(became[3], json!({ "refused": "exec-not-granted" }));
    assert_eq!(became[4], json!({ "refused": "unknown-tool" }));
    // The calls are tasks below the agent, and what was denied is on record with its capability.
    let run = shown["run"].as_str().unwrap();
    let tasks = project.lines(&["tree", run, "--json"]);
    let tools: Vec<&str> = tasks
        .iter()
        .filter(|task| task["kind"] == "tool")
        .map(|task| task["task"].as_str().unwrap())
        .collect();
    assert_eq!(tools.len(), 3, "{tasks:?}");
    assert!(tools[0].ends_with("/1/1") && tools[2].ends_with("/1/3"), "{tools:?}");
    let denied: Vec<Value> = denials(&project, run);
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["capability"], "exec");
    assert_eq!(denied[0]["code"], "exec-not-granted");
    assert!(!denied[0]["hint"].as_str().unwrap().is_empty());
}

fn denials(project: &Project, run: &str) -> Vec<Value> {
    let records = project.journal(run).into_iter();
    records
        .filter(|record| record["kind"] == "denied")
        .map(|record| record["body"]["denial"].clone())
        .collect()
}

#[test]
fn an_agent_that_was_given_none_has_none() {
    let project = prepared("");
    let calls = json!([{ "tool": "echo-tool/echo", "input": { "text": "hi" } }]);
    let shown = run(&project, &[], &calls);
    assert_eq!(shown["output"]["offered"], json!([]), "{shown}");
    assert_eq!(shown["output"]["became"], json!([{ "refused": "tool-not-granted" }]));
    let denied = denials(&project, shown["run"].as_str().unwrap());
    assert_eq!(denied[0]["capability"], "tools", "{denied:?}");
}

/// Kills the host while the agent waits for a command, and resumes.
fn killed(policy: &str) -> (Project, Value) {
    let project = prepared(policy);
    let step =
        "echo started >> \"$0/starts\"; while [ ! -e \"$0/go\" ]; do sleep 0.02; done; echo done";
    let at = project.path("root");
    let calls = json!([{ "tool": "exec", "input": { "argv": ["/bin/sh", "-c", step, at] } }]);
    let input = json!({ "tools": ["exec"], "calls": calls }).to_string();
    let host = project.spawn(&arguments(&input));
    until("the command starts", || !project.read("root/starts").is_empty());
    kill_9(host);
    project.write("root/go", "");
    let run = project.last_run();
    let shown = project.object(&["resume", &run, "--json"]);
    (project, shown)
}

#[test]
fn an_agent_in_whose_name_something_happened_once_is_in_doubt() {
    let (project, shown) = killed("");
    // In scripts an agent that failed is `null`; the report says why.
    assert_eq!(shown["output"], Value::Null, "{shown}");
    assert!(shown["summary"].as_str().unwrap().contains("in-doubt 1"), "{shown}");
    assert_eq!(project.read("root/starts").lines().count(), 1);
}

#[test]
fn an_agent_whose_calls_may_be_repeated_is_repeated() {
    let (project, shown) = killed("[tools.exec]\neffect = \"repeatable\"\n");
    assert_eq!(shown["output"]["became"][0]["output"]["stdout"], "done\n", "{shown}");
    assert_eq!(project.read("root/starts").lines().count(), 2);
}
