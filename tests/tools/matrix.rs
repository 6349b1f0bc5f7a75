//! Each capability, granted, not granted, granted narrower, with a narrower parent, and asked for
//! narrower by a child.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;

use baton_core::scope::Capability;
use baton_test_support::{Project, guest};
use serde_json::{Value, json};

use crate::project::project;

/// How much of a capability there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    /// What is asked for.
    Granted,
    /// Nothing.
    NotGranted,
    /// Policy grants less than is asked for.
    Narrower,
    /// The workflow that calls has less than its parent.
    ParentNarrower,
    /// The workflow that calls asks for less than its parent has.
    RequestNarrower,
}

impl Grant {
    const ALL: [Self; 5] = [
        Self::Granted,
        Self::NotGranted,
        Self::Narrower,
        Self::ParentNarrower,
        Self::RequestNarrower,
    ];
}

/// One cell: how the run is started, what it tries, and what of that works.
#[derive(Debug, Default)]
struct Cell {
    policy: String,
    arguments: Vec<String>,
    bare: bool,
    child: Option<Value>,
    /// What the narrower workflow asks for in place of what the other one does.
    narrow: Option<(&'static str, Value)>,
    acts: Vec<(Value, bool)>,
}

/// The secrets of the test, by variable.
const SECRETS: [(&str, &str); 2] =
    [("PROBE_ONE", "value-one-7d1f"), ("PROBE_TWO", "value-two-93ab")];

fn tool(name: &str, input: Value) -> Value {
    let name = if name == "exec" { name.to_owned() } else { format!("probe-tool/{name}") };
    json!({ "tool": { "name": name, "input": input } })
}

/// The acts of a capability: the first one is within the narrower grant, the second is not.
fn acts(capability: Capability, port: u16) -> [Value; 2] {
    let url = format!("http://127.0.0.1:{port}/");
    match capability {
        Capability::Read => {
            ["a", "b"].map(|dir| tool("read", json!({ "path": format!("{dir}/x") })))
        }
        Capability::Write => {
            ["a", "b"].map(|dir| tool("write", json!({ "path": format!("{dir}/y") })))
        }
        Capability::Http => {
            ["GET", "POST"].map(|method| tool("http", json!({ "method": method, "url": url })))
        }
        Capability::Env => {
            ["A", "B"].map(|end| tool("env", json!({ "name": format!("SEEN_{end}") })))
        }
        Capability::Secrets => ["one", "two"]
            .map(|secret| tool("http", json!({ "method": "GET", "url": url, "secret": secret }))),
        Capability::Exec => {
            ["a", "b"].map(|word| tool("exec", json!({ "argv": ["/bin/echo", word] })))
        }
        Capability::Tools => [
            tool("say", json!({ "name": "x" })),
            tool("http", json!({ "method": "GET", "url": url })),
        ],
        Capability::Agents => [json!("agent"), json!("agent")],
        Capability::Workflows => [
            json!({ "workflow": { "name": "prober", "acts": [] } }),
            json!({ "workflow": { "name": "prober", "acts": [
                { "workflow": { "name": "prober", "acts": [] } },
            ] } }),
        ],
    }
}

/// Patterns that grant everything that the acts of a capability need, and those for its first act.
fn patterns(capability: Capability, port: u16) -> Option<(Vec<String>, Vec<String>)> {
    let one = |all: &str, narrow: &str| Some((vec![all.to_owned()], vec![narrow.to_owned()]));
    match capability {
        Capability::Read | Capability::Write => one("**", "a/**"),
        Capability::Http => {
            one(&format!("http://127.0.0.1:{port}"), &format!("GET http://127.0.0.1:{port}"))
        }
        Capability::Env => one("SEEN_*", "SEEN_A"),
        Capability::Secrets => one("*", "one"),
        Capability::Exec => one("/bin/echo *", "/bin/echo a"),
        Capability::Tools => one("*", "probe-tool/say"),
        Capability::Agents | Capability::Workflows => None,
    }
}

/// What other capabilities the acts of one need.
fn beside(capability: Capability, port: u16) -> String {
    let server = format!("http = [\"http://127.0.0.1:{port}\"]\n");
    match capability {
        Capability::Secrets | Capability::Tools => server,
        _ => String::new(),
    }
}

fn cell(capability: Capability, grant: Grant, port: u16) -> Cell {
    let [first, second] = acts(capability, port);
    let (one, two) = match grant {
        Grant::Granted => (true, true),
        Grant::NotGranted => (false, false),
        Grant::RequestNarrower if patterns(capability, port).is_none() => (false, false),
        Grant::Narrower | Grant::ParentNarrower | Grant::RequestNarrower => (true, false),
    };
    let acts = vec![(first, one), (second, two)];
    let Some((all, narrow)) = patterns(capability, port) else {
        return without_patterns(capability, grant, acts);
    };
    let key = capability.as_str();
    let granted = match grant {
        Grant::Granted | Grant::ParentNarrower | Grant::RequestNarrower => json!(all),
        Grant::NotGranted => json!([]),
        Grant::Narrower => json!(narrow),
    };
    let child = match grant {
        Grant::ParentNarrower => Some(json!({ "within": { key: narrow } })),
        Grant::RequestNarrower => Some(json!({ "workflow": "narrow" })),
        _ => None,
    };
    let layer = matches!(capability, Capability::Read | Capability::Write);
    let asked = if layer { json!({ "include": narrow }) } else { json!(narrow) };
    let narrow = (grant == Grant::RequestNarrower).then_some((key, asked));
    let beside = beside(capability, port);
    let policy = format!("[grant]\n{key} = {granted}\n{beside}");
    Cell { policy, child, narrow, acts, ..Cell::default() }
}

/// Agents and workflows are granted by request, budget and limits, and not by patterns.
fn without_patterns(capability: Capability, grant: Grant, mut acts: Vec<(Value, bool)>) -> Cell {
    let limit = |text: &str| vec!["--limit".to_owned(), text.to_owned()];
    let cell = Cell { bare: grant == Grant::NotGranted, ..Cell::default() };
    match (capability, grant) {
        (_, Grant::Granted | Grant::NotGranted) => Cell { acts, ..cell },
        (_, Grant::RequestNarrower) => {
            let asked = match capability {
                Capability::Agents => json!(false),
                _ => json!([]),
            };
            let child = Some(json!({ "workflow": "narrow" }));
            Cell { child, narrow: Some((capability.as_str(), asked)), acts, ..cell }
        }
        (Capability::Agents, Grant::Narrower) => {
            Cell { arguments: limit("run.agents=1"), acts, ..cell }
        }
        (Capability::Agents, _) => Cell { child: Some(json!({ "agents": 1 })), acts, ..cell },
        // One level below the root, and none below that: the parent has used the depth up.
        (_, Grant::Narrower) => {
            acts.truncate(1);
            acts.push((json!({ "workflow": { "name": "other", "acts": [] } }), false));
            Cell { acts, ..cell }
        }
        (_, _) => Cell { arguments: limit("run.depth=2"), acts, ..cell },
    }
}

/// A server that answers everything, and a request with a wrong `Authorization` with 403.
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut known = true;
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|size| size > 2) {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("authorization:") {
                        let value = value.trim().to_owned();
                        known =
                            SECRETS.iter().any(|(_, secret)| value == format!("bearer {secret}"));
                    }
                    line.clear();
                }
                let status = if known { "200 OK" } else { "403 Forbidden" };
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
            });
        }
    });
    port
}

fn secrets(port: u16) -> String {
    ["one", "two"]
        .iter()
        .zip(SECRETS)
        .map(|(name, (variable, _))| {
            format!(
                "[secrets.{name}]\nenv = \"{variable}\"\nhosts = [\"http://127.0.0.1:{port}\"]\n"
            )
        })
        .collect()
}

/// The component with another request. Its manifest is text of a fixed length, whose description
/// gives the room.
fn narrower(component: &[u8], narrow: Option<&(&str, Value)>) -> Vec<u8> {
    let mut component = component.to_vec();
    let Some((key, asked)) = narrow else { return component };
    let last = b"\"world\":\"workflow\"}";
    let end = component.windows(last.len()).rposition(|window| window == last).unwrap();
    let end = end + last.len();
    let is_manifest = |begin: &usize| {
        let parsed = serde_json::from_slice::<Value>(&component[*begin..end]);
        parsed.is_ok_and(|value| value["name"] == "prober")
    };
    let begin = (0..end).rev().filter(|at| component[*at] == b'{').find(is_manifest).unwrap();
    let mut manifest: Value = serde_json::from_slice(&component[begin..end]).unwrap();
    manifest["requests"][*key] = asked.clone();
    manifest["description"] = json!("");
    let text = manifest.to_string();
    let length = end - begin;
    assert!(text.len() <= length, "no room: {text}");
    component[begin..end].copy_from_slice(format!("{text:length$}").as_bytes());
    component
}

fn prepared(cell: &Cell, port: u16) -> Project {
    let project = project();
    for name in ["prober", "prober-bare", "probe-tool"] {
        project.write(&format!("{name}.wasm"), guest(name));
    }
    project.write("narrow.wasm", narrower(guest("prober"), cell.narrow.as_ref()));
    for file in ["root/a/x", "root/b/x"] {
        project.write(file, "content");
    }
    project.write("baton.toml", format!("{}{}", cell.policy, secrets(port)));
    project
}

/// Tries a cell, and says what does not behave as stated.
fn tried(capability: Capability, grant: Grant, port: u16) -> Vec<String> {
    let cell = cell(capability, grant, port);
    let project = prepared(&cell, port);
    let acts: Vec<&Value> = cell.acts.iter().map(|(act, _)| act).collect();
    let input = json!({ "acts": acts, "child": cell.child }).to_string();
    let workflow = if cell.bare { "prober-bare.wasm" } else { "prober.wasm" };
    let mut arguments =
        vec!["run", workflow, "--root", "root", "--yes", "--json", "--plain", "--input", &input];
    arguments.extend(["--agent", "component:echo-agent"]);
    arguments.extend(cell.arguments.iter().map(String::as_str));
    let mut command = project.command(&arguments);
    command.env("SEEN_A", "1").env("SEEN_B", "2").envs(SECRETS);
    let said = command.output().unwrap();
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    let result: Value = serde_json::from_slice(&said.stdout).unwrap_or(Value::Null);
    let Some(became) = result["output"].as_array() else {
        return vec![format!("no output: {result}\n{told}")];
    };
    let mut wrong = Vec::new();
    if became.len() != cell.acts.len() {
        wrong.push(format!("{} of {} acts: {became:?}", became.len(), cell.acts.len()));
    }
    for (index, ((act, expected), became)) in cell.acts.iter().zip(became).enumerate() {
        let nested = became["done"].as_array().and_then(|all| all.first());
        let done = became.get("done").is_some()
            && nested.is_none_or(|nested| !nested.is_object() || nested.get("done").is_some());
        if done != *expected {
            wrong.push(format!("act {index} {act}: {became}"));
        }
    }
    let journal = project.journal(&project.last_run());
    wrong.extend(unrecorded(capability, grant, &journal));
    let text = journal.iter().map(Value::to_string).collect::<String>();
    wrong.extend(
        SECRETS
            .iter()
            .filter(|(_, secret)| text.contains(secret) || told.contains(secret))
            .map(|(name, _)| format!("the secret {name} is in the journal or on the screen")),
    );
    wrong
}

/// What is missing in the journal: everything that was denied is there with its capability. A name
/// that is not in the environment, or a secret, is just not there, and nobody can tell why it was
/// asked for; where nothing may be read there is no directory in which to look for anything.
fn unrecorded(capability: Capability, grant: Grant, journal: &[Value]) -> Option<String> {
    let silent = matches!(capability, Capability::Env | Capability::Secrets)
        || (capability, grant) == (Capability::Read, Grant::NotGranted);
    let by_budget = matches!(capability, Capability::Agents | Capability::Workflows)
        && matches!(grant, Grant::Narrower | Grant::ParentNarrower);
    if grant == Grant::Granted || silent || by_budget {
        return None;
    }
    let denial = |record: &Value| {
        let body = &record["body"];
        let of = |value: &Value| value["capability"] == capability.as_str();
        (record["kind"] == "denied" && of(&body["denial"]))
            || (record["kind"] == "refused" && of(&body["refusal"]))
    };
    let shown: Vec<&Value> = journal
        .iter()
        .filter(|record| record["kind"] == "denied" || record["kind"] == "refused")
        .collect();
    (!journal.iter().any(denial))
        .then(|| format!("no denial of {} in {shown:?}", capability.as_str()))
}

#[test]
fn every_capability_behaves_as_it_was_granted() {
    let port = serve();
    let mut wrong = Vec::new();
    let mut cells = 0;
    for capability in Capability::ALL {
        for grant in Grant::ALL {
            cells += 1;
            for problem in tried(capability, grant, port) {
                wrong.push(format!("{} × {grant:?}: {problem}", capability.as_str()));
            }
        }
    }
    assert_eq!(cells, Capability::ALL.len() * Grant::ALL.len(), "no cell is missing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
