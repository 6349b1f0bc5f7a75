//! `baton new`: a script that works, and nothing written over.

use std::os::unix::fs::symlink;

use super::support::Project;

#[test]
fn a_new_script_is_accepted_and_runs() {
    let project = Project::with_scripts();
    project.write(".git/HEAD", "");
    project.write("deep/x", "");
    let said = project
        .command(&["new", "--script", "first"])
        .current_dir(project.path("deep"))
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    assert!(project.path(".baton/workflows/first.js").is_file());
    let types = std::fs::read_to_string(project.path(".baton/workflows/baton.d.ts")).unwrap();
    assert!(types.contains("declare "), "{types}");

    let said = project.run(&["check", "first", "--json"]);
    let found = said.json();
    assert_eq!((said.exit, &found["accepted"]), (0, &true.into()), "{}", said.shown());
    assert_eq!(found["warnings"], serde_json::json!([]), "{found}");
    assert_eq!(found["portable"], true);

    // An agent that answers any schema, and one that always fails.
    project.write(
        "worker.sh",
        "#!/bin/sh\ncase $(cat) in\n*'\"schema\":null'*) echo '{\"output\":\"all\"}' ;;\n\
         *) echo '{\"output\":{\"concern\":\"c\",\"text\":\"t\"}}' ;;\nesac\n",
    );
    for (worker, answered) in [("sh worker.sh", 3), ("false", 0)] {
        let agent = format!("command:{worker}");
        let said = project
            .command(&["run", "first", "--yes", "--json", "--agent", &agent])
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        assert!(said.status.success(), "{said:?}");
        let object: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(object["output"]["answered"], answered, "{object}");
        assert_eq!(object["output"]["subject"], "this project");
    }
    let said = project.run(&["new", "--script", "second"]);
    assert_eq!((said.exit, said.stderr.contains("baton.d.ts")), (0, false), "{}", said.shown());
}

#[test]
fn nothing_is_written_over_or_through_a_link() {
    let project = Project::with_scripts();
    project.write("mine/flow.js", "mine");
    project.write("mine/baton.d.ts", "mine");
    project.write("elsewhere/x", "");
    symlink("none.js", project.path("mine/link.js")).unwrap();
    for (arguments, part) in [
        (&["new", "--script", "flow", "--dir", "mine"][..], "mine/flow.js is already there"),
        (&["new", "--script", "link", "--dir", "mine"], "mine/link.js is a link"),
    ] {
        let said = project.run(arguments);
        assert_eq!(said.exit, 1, "{}", said.shown());
        assert!(said.stderr.starts_with(&format!("error[B0037]: {part}")), "{}", said.stderr);
    }
    assert!(!project.path("mine/none.js").exists());
    let said = project.run(&["new", "--script", "other", "--dir", "mine"]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    assert!(said.stderr.contains("baton.d.ts is there already and differs"), "{}", said.stderr);
    for file in ["mine/flow.js", "mine/baton.d.ts"] {
        assert_eq!(std::fs::read_to_string(project.path(file)).unwrap(), "mine");
    }
    // D178.
    for link in [".baton", ".baton/workflows"] {
        let project = Project::with_scripts();
        project.write("elsewhere/workflows/x", "");
        let path = project.path(link);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(project.path("elsewhere"), &path).unwrap();
        let said = project.run(&["new", "--script", "flow"]);
        assert_eq!(said.exit, 1, "{}", said.shown());
        assert!(
            said.stderr.contains(" is a link: nothing is written through it"),
            "{}",
            said.stderr
        );
        assert!(!project.path("elsewhere/flow.js").exists());
        assert!(!project.path("elsewhere/workflows/flow.js").exists());
    }
}
