//! Files ported in worktrees, checked by a command.

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::support::{MODEL, Place, records, submit};

fn old(name: &str) -> String {
    format!("const {name} = require('./{name}')\n")
}

/// Ports `a` at once, `b` after the check has said what is wrong, `d` not at all for nothing is to be
/// done, and `c` never.
fn model(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    let name = ["a", "b", "c", "d"]
        .into_iter()
        .find(|name| asked.contains(&format!("The file: src/{name}.js")));
    let name = name.unwrap();
    let path = format!("src/{name}.js");
    let checked = asked.contains("another agent tried");
    let edits = match (name, checked) {
        ("a", _) | ("b", true) => "import",
        ("b", false) => "export",
        _ => "",
    };
    match seen.turns {
        0 => Reply::call("read_file", json!({ "path": path })),
        1 if !edits.is_empty() => Reply::call(
            "write_file",
            json!({ "path": path, "text": format!("{edits} '{name}'\n") }),
        ),
        _ => submit(json!({ "changed": name != "d", "what": format!("I wrote {edits}.") })),
    }
}

fn input() -> Value {
    json!({
        "files": ["src/*.js"],
        "instructions": "Turn {path} into a module.",
        "check": { "argv": ["grep", "-q", "import", "{path}"] },
        "attempts": 2,
    })
}

#[test]
fn files_are_ported_in_worktrees_until_the_check_passes() {
    let files = ["a", "b", "c"].map(|name| (format!("src/{name}.js"), old(name)));
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let place = Place::new(&files, model);
    place.commit(&[("src/d.js", "import 'd'\n")]);
    place.project.write("root/src/a.js", format!("{}// mine\n", old("a")));
    let flags = ["--agent", MODEL, "--grant", "exec=grep **", "--grant", "write=**"];
    let report = place.run("migrate", &input(), &flags);
    assert_eq!(report["state"], "done", "{report}");
    let output = &report["output"];
    let states: Vec<(&str, &str)> = output["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [
            ("src/a.js", "ported"),
            ("src/b.js", "ported"),
            ("src/c.js", "failed"),
            ("src/d.js", "unchanged")
        ],
        "{output}"
    );
    assert_eq!(output["complete"], false);
    assert!(report["summary"].as_str().unwrap().starts_with("NOT COMPLETE"), "{report}");
    // The person's files are as they were.
    assert_eq!(place.project.read("root/src/a.js"), format!("{}// mine\n", old("a")));
    assert_eq!(place.project.read("root/src/b.js"), old("b"));
    // The host made the check, and told why the first result of `b` did not pass.
    let run = report["run"].as_str().unwrap();
    let journal = place.project.journal(run);
    let failed = records(&journal, "attempt-failed");
    assert!(failed.iter().any(|record| record["failure"]["code"] == "ladder-check"), "{failed:?}");
    let applied = place.command(&["apply", &format!("{run}/2")]).output().unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    assert_eq!(place.project.read("root/src/b.js"), "import 'b'\n");
}

#[test]
fn all_or_nothing_fails_and_says_which() {
    let place = Place::new(&[("src/c.js", "require('c')\n"), ("src/d.js", "import 'd'\n")], model);
    let mut input = input();
    input["all_or_nothing"] = json!(true);
    let flags = ["--agent", MODEL, "--grant", "exec=grep **"];
    let report = place.run("migrate", &input, &flags);
    assert_eq!(report["state"], "failed", "{report}");
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("src/c.js"), "{message}");
}
