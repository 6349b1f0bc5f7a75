//! Servers of the Model Context Protocol: a public one that was made for tests, over both
//! transports, called from a component and from a script.

mod everything;

use std::fs;
use std::path::Path;
use std::sync::Once;

use baton_test_support::{Project, alive, guest, kill_9, until};
use serde_json::{Value, json};

use crate::project::project;
use everything::{Everything, everything};

const CANARY: &str = "canary-8d1f0c5e7a";

/// Makes the calls that its arguments name, one after the other, and says what became of each.
const SCRIPT: &str = r#"export const meta = {
  name: 'caller', description: 'Calls tools.', baton: { tools: ['*'] },
}
const all = []
for (const { tool, input, options } of args.calls) {
  try {
    all.push({ output: await baton.tool(tool, input, options) })
  } catch (error) {
    all.push({ kind: error.kind, code: error.code, message: error.message })
  }
}
return all
"#;

/// A project whose server is started by a command. The last argument means nothing to the server;
/// by it its process is found.
fn over_stdio(server: &Everything, policy: &str) -> (Project, String) {
    let project = prepared();
    let mark = format!("mark-{}", project.path("").file_name().unwrap().to_str().unwrap());
    let command = json!([server.node, server.script, "stdio", mark]);
    let server = format!(
        "[mcp.everything]\ncommand = {command}\nenv = {{ TOKEN = \"secret:canary\", PLAIN = \"x\" }}\n"
    );
    project.write("baton.toml", format!("{server}{policy}{}", secret()));
    (project, mark)
}

fn over_http(url: &str) -> Project {
    let project = prepared();
    let server = format!(
        "[mcp.everything]\nurl = \"{url}\"\nheaders = {{ Authorization = \"Bearer secret:canary\" }}\n"
    );
    project.write("baton.toml", format!("{server}{}", secret()));
    project
}

fn prepared() -> Project {
    let project = project();
    project.write("caller.js", SCRIPT);
    project.write("caller.wasm", guest("caller"));
    project
}

/// The secret lies outside of the project, so that every place in it can be searched for it. It is written
/// before anybody reads it.
fn secret() -> String {
    static WRITTEN: Once = Once::new();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcp-canary");
    WRITTEN.call_once(|| fs::write(&file, CANARY).unwrap());
    let hosts = r#"hosts = ["http://127.0.0.1:*"]"#;
    format!("[secrets.canary]\nfile = {}\n{hosts}\n[grant]\nsecrets = [\"canary\"]\n", json!(file))
}

fn call(tool: &str, input: Value) -> Value {
    json!({ "tool": tool, "input": input })
}

/// Runs a workflow over calls; what became of each.
fn run(project: &Project, workflow: &str, calls: &[Value]) -> Vec<Value> {
    let input = json!({ "calls": calls }).to_string();
    let arguments =
        ["run", workflow, "--root", "root", "--yes", "--json", "--extensions", "--input", &input];
    let run = project.object(&arguments);
    assert_eq!(run["state"], "done", "{workflow}: {run}");
    let mut found = run["output"].as_array().unwrap().clone();
    for became in &mut found {
        // Words for people, shown where a test fails.
        if let Some(message) = became.as_object_mut().unwrap().remove("message") {
            eprintln!("{workflow}: {message}");
        }
    }
    found
}

fn said(text: &str) -> Value {
    json!({ "output": { "content": [{ "type": "text", "text": text }] } })
}

/// Processes that have the mark among their arguments.
fn marked(mark: &str) -> usize {
    let folders = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = folders.filter_map(|folder| fs::read(folder.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())).count()
}

/// Files below a folder that hold the bytes.
fn holding(folder: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, bytes, found);
        } else if let Ok(content) = fs::read(&path)
            && content.windows(bytes.len()).any(|window| window == bytes)
        {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn its_tools_are_called_over_both_transports() {
    let Some(server) = everything() else { return };
    let web = server.over_http();
    let (stdio, mark) = over_stdio(server, "");
    let http = over_http(&web.url());
    for project in [&stdio, &http] {
        for workflow in ["caller.wasm", "caller.js"] {
            let calls = [
                call("everything/echo", json!({ "message": "hi" })),
                call("get-sum", json!({ "a": 2, "b": 3 })),
                call("everything/get-structured-content", json!({ "location": "Chicago" })),
                call("everything/get-tiny-image", json!({})),
                // Held against the schema before the server sees it.
                call("everything/echo", json!({ "message": 7 })),
                call("everything/nothing", json!({})),
            ];
            let mut found = run(project, workflow, &calls);
            let image = found[3]["output"]["content"][1].take();
            let facts = (&image["type"], &image["media_type"], &image["bytes"]);
            assert_eq!(facts, (&json!("image"), &json!("image/png"), &json!(4033)), "{image}");
            let weather = json!({
                "temperature": 36, "conditions": "Light rain / drizzle", "humidity": 82,
            });
            assert_eq!(found[0], said("Echo: hi"), "{workflow}");
            assert_eq!(found[1], said("The sum of 2 and 3 is 5."));
            assert_eq!(found[2], json!({ "output": weather }));
            assert_eq!(found[4], json!({ "kind": "failed", "code": "tool-input" }));
            assert_eq!(found[5]["code"], "unknown-tool");
        }
    }
    // The run is over, and so is the server that it started.
    assert_eq!(marked(&mark), 0);
}

#[test]
fn what_a_server_is_given_is_told_to_nobody() {
    let Some(server) = everything() else { return };
    let (project, _) = over_stdio(server, "");
    let found = run(&project, "caller.js", &[call("everything/get-env", json!({}))]);
    let text = found[0]["output"]["content"][0]["text"].as_str().unwrap();
    let environment: Value = serde_json::from_str(text).unwrap();
    assert_eq!(environment["TOKEN"], "[secret canary]");
    assert_eq!(environment["PLAIN"], "x");
    for name in environment.as_object().unwrap().keys() {
        let usual = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "TOKEN", "PLAIN"];
        assert!(usual.contains(&name.as_str()) || name.starts_with("LC_"), "{name}");
    }
    let mut found = Vec::new();
    holding(&project.path(""), CANARY.as_bytes(), &mut found);
    assert_eq!(found, Vec::<String>::new());
    // The search finds what is there.
    project.write("root/leak", format!("x{CANARY}x"));
    holding(&project.path(""), CANARY.as_bytes(), &mut found);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_call_has_its_time_and_the_server_goes_on() {
    let Some(server) = everything() else { return };
    let web = server.over_http();
    for project in [over_stdio(server, "").0, over_http(&web.url())] {
        let mut slow =
            call("trigger-long-running-operation", json!({ "duration": 60, "steps": 2 }));
        slow["options"] = json!({ "timeoutMs": 300 });
        let quick = call("everything/echo", json!({ "message": "after" }));
        let found = run(&project, "caller.js", &[slow, quick]);
        assert_eq!(found, [json!({ "kind": "timed-out", "code": "timeout" }), said("Echo: after")]);
    }
}

#[test]
fn a_host_that_dies_takes_its_server_along_and_the_call_is_in_doubt() {
    let Some(server) = everything() else { return };
    for (policy, expected) in [
        ("", json!([{ "kind": "in-doubt", "code": "in-doubt" }])),
        (
            "[tools.\"everything/trigger-long-running-operation\"]\neffect = \"repeatable\"\n",
            json!([said("Long running operation completed. Duration: 3 seconds, Steps: 1.")]),
        ),
    ] {
        let (project, mark) = over_stdio(server, policy);
        // What is not waited for again takes longer than anything before the kill.
        let duration = if policy.is_empty() { 60 } else { 3 };
        let slow =
            call("trigger-long-running-operation", json!({ "duration": duration, "steps": 1 }));
        let input = json!({ "calls": [slow] }).to_string();
        let arguments = [
            "run",
            "caller.js",
            "--root",
            "root",
            "--yes",
            "--json",
            "--extensions",
            "--input",
            &input,
        ];
        let host = project.spawn(&arguments);
        until("the start of the call", || {
            let runs = project.output(&["ls", "--json"]);
            let Some(run) = serde_json::Deserializer::from_slice(&runs.stdout)
                .into_iter::<Value>()
                .next()
                .and_then(Result::ok)
            else {
                return false;
            };
            let records = project.lines(&["journal", run["run"].as_str().unwrap(), "--json"]);
            records.iter().any(|record| record.to_string().contains("process"))
        });
        kill_9(host);
        until("the end of the server", || marked(&mark) == 0);
        let resumed = project.object(&["resume", &project.last_run(), "--json"]);
        assert_eq!(resumed["state"], "done", "{resumed}");
        let mut output = resumed["output"].clone();
        output[0].as_object_mut().unwrap().remove("message");
        assert_eq!(output, expected);
        assert_eq!(marked(&mark), 0);
    }
}

#[test]
fn a_server_is_ended_when_what_it_was_given_is_denied_and_not_started_again() {
    for denied in ["secrets = [\"can*\"]", "tools = [\"sh/*\"]"] {
        let project = prepared();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/tests/mcp/server.sh");
        let command = json!(["/bin/sh", script, project.path("")]);
        let server =
            format!("[mcp.sh]\ncommand = {command}\nenv = {{ TOKEN = \"secret:canary\" }}\n");
        let policy = format!("{server}{}", secret());
        project.write("baton.toml", &policy);
        project.write(
            "denied.js",
            "export const meta = { name: 'denied', description: 'Calls twice.', baton: { tools: ['*'] } }
const say = () => baton.tool('sh/say', {}).then(() => 'said', (error) => error.code)
const first = await say()
await agent('wait')
return [first, await say()]
",
        );
        let (waits, go) = (project.path("waits"), project.path("go"));
        let wait = format!(
            "touch '{}'\nwhile ! [ -e '{}' ]; do sleep 0.02; done\necho '{{\"output\":\"went\"}}'\n",
            waits.display(),
            go.display()
        );
        project.write("wait.sh", wait);
        let agent = format!("command:/bin/sh '{}'", project.path("wait.sh").display());
        let mut host = project.spawn(&[
            "run",
            "denied.js",
            "--root",
            "root",
            "--yes",
            "--json",
            "--extensions",
            "--agent",
            &agent,
        ]);
        until("the agent between two calls", || waits.exists());
        let servers = || -> Vec<u64> {
            project.read("starts").lines().map(|pid| pid.parse().unwrap()).collect()
        };
        assert!(servers().into_iter().any(alive), "{denied}: the server of the first call");
        project.write("baton.toml", format!("{policy}[deny]\n{denied}\n"));
        until("the end of the server", || !servers().into_iter().any(alive));
        let started = servers().len();
        fs::write(&go, "").unwrap();
        host.wait().unwrap();
        let ended = project.object(&["resume", &project.last_run(), "--json"]);
        assert_eq!(ended["output"], json!(["said", "tool-not-granted"]), "{denied}: {ended}");
        assert_eq!(servers().len(), started, "{denied}: it was started again");
    }
}

#[test]
fn a_server_that_does_not_start_is_told_before_the_run() {
    let project = prepared();
    let broken =
        "[mcp.broken]\ncommand = [\"/bin/sh\", \"-c\", \"echo no such luck >&2; exit 3\"]\n";
    project.write("baton.toml", broken);
    let input = json!({ "calls": [] }).to_string();
    let arguments = [
        "run",
        "caller.js",
        "--root",
        "root",
        "--yes",
        "--json",
        "--extensions",
        "--input",
        &input,
    ];
    let output = project.output(&arguments);
    assert!(!output.status.success());
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    for word in ["B0039", "broken", "exited with status 3", "no such luck"] {
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(project.output(&["ls", "--json"]).stdout, b"", "no run was begun");
}
