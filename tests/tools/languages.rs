//! Tools in other languages: built by the tools of their language, called from a component and from
//! a script.
//!
//! Where a toolchain is not there and cannot be had, its test says so and passes; with
//! `BATON_TEST_LANGUAGES=require` it fails.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use baton_test_support::{Project, guest, kill_9};
use serde_json::{Value, json};

use crate::project::project;

/// Rows of a table that takes so long that its host can be killed in the meantime.
const ROWS: usize = 15_000;

/// How long a host has until the first call of a run has ended, compiling included.
const PATIENCE: Duration = Duration::from_secs(600);

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

/// One language at a time: each install and each compilation uses the whole machine, and what one
/// test has compiled is there for the next.
static TURN: Mutex<()> = Mutex::new(());

/// A project with the component of an example, while nobody else builds one; none if its language is
/// not here.
fn built(folder: &str, component: &str) -> Option<(Project, MutexGuard<'static, ()>)> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(why) = script(folder, &["--tools"]) {
        let required = std::env::var("BATON_TEST_LANGUAGES").is_ok_and(|word| word == "require");
        assert!(!required, "the toolchain of {folder} is required and cannot be had:\n{why}");
        // Past what the test runner keeps to itself of tests that pass.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED {folder}: its toolchain cannot be had:\n{why}");
        return None;
    }
    let project = project();
    std::fs::create_dir_all(project.path(".baton/tools")).unwrap();
    build(&project, folder, &format!(".baton/tools/{component}.wasm"));
    Some((project, turn))
}

/// Builds an example into a file of the project.
fn build(project: &Project, folder: &str, file: &str) {
    script(folder, &["--to", project.path(file).to_str().unwrap()]).unwrap();
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
    let Some((project, _turn)) = built("js-tool", "table") else { return };
    assert!(imports(&project, "table").is_empty());
    let table = "| name |   n |\n| ---- | --: |\n| a\\|b |  12 |\n";
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
fn a_workflow_in_javascript_goes_on_after_a_crash() {
    let Some((project, _turn)) = built("js-tool", "table") else { return };
    build(&project, "js-workflow", "tables.wasm");
    project.write("root/b.csv", "a,n\nx,1\n");
    project.write("root/sub/ä.csv", "k;v\n2;3\n");
    project.write("root/sub/uneven.csv", "k;v\n2\n");
    project.write("root/z.csv", format!("n,m\n{}", "12,34\n".repeat(ROWS)));
    let host = project.spawn(&["run", "tables.wasm", "--root", "root", "--yes"]);
    let run = when_a_call_has_ended(&project);
    kill_9(host);
    // The kill came in the middle, or this test would show nothing.
    let kinds = |kind: &str| project.journal(&run).iter().filter(|row| row["kind"] == kind).count();
    assert_eq!(kinds("finished"), 0, "the run ended before its host was killed");

    let resumed = project.object(&["resume", &run, "--json"]);
    assert_eq!(resumed["state"], "done", "{}", resumed["error"]);
    assert_eq!((kinds("resumed"), kinds("finished")), (1, 1));
    let output = &resumed["output"];
    assert_eq!(output["failed"], json!([{"path": "sub/uneven.csv", "code": "uneven"}]), "{run}");
    let rule = "| --- | --- |";
    let begin = format!(
        "## b.csv\n\n| a   | n   |\n{rule}\n| x   | 1   |\n\n\
         ## sub/ä.csv\n\n| k   | v   |\n{rule}\n| 2   | 3   |\n\n\
         ## z.csv\n\n| n   | m   |\n{rule}\n"
    );
    let markdown = output["markdown"].as_str().unwrap();
    assert!(markdown.starts_with(&begin), "{}", &markdown[..400]);
    assert_eq!(markdown[begin.len()..], "| 12  | 34  |\n".repeat(ROWS));
    assert_eq!(resumed["evidence"][1]["path"], "sub/ä.csv", "{run}");
    // What had ended before the host died was not done again.
    let starts = |task: &str| {
        let started = project.journal(&run).into_iter().filter(|row| row["kind"] == "started");
        let tasks = started.flat_map(|row| row["body"]["tasks"].as_array().unwrap().clone());
        tasks.filter(|start| start["task"] == task).count()
    };
    assert_eq!(starts("1"), 1);
}

/// Waits until the first of the calls has ended; the run.
fn when_a_call_has_ended(project: &Project) -> String {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE, "no call ends");
        std::thread::sleep(Duration::from_millis(20));
        let journal = project.output(&["journal", "last", "--json"]);
        let ended = |row: &Value| row["kind"] == "completed" && row["body"]["task"] == "1";
        let rows = journal.stdout.split(|byte| *byte == b'\n');
        let rows = rows.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        if let Some(row) = rows.into_iter().find(ended) {
            return row["run"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn a_tool_in_python_works() {
    let Some((project, _turn)) = built("py-tool", "text-diff") else { return };
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
    let Some((project, _turn)) = built("c-tool", "measure") else { return };
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
