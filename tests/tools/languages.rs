//! Tools in other languages: built by the tools of their language, called from a component and from
//! a script.
//!
//! Where a toolchain is not there and cannot be had, its test says so and passes; with
//! `BATON_TEST_LANGUAGES=require` it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use baton_test_support::{Project, guest};
use serde_json::{Value, json};

use crate::project::project;

/// A tool of an example, called once.
struct Call {
    tool: &'static str,
    input: Value,
    /// `output`, or `kind` and `code` of the failure.
    became: Value,
}

fn call(tool: &'static str, input: Value, became: Value) -> Call {
    Call { tool, input, became }
}

/// Makes the calls that its arguments name, and says what became of each.
const SCRIPT: &str = r#"export const meta = {
  name: 'caller', description: 'Calls tools.', baton: { read: ['**'], tools: ['*'] },
}
const all = []
for (const { tool, input } of args.calls) {
  try {
    all.push({ output: await baton.tool(tool, input) })
  } catch (error) {
    all.push({ kind: error.kind, code: error.code })
  }
}
return all
"#;

fn example(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/examples").join(folder)
}

/// Runs the build script of an example; what it says if it fails.
fn script(folder: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(example(folder).join("build.sh"))
        .args(arguments)
        .env("BATON", env!("CARGO_BIN_EXE_baton"))
        .output()
        .map_err(|error| format!("build.sh does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
}

/// A project with the component of an example; none if its language is not here.
fn built(folder: &str, component: &str) -> Option<Project> {
    if let Err(why) = script(folder, &["--tools"]) {
        let required = std::env::var("BATON_TEST_LANGUAGES").is_ok_and(|word| word == "require");
        assert!(!required, "the toolchain of {folder} is required and cannot be had:\n{why}");
        eprintln!("SKIPPED {folder}: its toolchain cannot be had:\n{why}");
        return None;
    }
    let project = project();
    std::fs::create_dir_all(project.path(".baton/tools")).unwrap();
    let file = project.path(".baton/tools").join(format!("{component}.wasm"));
    script(folder, &["--to", file.to_str().unwrap()]).unwrap();
    Some(project)
}

/// Imports that reach nothing by themselves count as none.
fn imports(project: &Project, component: &str) -> Vec<String> {
    let file = format!(".baton/tools/{component}.wasm");
    let checked = project.object(&["check", &file, "--json"]);
    assert_eq!(checked["accepted"], true, "{checked}");
    assert_eq!(checked["manifest"]["name"], component, "{checked}");
    let names = checked["imports"].as_array().unwrap().iter();
    let interfaces = names.map(|name| name.as_str().unwrap().split('@').next().unwrap().to_owned());
    interfaces.filter(|name| name != "baton:runtime/types").collect()
}

/// Makes the calls from a component and from a script: both must see the same.
fn both_see(project: &Project, calls: &[Call]) {
    project.write("caller.wasm", guest("caller"));
    project.write("caller.js", SCRIPT);
    let asked: Vec<Value> =
        calls.iter().map(|call| json!({"tool": call.tool, "input": call.input})).collect();
    let input = json!({ "calls": asked }).to_string();
    let expected: Vec<&Value> = calls.iter().map(|call| &call.became).collect();
    for workflow in ["caller.wasm", "caller.js"] {
        let mut arguments = vec!["run", workflow, "--root", "root", "--yes", "--json"];
        arguments.extend(["--extensions", "--input", input.as_str()]);
        let run = project.object(&arguments);
        assert_eq!(run["state"], "done", "{workflow}: {run}");
        let mut found = run["output"].as_array().unwrap().clone();
        for became in &mut found {
            // Words for people: the component's answer has them, the script's has not.
            became.as_object_mut().unwrap().remove("message");
        }
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{workflow}");
    }
}

#[test]
fn a_tool_in_javascript_works() {
    let Some(project) = built("js-tool", "table") else { return };
    assert!(imports(&project, "table").is_empty());
    let table = "| name |  n |\n| ---- | --: |\n| a\\|b |  12 |\n";
    both_see(
        &project,
        &[
            call(
                "table/markdown",
                json!({"csv": "name;n\n\"a|b\";12\n", "right": ["n"]}),
                json!({"output": {"markdown": table, "rows": 1, "columns": 2}}),
            ),
            call(
                "parse",
                json!({"csv": "a,b\r\n\"say \"\"ö\"\"\",\r\n"}),
                json!({"output": {"header": ["a", "b"], "rows": [["say \"ö\"", ""]]}}),
            ),
            call(
                "table/parse",
                json!({"csv": "a,b\n1"}),
                json!({"kind": "failed", "code": "uneven"}),
            ),
            call("table/parse", json!({}), json!({"kind": "failed", "code": "tool-input"})),
        ],
    );
}

#[test]
fn a_tool_in_python_works() {
    let Some(project) = built("py-tool", "text-diff") else { return };
    // The standard library imports what it may need; nothing of it was granted.
    assert!(imports(&project, "text-diff").iter().any(|name| name == "wasi:sockets/tcp"));
    let diff = "--- a/x.md\n+++ b/x.md\n@@ -1 +1,2 @@\n-a\n+ä\n+b\n";
    both_see(
        &project,
        &[
            call(
                "text-diff/unified",
                json!({"before": "a\n", "after": "ä\nb\n", "name": "x.md"}),
                json!({"output": {"diff": diff, "added": 2, "removed": 1}}),
            ),
            call(
                "text-diff/closest",
                json!({"word": "hallo", "among": ["hello", "x", "halo"]}),
                json!({"output": {"matches": [
                    {"text": "halo", "score": 0.8889}, {"text": "hello", "score": 0.8},
                ]}}),
            ),
            call(
                "text-diff/closest",
                json!({"word": "", "among": []}),
                json!({"kind": "failed", "code": "empty"}),
            ),
        ],
    );
}

#[test]
fn a_tool_in_c_works_on_granted_files() {
    let Some(project) = built("c-tool", "measure") else { return };
    assert!(imports(&project, "measure").iter().any(|name| name == "wasi:filesystem/types"));
    project.write("root/docs/a b.txt", "one two\nthree\n");
    project.write("root/ä.txt", "123456789");
    project.write("root/.env", "TOKEN=1\n");
    let hidden = json!({"kind": "failed", "code": "not-found"});
    both_see(
        &project,
        &[
            call(
                "measure/count",
                json!({"path": "docs/a b.txt"}),
                json!({"output": {"bytes": 14, "lines": 2, "words": 3, "crc32": "41d502e5"}}),
            ),
            // The check value of CRC-32.
            call(
                "count",
                json!({"path": "ä.txt"}),
                json!({"output": {"bytes": 9, "lines": 0, "words": 1, "crc32": "cbf43926"}}),
            ),
            call(
                "measure/count",
                json!({"path": "docs"}),
                json!({"kind": "failed", "code": "directory"}),
            ),
            call("measure/count", json!({"path": "nowhere"}), hidden.clone()),
            // Files with secrets are outside of every grant that does not name them.
            call("measure/count", json!({"path": ".env"}), hidden),
        ],
    );
}
