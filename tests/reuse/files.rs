//! A result counts while the files it rests on are what they were.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, asking, numbered};

const COMPONENT: &str = "component:obedient-agent.wasm";

/// Calls that read: three the first file, two another, one nothing, one a file that is not there.
fn readers() -> String {
    let prompts = [
        "read a.md",
        "read b.md",
        "read a.md",
        "say nothing",
        "read a.md",
        "read c.md",
        "read absent.md",
    ];
    asking(&prompts.map(ToOwned::to_owned))
}

fn labels(why: Vec<(String, String)>) -> Vec<String> {
    why.into_iter().map(|(label, code)| format!("{label}: {code}")).collect()
}

#[test]
fn those_that_read_a_changed_file_run_again() {
    let project = Project::new();
    for name in ["a", "b", "c"] {
        project.write(&format!("root/{name}.md"), name);
    }
    project.write("flow.js", readers());
    let first = project.with(COMPONENT, "flow.js", &[]);
    assert_eq!((first.agents, first.output[0].as_str()), (7, Some("a")));
    assert!(first.output[6].is_null(), "the file is absent");
    let again = || project.with(COMPONENT, "flow.js", &["--reuse", &first.run]);
    let absent = "read absent.md: failed";
    let same = again();
    assert_eq!((same.reused, same.output), (6, first.output.clone()));
    assert_eq!(labels(project.why(&same.run)), [absent]);
    project.write("root/a.md", "A");
    let changed = again();
    assert_eq!((changed.reused, changed.agents), (3, 4));
    assert_eq!(changed.output[0], "A");
    let three = ["read a.md: files-changed"; 3];
    assert_eq!(labels(project.why(&changed.run)), [&three[..], &[absent]].concat());
    // What was there before is there again.
    project.write("root/a.md", "a");
    assert_eq!(again().reused, 6);
    fs::remove_file(project.path("root/b.md")).unwrap();
    let gone = again();
    assert_eq!(labels(project.why(&gone.run)), ["read b.md: files-changed", absent]);
}

#[test]
fn nobody_saw_what_a_command_read_so_every_file_counts() {
    let project = Project::new();
    project.write("root/.gitignore", "*.log\n");
    project.write("root/flow.js", asking(&numbered("do", 4)));
    let first = project.run("root/flow.js", &[]);
    let calls = |more: &[&str]| {
        let ran = project.run("root/flow.js", &[&["--reuse", first.run.as_str()], more].concat());
        (ran.calls.len(), labels(project.why(&ran.run)).first().cloned())
    };
    assert_eq!(calls(&[]), (0, None));
    project.write("root/noise.log", "ignored");
    project.write("root/flow.js", format!("// A comment.\n{}", asking(&numbered("do", 4))));
    assert_eq!(calls(&[]), (0, None), "what does not count");
    project.write("root/page.md", "two");
    assert_eq!(calls(&[]), (4, Some("do 0: unseen-files-changed".into())));
    assert_eq!(calls(&["--reuse-stale"]), (0, None));
    project.write("root/page.md", "one");
    assert_eq!(calls(&[]), (0, None), "as it was");
    for name in [".hidden", ".env"] {
        let path = format!("root/{name}");
        project.write(&path, "x");
        assert_eq!(calls(&[]).0, 4, "{name} counts: a program may read it");
        fs::remove_file(project.path(&path)).unwrap();
        assert_eq!(calls(&[]), (0, None), "{name} is gone");
    }
}

#[test]
fn what_a_script_asks_to_read_does_not_bound_what_a_command_reads() {
    let project = Project::new();
    let meta = "export const meta = { name: 'narrow', description: 'x', baton: { read: [] } }\n";
    project.write("flow.js", format!("{meta}return await agent('do it')\n"));
    let first = project.run("flow.js", &[]);
    assert_eq!(project.run("flow.js", &["--reuse", &first.run]).calls.len(), 0);
    project.write("root/page.md", "two");
    assert_eq!(project.run("flow.js", &["--reuse", &first.run]).calls.len(), 1);
}

#[test]
fn what_the_agents_of_a_run_wrote_themselves_is_no_change() {
    let project = Project::new();
    project.write("flow.js", asking(&numbered("write", 3)));
    let first = project.run("flow.js", &[]);
    assert!(project.path("root/written.txt").exists());
    let second = project.run("flow.js", &["--reuse", "last"]);
    assert_eq!((second.calls.len(), second.output), (0, first.output));
    project.write("root/written.txt", "by somebody else");
    assert_eq!(project.run("flow.js", &["--reuse", &first.run]).calls.len(), 3);
    // As it was before any of them: what they did is gone, so it is done again.
    fs::remove_file(project.path("root/written.txt")).unwrap();
    assert_eq!(project.run("flow.js", &["--reuse", &first.run]).calls.len(), 3);
}

#[test]
fn a_run_without_a_directory_rests_on_none() {
    let project = Project::new();
    project.write("flow.js", asking(&numbered("do", 2)));
    let flags = ["run", "flow.js", "--agent", "command:./worker.sh", "--yes", "--json"];
    let first = project.ran(&flags);
    let records = project.lines(&["journal", &first.run, "--json"]);
    assert!(records.iter().all(|record| record["kind"] != "snapshot"));
    project.write("root/page.md", "two");
    let again = project.ran(&[&flags[..], &["--reuse", "last"]].concat());
    assert_eq!((again.calls.len(), again.reused), (0, 2));
    let granted = project.run("flow.js", &["--reuse", "last"]);
    assert_eq!(granted.calls.len(), 2, "another scope");
}

#[test]
fn a_directory_that_cannot_be_read_is_said_and_stale_results_are_there_for_who_wants_them() {
    let project = Project::new();
    project.write("flow.js", asking(&numbered("do", 2)));
    // More rules than anybody honours: no listing of the directory works.
    project.write("root/.gitignore", "x\n".repeat(600 << 10));
    let first = project.run("flow.js", &[]);
    let second = project.run("flow.js", &["--reuse", "last"]);
    assert_eq!(second.calls.len(), 2);
    let tasks = project.lines(&["tree", &second.run, "--json"]);
    assert_eq!(tasks[0]["not_reused"]["code"], "unknown-files");
    let message = tasks[0]["not_reused"]["message"].as_str().unwrap();
    assert!(message.contains(".gitignore"), "{message}");
    let stale = project.run("flow.js", &["--reuse", &first.run, "--reuse-stale"]);
    assert_eq!((stale.calls.len(), stale.reused), (0, 2));
    // Results that nobody checked are not taken for checked ones.
    let after = project.run("flow.js", &["--reuse", &stale.run]);
    assert_eq!(after.calls.len(), 2);
}

#[test]
fn an_agent_definition_counts_for_the_calls_that_use_it() {
    let project = Project::new();
    let definition = |system: &str| {
        let head = "---\nname: critic\ndescription: Criticises.\n---\n";
        project.write("root/.claude/agents/critic.md", format!("{head}{system}\n"));
    };
    definition("Be strict.");
    project.write(
        "root/flow.js",
        "export const meta = { name: 'flow', description: 'asks' }\n\
         return [await agent('judge', { agentType: 'critic' }), await agent('judge')]\n",
    );
    // Definitions are looked for around the working directory.
    let root = project.path("root");
    let run = |more: &[&str]| {
        let before = project.calls().len();
        let fixed = ["run", "flow.js", "--root", ".", "--agent", "command:../worker.sh", "--yes"];
        let status = project.command(&[&fixed[..], more].concat()).current_dir(&root).output();
        let output = status.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        project.calls().len() - before
    };
    assert_eq!(run(&[]), 2);
    assert_eq!(run(&["--reuse", "last"]), 0);
    definition("Be kind.");
    assert_eq!(run(&["--reuse", "last"]), 1);
}

#[test]
fn a_program_of_the_worker_that_cannot_start_leaves_the_rest_reusable() {
    let project = Project::new();
    project.write("flow.js", asking(&numbered("do", 3)));
    let first = project.run("flow.js", &[]);
    let worker = project.path("worker.sh");
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o644)).unwrap();
    let second = project.run("flow.js", &["--reuse", &first.run]);
    assert_eq!((second.state.as_str(), second.reused), ("done", 3), "nothing had to start");
}

#[test]
fn an_agent_in_a_worktree_rests_on_its_commit() {
    let project = Project::new();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"];
        let status = std::process::Command::new("git")
            .args([&identity[..], arguments].concat())
            .current_dir(project.path("root"))
            .env("HOME", project.path("person"))
            .output();
        let output = status.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'isolates' }\n\
         return await agent('do one', { isolation: 'worktree' })\n",
    );
    let first = project.run("flow.js", &[]);
    assert_eq!((first.calls.len(), first.state.as_str()), (1, "done"), "{first:?}");
    let again = |more: &[&str]| {
        let ran = project.run("flow.js", &[&["--reuse", first.run.as_str()], more].concat());
        (ran.calls.len(), labels(project.why(&ran.run)).first().cloned())
    };
    project.write("root/page.md", "not committed");
    assert_eq!(again(&[]), (0, None), "the agent works in a copy of the commit");
    git(&["commit", "--quiet", "-a", "-m", "two"]);
    assert_eq!(again(&[]), (1, Some("do one: unseen-files-changed".into())));
    assert_eq!(again(&["--reuse-stale"]), (0, None));
}
