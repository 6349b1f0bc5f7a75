//! The built-in tools in the sandbox, through a script.

mod github;

use std::process::Command;

use baton_test_support::Project;
use serde_json::{Value, json};

use crate::project::project;
use github::Fake;

/// Makes the calls that its input names, and says what became of each.
const SCRIPT: &str = r#"export const meta = {
  name: 'calls', description: 'Calls tools.', baton: { read: ['**', '.git/**'], tools: ['*'] },
}
const all = []
for (const { tool, input } of args) {
  try {
    all.push(await baton.tool(tool, input))
  } catch (error) {
    all.push({ kind: error.kind, code: error.code })
  }
}
return all
"#;

/// A project with a policy.
fn prepared(policy: &str) -> Project {
    let project = project();
    project.write("calls.js", SCRIPT);
    project.write("baton.toml", policy);
    project
}

/// What became of calls, and the run.
fn called(project: &Project, calls: &[(&str, Value)]) -> (Vec<Value>, String) {
    let calls: Vec<Value> =
        calls.iter().map(|(tool, input)| json!({ "tool": tool, "input": input })).collect();
    let input = Value::from(calls).to_string();
    let arguments = ["run", "calls.js", "--root", "root", "--extensions", "--yes", "--json"];
    let mut command = project.command(&arguments);
    command.args(["--args-json", &input]).env("GITHUB_TOKEN", github::TOKEN);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown: Value = serde_json::from_slice(&output.stdout).expect(&told);
    assert_eq!(shown["state"], "done", "{shown}\n{told}");
    (shown["output"].as_array().unwrap().clone(), shown["run"].as_str().unwrap().to_owned())
}

fn git(project: &Project, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
        .args(arguments)
        .current_dir(project.path("root"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", project.path("person"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn code_is_searched_and_outlined() {
    let project = prepared("");
    project.write("root/src/lib.rs", "//! ä\npub fn alpha() {}\n\nstruct Beta;\n");
    project.write("root/.gitignore", "target\n");
    project.write("root/target/out.rs", "fn alpha() {}\n");
    project.write("root/.env", "alpha=secret\n");
    let (output, run) = called(
        &project,
        &[
            ("code/search", json!({ "pattern": "alpha", "hidden": true, "context": 1 })),
            ("code/outline", json!({ "path": "src/lib.rs" })),
            ("code/tree", json!({})),
            ("code/search", json!({ "pattern": "(" })),
            ("code/search", json!({ "pattern": "x", "path": "../out" })),
        ],
    );
    let [search, outline, tree, broken, outside] = output.as_slice() else { panic!("{output:?}") };
    let expected = json!([{
        "path": "src/lib.rs", "line": 2, "column": 8, "text": "pub fn alpha() {}",
        "before": ["//! ä"], "after": [""],
    }]);
    assert_eq!(search["matches"], expected);
    let symbols = outline["files"][0]["symbols"].as_array().unwrap();
    let names: Vec<&str> = symbols.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["alpha", "Beta"]);
    assert_eq!(tree["files"], 1);
    assert_eq!(broken, &json!({ "kind": "failed", "code": "invalid-pattern" }));
    assert_eq!(outside, &json!({ "kind": "failed", "code": "invalid-path" }));
    // Reading tools change nothing, so a crash may repeat them.
    let journal = project.journal(&run);
    let effects: Vec<String> = journal.iter().filter_map(effect).collect();
    assert_eq!(effects, ["read"; 5]);
}

/// Effect of the tool that a record starts, if it starts one.
fn effect(record: &Value) -> Option<String> {
    let text = record.to_string();
    let at = text.find("\"effect\":\"")? + 10;
    text.get(at..)?.split('"').next().map(str::to_owned)
}

#[test]
fn documents_are_queried_validated_and_converted() {
    let project = prepared("");
    project.write("root/a.yaml", "jobs:\n  - name: test\n    steps: [a, b]\nport: many\n");
    project.write("root/schema.json", r#"{"properties": {"port": {"type": "integer"}}}"#);
    let (output, _) = called(
        &project,
        &[
            // A function of JSONPath, for these are found when the component starts.
            (
                "data/query",
                json!({ "path": "a.yaml", "query": "$.jobs[?length(@.steps) > 1].name" }),
            ),
            ("data/validate", json!({ "path": "a.yaml", "schema_path": "schema.json" })),
            ("data/convert", json!({ "text": "{\"b\": 1, \"a\": [\"x\"]}", "to": "toml" })),
        ],
    );
    let found = json!([{ "pointer": "/jobs/0/name", "line": 2, "value": "test" }]);
    assert_eq!(output[0]["matches"], found);
    assert_eq!(output[1]["valid"], false);
    assert_eq!(
        (&output[1]["errors"][0]["line"], &output[1]["errors"][0]["pointer"]),
        (&json!(4), &json!("/port"))
    );
    assert_eq!(output[2]["text"], "b = 1\na = [\"x\"]\n");
}

#[test]
fn history_is_read_and_written_where_it_was_granted() {
    let project = prepared("");
    git(&project, &["init", "--quiet", "--initial-branch=main"]);
    project.write("root/a.txt", "one\n");
    git(&project, &["add", "--all"]);
    git(&project, &["commit", "--quiet", "-m", "first"]);
    git(&project, &["gc", "--quiet"]);
    let change = json!({
        "branch": "fix/one", "message": "Fix", "files": [{ "path": "b/c.txt", "text": "two\n" }],
    });
    let calls = [("git/log", json!({})), ("git-write/commit", change.clone())];

    // `.git` is outside of every grant that does not name it.
    let (output, _) = called(&project, &calls);
    assert!(output.iter().all(|one| one["kind"].is_string()), "{output:?}");

    let grants = "[grant]\nread = [\"**\", \".git/**\"]\n";
    project.write("baton.toml", grants);
    let (output, _) = called(&project, &calls);
    assert_eq!(output[0]["commits"][0]["subject"], "first");
    assert!(output[1]["kind"].is_string(), "{output:?}");
    assert_eq!(git(&project, &["branch", "--format=%(refname:short)"]), "main");

    let writes = "write = [\".git/objects/**\", \".git/refs/heads/**\"]\n";
    project.write("baton.toml", format!("{grants}{writes}"));
    let (output, _) = called(
        &project,
        &[
            ("git-write/commit", change),
            ("git/diff", json!({ "from": "main", "to": "fix/one" })),
            ("git/file", json!({ "revision": "fix/one", "path": "b/c.txt" })),
        ],
    );
    assert_eq!(output[0]["commit"], git(&project, &["rev-parse", "fix/one"]));
    assert_eq!(git(&project, &["show", "fix/one:b/c.txt"]), "two");
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    git(&project, &["fsck", "--strict"]);
    assert_eq!(output[1]["files"][0]["path"], "b/c.txt");
    assert_eq!(output[2]["text"], "two\n");
}

#[test]
fn links_are_checked_as_far_as_hosts_are_granted() {
    let fake = Fake::start();
    let project = prepared(&format!("[grant]\nread = [\"**\"]\nhttp = [\"{}\"]\n", fake.url));
    let page = |path: &str| format!("{}/{path}", fake.url);
    let text = format!(
        "# Big title\n[a](b.md) [b](#big-title) [c]({}) [d]({}) [e](http://127.0.0.1:9/)\n",
        page("page"),
        page("gone")
    );
    project.write("root/a.md", text);
    let calls = [
        ("links/check", json!({ "http": true })),
        ("http/fetch", json!({ "url": page("page"), "show": "plain" })),
        ("http/fetch", json!({ "url": page("away") })),
        ("http/fetch", json!({ "url": "http://127.0.0.1:9/" })),
    ];
    let (output, _) = called(&project, &calls);
    let counts = json!({ "ok": 2, "broken": 2, "refused": 1, "unreachable": 0, "skipped": 0 });
    assert_eq!(output[0]["counts"], counts, "{output:?}");
    assert_eq!((&output[1]["status"], &output[1]["text"]), (&json!(200), &json!("# Hello")));
    // The redirect leads to where nothing was granted.
    assert_eq!(output[2]["kind"], "refused", "{output:?}");
    assert_eq!(output[3]["kind"], "refused", "{output:?}");
}

#[test]
fn pull_requests_and_comments_are_made_once_with_a_secret_that_nobody_sees() {
    let fake = Fake::start();
    let url = &fake.url;
    let project = prepared(&format!(
        "[grant]\nhttp = [\"{url}\"]\nsecrets = [\"github\"]\n\
         [secrets.github]\nenv = \"GITHUB_TOKEN\"\nhosts = [\"{url}\"]\n"
    ));
    let pull = json!({
        "repository": "ann/shop", "head": "fix/one", "base": "main", "title": "Fix", "base_url": url,
    });
    let comment = json!({
        "repository": "ann/shop", "number": 7, "body": "Hello", "base_url": url, "key": "one",
    });
    let calls = [
        ("github/pull-request", pull.clone()),
        ("github/pull-request", pull),
        ("github/comment", comment.clone()),
        ("github/comment", comment),
    ];
    let (output, run) = called(&project, &calls);
    let created: Vec<&Value> = output.iter().map(|one| &one["created"]).collect();
    assert_eq!(created, [true, false, true, false], "{output:?}");
    assert_eq!(output[0]["number"], output[1]["number"]);
    assert_eq!(output[2]["id"], output[3]["id"]);
    assert_eq!(fake.made(), (1, 1));
    assert!(!project.journal(&run).iter().any(|one| one.to_string().contains(github::TOKEN)));
}

#[test]
fn a_workflow_runs_tests_and_comments_when_they_fail() {
    let fake = Fake::start();
    let url = &fake.url;
    let project = prepared(&format!(
        "[grant]\nread = [\"**\"]\nexec = [\"sh test.sh\"]\nhttp = [\"{url}\"]\n\
         secrets = [\"github\"]\n\
         [secrets.github]\nenv = \"GITHUB_TOKEN\"\nhosts = [\"{url}\"]\n"
    ));
    let example = include_str!("../../plugins/examples/test-report/test-report.js");
    project.write("test-report.js", example);
    let input = json!({
        "command": ["sh", "test.sh"], "repository": "ann/shop", "number": 7, "baseUrl": url,
    })
    .to_string();
    let run = |test: &str| -> Value {
        project.write("root/test.sh", test);
        let mut command = project.command(&["run", "test-report.js", "--root", "root"]);
        command.args(["--extensions", "--yes", "--json", "--args-json", &input]);
        let output = command.env("GITHUB_TOKEN", github::TOKEN).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown: Value = serde_json::from_slice(&output.stdout).expect(&told);
        assert_eq!(shown["state"], "done", "{shown}\n{told}");
        shown["output"].clone()
    };
    assert_eq!(run("exit 0"), json!({ "passed": true }));
    assert_eq!(fake.made(), (0, 0));
    let failed = run("echo one is not two\nexit 3");
    assert_eq!((&failed["passed"], &failed["status"]), (&json!(false), &json!(3)), "{failed}");
    assert_eq!(failed["id"], 900);
    assert_eq!(fake.made(), (0, 1));
    let body = fake.comment(0);
    assert!(body.contains("status 3") && body.contains("one is not two"), "{body}");
    assert!(body.contains("<!-- baton-key: "), "the host gives a key: {body}");
}
