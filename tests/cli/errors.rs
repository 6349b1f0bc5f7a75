//! Mistakes of people: what is said, what is suggested, and the exit code.

use super::support::Project;

#[test]
fn an_unknown_workflow_is_guessed() {
    let project = Project::new();
    let said = project.run(&["run", "docs-adit"]);
    insta::assert_snapshot!(said.shown(), @r"
    exit 2
    --- stderr
    error[B0002]: there is no workflow `docs-adit`
      hint: did you mean `docs-audit`?
      `baton explain B0002` says more
    ");
    let said = project.run(&["run", "something-else-entirely"]);
    assert_eq!(said.exit, 2);
    assert!(said.stderr.contains("`baton list` shows all of them"), "{}", said.stderr);
}

#[test]
fn a_start_that_fails_prints_one_json_object() {
    let said = Project::new().run(&["run", "docs-adit", "--json"]);
    let object = said.json();
    assert_eq!(said.exit, 2);
    assert_eq!(object["run"], serde_json::Value::Null);
    assert_eq!(object["state"], "failed");
    assert_eq!(object["error"]["code"], "B0002");
    assert_eq!(object["error"]["hint"], "did you mean `docs-audit`?");
}

#[test]
fn an_exit_code_does_not_depend_on_who_reads() {
    let project = Project::new();
    project.write("inputs.jsonl", "{}\n".repeat(50));
    for (arguments, exit) in [
        (&["run", "hello", "--input", "{\"names\":[\"a\"]}", "--yes", "--json"][..], 1),
        (&["run", "hello", "--each", "inputs.jsonl", "--runs", "1", "--yes"], 130),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = project.command(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
    }
}

#[test]
fn usage_errors_leave_with_two() {
    let project = Project::new();
    for arguments in [
        &["nonsense"][..],
        &["run"],
        &["run", "x", "--max-cost", "lots"],
        &["run", "x", "--timeout", "90"],
        &["run", "x", "--agent", "shell:ls"],
        &["run", "x", "--limit", "fuel"],
        &["run", "x", "--json", "--format", "md"],
        // D96.
        &["run", "x", "--args", "a", "--args-json", "1"],
        &["run", "x", "--budget", "lots"],
        &["run", "x", "--schema-attempts", "6"],
        &["new", "--script", "No Name"],
        &["check", "hello", "--portable"],
        &["ls", "--state", "runing"],
        &["explain", "nonsense"],
    ] {
        let said = project.run(arguments);
        assert_eq!(said.exit, 2, "{arguments:?}: {}", said.shown());
        assert_eq!(said.stdout, "", "{arguments:?}");
        assert_ne!(said.stderr, "", "{arguments:?}");
    }
    insta::assert_snapshot!(project.run(&["ls", "--state", "runing"]).shown(), @r"
    exit 2
    --- stderr
    error[B0001]: there is no state `runing`
      hint: did you mean `running`?
      `baton explain B0001` says more
    ");
    insta::assert_snapshot!(project.run(&["run", "x", "--timeout", "90"]).shown(), @r"
    exit 2
    --- stderr
    error: invalid value '90' for '--timeout <D>': `90` is not a span of time; write it like 90s, 5m or 1h30m

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(
        project.run(&["run", "docs-audit", "--limit", "workflow.feul=1"]).shown(),
        @r"
    exit 2
    --- stderr
    error[B0026]: there is no limit `workflow.feul`
      hint: did you mean `workflow.fuel`?
      `baton explain B0026` says more
    "
    );
}

#[test]
fn nothing_has_run_in_an_empty_project() {
    let project = Project::new();
    insta::assert_snapshot!(project.run(&["ls"]).shown(), @r"
    exit 0
    --- stderr
    nothing has run in [DIR]/.baton yet
    ");
    insta::assert_snapshot!(project.run(&["ls", "--json"]).stdout, @"");
    for arguments in [
        &["show", "last"][..],
        &["tree", "last"],
        &["journal", "last"],
        &["resume", "last"],
        &["cancel", "last"],
        &["resume", "batch_01JQ4ZK6Y3W8M2V5T7R9XBCDEF"],
    ] {
        let said = project.run(arguments);
        assert_eq!(said.exit, 2, "{arguments:?}: {}", said.shown());
        assert!(said.stderr.contains("error[B0009]: nothing has run in "), "{}", said.shown());
    }
    assert!(!project.path(".baton").exists(), "reading makes no state");
}

#[test]
fn the_state_directory_is_named_by_flag_or_variable() {
    let project = Project::new();
    project.write("sub/deeper/x", "");
    project.write(".baton/keep", "");
    for (arguments, variable, place) in [
        (&["ls"][..], None, "[DIR]/.baton"),
        (&["ls", "--home", "other"], None, "[DIR]/other"),
        (&["ls"], Some("named"), "[DIR]/sub/deeper/named"),
    ] {
        let mut command = project.command(arguments);
        if variable.is_some() || arguments.len() == 1 {
            command.current_dir(project.path("sub/deeper"));
        }
        if let Some(name) = variable {
            command.env("BATON_HOME", name);
        }
        let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
        let dir = project.path("").canonicalize().unwrap();
        let stderr = stderr.replace(&*dir.to_string_lossy(), "[DIR]");
        assert_eq!(stderr, format!("nothing has run in {place} yet\n"));
    }
}
