//! Requests of tools against real servers, through the binary: what is granted works, and everything
//! else is refused with an error that has a name.

mod refused;
mod secrets;
pub mod server;

use baton_test_support::{Project, guest};
use serde_json::{Value, json};

use crate::project::project;
use server::{Answer, Server};

/// Makes the calls of its input, one after the other.
const FLOW: &str = r#"export const meta = {
  name: 'flow', description: 'Sends requests.', baton: { tools: ['http-tool/*'] },
}
const came = []
for (const call of args) {
  try {
    came.push(await baton.tool(call.tool, call.input))
  } catch (error) {
    came.push({ kind: error.kind, code: error.code })
  }
}
return came
"#;

/// A project with the tool, and what policy says.
fn prepared(policy: &str) -> Project {
    let project = project();
    project.write("flow.js", FLOW);
    project.write(".baton/tools/http-tool.wasm", guest("http-tool"));
    project.write("baton.toml", policy);
    project
}

/// Makes calls of the tool `send`; returns the report of the run.
fn send(project: &Project, requests: &[Value], limits: &[&str]) -> Value {
    let call = |request: &Value| json!({ "tool": "http-tool/send", "input": request });
    run(project, &json!(requests.iter().map(call).collect::<Vec<_>>()), limits)
}

fn run(project: &Project, calls: &Value, limits: &[&str]) -> Value {
    let calls = calls.to_string();
    let mut arguments =
        vec!["run", "flow.js", "--extensions", "--yes", "--json", "--args-json", &calls];
    for limit in limits {
        arguments.extend(["--limit", limit]);
    }
    let shown = project.object(&arguments);
    assert_eq!(shown["state"], "done", "{shown}");
    shown
}

/// What was denied in a run, in order.
fn denials(project: &Project, shown: &Value) -> Vec<Value> {
    let records = project.journal(shown["run"].as_str().unwrap()).into_iter();
    let denied = records.filter(|record| record["kind"] == "denied");
    denied.map(|record| record["body"]["denial"].clone()).collect()
}

/// A request to a server by its address.
fn get(server: &Server, path: &str) -> Value {
    json!({
        "method": "GET",
        "scheme": "http",
        "authority": server.address.to_string(),
        "path": path,
        "headers": [],
        "body_bytes": 0,
    })
}

/// The same with some parts changed.
fn with(mut request: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

#[test]
fn a_granted_request_is_sent_and_answered() {
    let plain = Server::start(Answer::ok("plain"));
    let (secure, authority) = Server::secure(Answer::ok("secure"));
    let project = prepared(&format!(
        "[grant]\nhttp = [\"GET http://{}\", \"https://localhost:{}\"]\n\
         [http]\ncertificates = [\"ca.pem\"]\n",
        plain.address,
        secure.address.port()
    ));
    project.write("ca.pem", authority);
    let requests = [
        with(get(&plain, "/a?b"), &json!({ "headers": [{ "name": "X-Mine", "value": "yes" }] })),
        with(
            get(&secure, "/"),
            &json!({
                "method": "POST",
                "scheme": "https",
                "authority": format!("localhost:{}", secure.address.port()),
                "body_bytes": 3,
                "headers": [{ "name": "traceparent", "value": "mine" }],
            }),
        ),
    ];
    let shown = send(&project, &requests, &[]);
    let output = &shown["output"];
    for (index, body) in ["plain", "secure"].iter().enumerate() {
        assert_eq!(output[index]["error"], "", "{shown}");
        assert_eq!(output[index]["status"], 200, "{shown}");
        assert_eq!(output[index]["body"], *body, "{shown}");
    }
    let request = plain.requests().remove(0);
    assert!(request.starts_with("GET /a?b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("x-mine: yes\r\n"), "{request}");
    assert!(request.contains("traceparent: 00-"), "{request}");
    let request = secure.requests().remove(0);
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("traceparent: mine\r\n"), "what the guest says counts: {request}");
    assert!(request.ends_with("   \r\n0\r\n\r\n"), "{request}");
    assert_eq!(denials(&project, &shown), Vec::<Value>::new());
}
