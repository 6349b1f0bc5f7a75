//! `baton test`: recorded cases against what components and scripts do in the sandbox.

use serde_json::json;

use super::support::Project;

/// Cases of the built-in workflow that greets.
const HELLO: &str = r#"[
  {"name":"greets","input":{"names":["Ada","Bob"],"file":"f.txt"},"files":{"f.txt":"1\n2\n"},
   "agents":[{"prompt":"Ada","output":"hi"},{"prompt":"","output":"yo"}],
   "expect":{"output":{"greetings":["hi","yo"],"lines":2}}},
  {"name":"echoes","input":{"names":["Ada"]},
   "expect":{"output":{"greetings":["Say hello to Ada."],"lines":null}}},
  {"name":"fails","input":{"names":["Ada"]},"agents":[{"prompt":"Ada","error":"no time"}],
   "expect":{"error":"refused"}}
]"#;

#[test]
fn a_workflow_is_held_against_its_cases() {
    let project = Project::new();
    project.write("hello.cases.json", HELLO);
    let said = project.run(&["test", "hello", "--json"]);
    let report = said.json();
    let failures: Vec<_> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["passed"] == false)
        .map(|case| (case["name"].as_str().unwrap(), case["differences"][0]["path"].clone()))
        .collect();
    // Which code an agent of a program fails with is the backend's.
    assert_eq!(failures, [("fails", json!("error"))], "{}", said.shown());
    assert_eq!((said.exit, &report["passed"], &report["failed"]), (1, &json!(2), &json!(1)));
    assert_eq!(report["world"], "workflow");
    assert!(!project.path(".baton").exists(), "nothing is journaled");

    let said = project.run(&["test", "hello", "--case", "fails", "--update"]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    let said = project.run(&["test", "hello"]);
    assert_eq!((said.exit, said.stdout.matches("ok ").count()), (0, 3), "{}", said.shown());
    assert!(said.stderr.contains("3 cases passed, 0 failed"), "{}", said.shown());
}

#[test]
fn a_script_and_an_agent_are_tested_alike() {
    let project = Project::with_scripts();
    project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'x', baton: { read: ['*.txt'] } }\n\
         return [await agent('hello ' + args.who), await baton.readText('a.txt')]\n",
    );
    project.write("cases/files/a.txt", "A");
    project.write(
        "cases/1.json",
        r#"{"name":"says hello","input":{"who":"me"},"files":"files","expect":{"output":["hello me","A"]}}"#,
    );
    project
        .write("cases/2.json", r#"[{"name":"without input","expect":{"error":"script-error"}}]"#);
    let said = project.run(&["test", "flow.js"]);
    assert_eq!((said.exit, said.stdout.matches("ok ").count()), (0, 2), "{}", said.shown());
    project.write(
        "agent.json",
        r#"[{"name":"echo","prompt":"x","expect":{"output":"x"}},
            {"name":"fit","prompt":"x","schema":{"type":"string"},"expect":{"output":"x"}},
            {"name":"unfit","prompt":"x","schema":{"type":"array"},"expect":{"error":"schema"}},
            {"name":"told","prompt":"x","input":{"fail":"m"},"expect":{"error":"told-to-fail"}}]"#,
    );
    let said = project.run(&["test", "echo-agent", "--cases", "agent.json"]);
    assert_eq!((said.exit, said.stdout.matches("ok ").count()), (0, 4), "{}", said.shown());
}

#[test]
fn a_difference_says_where_it_is() {
    let project = Project::new();
    project.write(
        "echo.json",
        r#"{"name":"echo","tool":"echo","input":{"text":"a"},"files":{"b.txt":"B"},
            "expect":{"output":{"text":["x"]},"files":{"b.txt":"C","c.txt":null}}}"#,
    );
    let said = project.run(&["test", "echo-tool", "--cases", "echo.json"]);
    assert_eq!(said.exit, 1, "{}", said.shown());
    assert!(said.stdout.starts_with("FAILED  echo\n"), "{}", said.shown());
    for part in ["          files.b.txt\n", "expected \"C\"\n", "got      \"B\"\n"] {
        assert!(said.stdout.contains(part), "{part}: {}", said.shown());
    }
    assert!(!said.stdout.contains("c.txt"), "{}", said.shown());
}

#[test]
fn what_is_wrong_with_cases_is_said() {
    let project = Project::new();
    let said = project.run(&["test", "hello"]);
    assert_eq!(said.exit, 1, "{}", said.shown());
    assert!(
        said.stderr.starts_with("error[B0004]: there are no cases in hello.cases.json, cases"),
        "{}",
        said.shown()
    );
    std::os::unix::fs::symlink("/etc", project.path("away")).unwrap();
    let rows = [
        (r#"{"name":"a","unheard":1}"#, "holds no cases"),
        (
            r#"{"name":"a","expect":{"output":1,"error":"b"}}"#,
            "expects both an output and an error",
        ),
        (r#"{"name":"a","files":{"../x":"y"}}"#, "`../x` is no path of a file below"),
        (r#"{"name":"a","files":"none"}"#, "cannot copy"),
        (r#"{"name":"a","files":"/etc"}"#, "`/etc` is not below that of the cases"),
        (r#"{"name":"a","files":"x/../.."}"#, "`x/../..` is not below"),
        (r#"{"name":"a","files":"away"}"#, "`away` is not below"),
        ("nonsense", "holds no cases"),
    ];
    for (text, part) in rows {
        project.write("cases.json", text);
        let said = project.run(&["test", "hello", "--cases", "cases.json"]);
        assert_eq!(said.exit, 1, "{}", said.shown());
        assert!(said.stderr.contains(part), "{part}: {}", said.shown());
    }
    project.write("hello.cases.json", HELLO);
    let said = project.run(&["test", "hello", "--case", "greet"]);
    assert_eq!(said.exit, 2, "{}", said.shown());
    assert!(said.stderr.contains("did you mean `greets`?"), "{}", said.shown());
    project.write("tools.json", r#"{"name":"a","expect":{"error":"tool-input"}}"#);
    project.write("link-target", "x");
    std::fs::create_dir(project.path("linked")).unwrap();
    std::os::unix::fs::symlink("../link-target", project.path("linked/l")).unwrap();
    project.write("links.json", r#"{"name":"a","files":"linked"}"#);
    let said = project.run(&["test", "hello", "--cases", "links.json"]);
    assert!(said.stderr.contains("is neither file nor folder"), "{}", said.shown());
}
