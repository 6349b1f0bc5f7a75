use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::server::{Answer, Server};
use super::{denials, get, prepared, run, send, with};

const CANARY: &str = "canary-2vX9/qLw+81";
const KEY_FILE: &str = "api.key";

/// Sends everything back that it gets, also in a header.
fn echo() -> Server {
    Server::answering(|request| {
        let value = request.lines().find_map(|line| line.strip_prefix("authorization: "));
        let value = value.unwrap_or("nothing");
        Answer::raw(format!("HTTP/1.1 200 OK\r\nX-Echo: {value}\r\n\r\n{request}"))
    })
}

fn policy(servers: &[&Server], bound: &Server) -> String {
    let rules: Vec<String> =
        servers.iter().map(|server| format!("http://{}", server.address)).collect();
    format!(
        "[grant]\nhttp = {}\nsecrets = [\"api\"]\n\
         [secrets.api]\nfile = \"{KEY_FILE}\"\nhosts = [\"http://{}\"]\n",
        json!(rules),
        bound.address
    )
}

fn authorized(server: &Server, value: &str) -> Value {
    let headers = json!({ "headers": [{ "name": "Authorization", "value": value }] });
    with(get(server, "/"), &headers)
}

/// Every file below a folder that holds the canary, as it is or in base64.
fn holding(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path));
            continue;
        }
        // A socket or a pipe has no content.
        let Ok(bytes) = fs::read(&path) else { continue };
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        if has(CANARY) || has(&STANDARD.encode(CANARY)[..20]) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

#[test]
fn a_secret_reaches_its_host_and_nothing_else() {
    let (bound, other) = (echo(), echo());
    let project = prepared(&policy(&[&bound, &other], &bound));
    project.write(KEY_FILE, format!("{CANARY}\n"));
    let requests = [
        authorized(&bound, "Bearer {secret api}"),
        authorized(&other, "Bearer {secret api}"),
        with(get(&bound, "/?token={secret api}"), &json!({})),
        get(&other, "/"),
    ];
    let calls: Vec<Value> =
        requests.iter().map(|input| json!({ "tool": "http-tool/send", "input": input })).collect();
    let calls = json!(calls).to_string();
    let arguments =
        ["run", "flow.js", "--extensions", "--yes", "--json", "--args-json", calls.as_str()];
    let output = project.output(&arguments);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["output"][0]["status"], 200, "{shown}");
    assert_eq!(shown["output"][1]["error"], "response: HttpRequestDenied", "{shown}");
    assert_eq!(shown["output"][2]["error"], "response: HttpRequestDenied", "{shown}");
    assert_eq!(shown["output"][3]["status"], 200, "{shown}");

    // The host has it, and nobody else.
    let [request] = &bound.requests()[..] else { panic!("one request") };
    assert!(request.contains(&format!("authorization: Bearer {CANARY}\r\n")), "{request}");
    let [request] = &other.requests()[..] else { panic!("one request") };
    assert!(!request.contains(CANARY) && !request.contains("baton-secret-"), "{request}");

    // What it sent back is told with the name in its place.
    let seen = shown["output"][0].to_string();
    assert!(seen.contains("Bearer [secret api]"), "{seen}");

    let denied = denials(&project, &shown);
    let codes: Vec<&str> = denied.iter().map(|denial| denial["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["http-secret-host", "http-secret-place"], "{denied:?}");
    assert!(denied.iter().all(|denial| denial["capability"] == "secrets"), "{denied:?}");

    // Not in what was printed, nor in any file of the run: journal, logs, caches.
    let printed = [output.stdout, output.stderr].concat();
    assert!(!String::from_utf8_lossy(&printed).contains(CANARY));
    let everything = project.journal(shown["run"].as_str().unwrap());
    assert!(!json!(everything).to_string().contains(CANARY));
    assert_eq!(holding(&project.path("")), [KEY_FILE], "the search finds where it does lie");
}

#[test]
fn no_guest_ever_holds_a_secret() {
    let bound = echo();
    let project = prepared(&policy(&[&bound], &bound));
    project.write(KEY_FILE, CANARY);
    let backwards: String = CANARY.chars().rev().collect();
    let input = json!({
        "requests": [
            authorized(&bound, "Bearer {secret api}"),
            authorized(&bound, "token {secret api}"),
        ],
        "backwards": backwards,
        "secret": "api",
    });
    let shown = run(&project, &json!([{ "tool": "http-tool/search", "input": input }]), &[]);
    let found = &shown["output"][0];
    assert_eq!(bound.requests().len(), 2);
    assert!(bound.requests().iter().all(|request| request.contains(CANARY)));
    assert!(found["bytes"].as_u64().unwrap() > 1 << 20, "{shown}");
    assert_eq!(found["stand_in"], true, "the search finds what is there: {shown}");
    assert_eq!(found["text"], false, "{shown}");
}

#[test]
fn a_secret_that_cannot_be_had_is_a_failure_with_a_name() {
    let bound = echo();
    let project = prepared(&policy(&[&bound], &bound));
    for content in [None, Some("short")] {
        if let Some(content) = content {
            project.write(KEY_FILE, content);
        }
        let shown = send(&project, &[authorized(&bound, "Bearer {secret api}")], &[]);
        assert_eq!(shown["output"][0]["code"], "secret", "{shown}");
    }
    assert_eq!(bound.requests(), Vec::<String>::new());
}
