//! `baton list`: where workflows and agent types are found, and why some are not.

use serde_json::Value;

use super::support::Project;

fn script(name: &str, description: &str) -> String {
    format!("export const meta = {{ name: '{name}', description: '{description}' }}\n")
}

fn agent(name: &str, description: &str) -> String {
    format!("---\nname: {name}\ndescription: {description}\n---\nYou are {name}.\n")
}

/// A repository with a directory `deep/er`, and a home.
fn repository() -> Project {
    let project = Project::with_scripts();
    project.write("repo/.git/HEAD", "");
    project.write("repo/deep/er/x", "");
    project.write("home/x", "");
    project
}

/// What `list --json` says in `repo/deep/er`.
fn listed(project: &Project, arguments: &[&str]) -> Vec<Value> {
    let output = project
        .command(&[&["list", "--json"], arguments].concat())
        .current_dir(project.path("repo/deep/er"))
        .env("HOME", project.path("home"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `name state file: reason` of the workflows that are not built in.
fn workflows(project: &Project) -> Vec<String> {
    let root = project.path("").canonicalize().unwrap();
    let shown = |entry: &Value| {
        let path = entry["path"].as_str().unwrap();
        let path = path.trim_start_matches(root.to_str().unwrap()).trim_start_matches('/');
        let reason = entry["reason"].as_str().unwrap_or_default();
        let name = entry["name"].as_str().unwrap_or("?");
        format!("{name} {} {path}: {reason}", entry["state"].as_str().unwrap())
            .trim_end_matches([':', ' '])
            .replace(root.to_str().unwrap(), "")
    };
    let entries = listed(project, &[]);
    let ours =
        entries.iter().filter(|entry| entry["type"] == "workflow" && entry["place"] != "built-in");
    ours.map(shown).collect()
}

/// D179, D180.
#[test]
fn the_nearest_workflow_of_a_name_wins_and_the_file_name_does_not_count() {
    let project = repository();
    for (path, description) in [
        ("home/.claude/workflows/a.js", "user claude"),
        ("home/.config/baton/workflows/a.mjs", "user baton"),
        ("repo/.claude/workflows/a.js", "top claude"),
        ("repo/.baton/workflows/a.js", "top baton"),
        ("repo/deep/.claude/workflows/a.js", "deep claude"),
        ("repo/deep/er/.claude/workflows/foo.js", "nearest"),
    ] {
        project.write(path, script("flow", description));
    }
    project.write("other/.baton/workflows/a.js", script("flow", "outside of the repository"));
    for nearest in [
        "repo/deep/er/.claude/workflows/foo.js",
        "repo/deep/.claude/workflows/a.js",
        "repo/.baton/workflows/a.js",
        "repo/.claude/workflows/a.js",
        "home/.config/baton/workflows/a.mjs",
        "home/.claude/workflows/a.js",
    ] {
        let all = workflows(&project);
        assert_eq!(all[0], format!("flow ready {nearest}"), "{all:#?}");
        for other in &all[1..] {
            assert!(other.contains(" shadowed "), "{other}");
            let shown = nearest.trim_start_matches("repo/deep/er/");
            assert!(other.ends_with(&format!("{shown} is nearer")), "{other}");
        }
        std::fs::remove_file(project.path(nearest)).unwrap();
    }
    let said = project.run(&["run", "foo"]);
    assert_eq!(said.exit, 2, "{}", said.shown());
}

#[test]
fn two_workflows_of_one_name_in_one_folder_are_a_clash() {
    let project = repository();
    project.write("repo/.baton/workflows/b.js", script("twin", "second"));
    project.write("repo/.baton/workflows/a.js", script("twin", "first"));
    project.write("repo/.claude/workflows/c.js", script("twin", "elsewhere"));
    let folder = "/repo/.baton/workflows";
    assert_eq!(
        workflows(&project),
        [
            "twin ready repo/.baton/workflows/a.js".to_owned(),
            format!(
                "twin clash repo/.baton/workflows/b.js: {folder}/a.js has the same name and comes \
                 first"
            ),
            format!("twin shadowed repo/.claude/workflows/c.js: {folder}/a.js is nearer"),
        ]
    );
    let said = project
        .command(&["list"])
        .current_dir(project.path("repo"))
        .output()
        .map(|output| String::from_utf8(output.stderr).unwrap())
        .unwrap();
    assert_eq!(
        said,
        "warning: two workflows are called `twin`: .baton/workflows/a.js is used, \
         .baton/workflows/b.js is not\n"
    );
}

/// D08.
#[test]
fn what_does_not_run_is_listed_with_the_reason() {
    let project = repository();
    let folder = "repo/.claude/workflows";
    let file = |name: &str| format!("{folder}/{name}");
    let padding = "x".repeat(524_288);
    project.write(&file("1-large.js"), format!("{}//{padding}", script("large", "d")));
    project.write(&file("2-syntax.js"), format!("{}let a b\n", script("syntax", "d")));
    project.write(&file("3-meta.js"), "const x = 1\n");
    project.write(&file("4-latin.js"), b"// \xe9\n");
    project.write(&file("5-type.ts"), script("typed", "d"));
    project.write(&file("6-text.wasm"), "(component)");
    project.write(&file("7-deep/x.js"), script("deep", "d"));
    project.write(&file("baton.d.ts"), "");
    project.write(&file(".hidden"), "");
    project.write("repo/outside.js", script("outside", "d"));
    std::os::unix::fs::symlink("../../outside.js", project.path(&file("8-link.js"))).unwrap();
    let all = workflows(&project);
    let starts = [
        "? skipped repo/.claude/workflows/7-deep: a folder: only files directly in this one",
        "? skipped repo/.claude/workflows/8-link.js: a link that leads out of its folder",
        "? invalid repo/.claude/workflows/1-large.js: it has 524346 bytes; a script has at most \
         524288 (too-large)",
        "? invalid repo/.claude/workflows/2-syntax.js: 2:6: ",
        "? invalid repo/.claude/workflows/3-meta.js: 1:1: ",
        "? invalid repo/.claude/workflows/4-latin.js: it is not UTF-8: byte 3 begins no character \
         (not-utf8)",
        "? skipped repo/.claude/workflows/5-type.ts: workflows end in .js, .mjs or .wasm",
        "? invalid repo/.claude/workflows/6-text.wasm: ",
    ];
    assert_eq!(all.len(), starts.len(), "{all:#?}");
    for (found, start) in all.iter().zip(starts) {
        assert!(found.starts_with(start), "{found}\n{start}");
    }
}

#[test]
fn a_slip_in_a_nearer_script_does_not_run_a_farther_one() {
    let project = repository();
    project.write("repo/.baton/workflows/flow.js", format!("{}let a b\n", script("flow", "near")));
    project.write("repo/.claude/workflows/a.js", script("flow", "far"));
    let said = project
        .command(&["run", "flow", "--yes"])
        .current_dir(project.path("repo"))
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(3), "{said:?}");
    let stderr = String::from_utf8(said.stderr).unwrap();
    assert!(
        stderr.starts_with("error[B0031]: .baton/workflows/flow.js is refused: 2:6: "),
        "{stderr}"
    );
}

/// D182, D183, D184.
#[test]
fn agent_types_are_listed_with_what_is_wrong_with_the_others() {
    let project = repository();
    project.write("repo/.claude/agents/review/x.md", agent("y", "far"));
    project.write("repo/deep/.claude/agents/z.md", agent("y", "near"));
    project.write("repo/.claude/agents/a.md", agent("twin", "first"));
    project.write("repo/.claude/agents/b.md", agent("twin", "second"));
    project.write("repo/.claude/agents/README.md", "# Agents\n");
    project.write("home/.claude/agents/u.md", agent("u", "user"));
    let all = listed(&project, &["--agents"]);
    let found: Vec<String> = all
        .iter()
        .filter(|entry| entry["place"] != "built-in")
        .map(|entry| {
            assert_eq!(entry["type"], "agent-type");
            let word = |key: &str| entry[key].as_str().unwrap_or("?").to_owned();
            format!("{} {} {}", word("name"), word("state"), word("description"))
        })
        .collect();
    assert_eq!(
        found,
        [
            "twin ready first",
            "u ready user",
            "y ready near",
            "? invalid ",
            "twin invalid ",
            "y shadowed ",
        ]
    );
}

#[test]
fn the_list_is_for_people_too() {
    let project = Project::with_scripts();
    project.write(".git/HEAD", "");
    project.write(
        ".claude/workflows/a.js",
        "export const meta = { name: 'audit\\u001b[31m', description: 'Looks at things.', \
         phases: [{ title: 'Look' }, { title: 'Say' }] }\n",
    );
    project.write(".claude/workflows/notes.txt", "");
    project.write(".claude/agents/r.md", "---\nname: r\ndescription: d\nhooks: {}\n---\n");
    project.write(".claude/agents/s.md", "---\nname: s\n---\n");
    insta::assert_snapshot!(project.run(&["list"]).shown(), @r"
    exit 0
    --- stdout
    Workflows
      audit[31m   Looks at things.
                  script · project .claude/workflows/a.js · Look → Say
      docs-audit  Audits Markdown: references to what does not exist, broken front matter, repeated ins…
                  built in · survey → audit → cross-check → challenge → report
      follow-up   Answers a message to a finished run, with what that run was given and handed off. `ba…
                  built in
      hello       Greets each name with one agent, all in parallel.
                  built in · Greet
      migrate     Ports many files by the same instructions: each by an agent in a worktree of its own,…
                  built in · survey → port → report
      nap         Takes steps one after the other: sleeps, agents, lines, looks at the clock.
                  built in
      nest        Runs itself as its children; the leaves ask one agent each.
                  built in
      research    Answers a question from files in scope and, where granted, from the web: sub-question…
                  built in · plan → gather → check → answer
      review      Reviews a change (a branch, a patch, or the working tree): reviewers by concern, chal…
                  built in · change → review → challenge → report

    Not used
      skipped  .claude/workflows/notes.txt: workflows end in .js, .mjs or .wasm

    Agent types
      Explore            Searches and reads files to answer a question; changes nothing.
      Plan               Reads files and makes a plan for a change; changes nothing.
      claude             General work on any task.
      general-purpose    General work: research, searching code, tasks of several steps.
      r                  d
                         project .claude/agents/r.md
                         note: `hooks` has no effect here
      workflow-subagent  One bounded task of a workflow.

    Not loaded
      .claude/agents/s.md (s): it has no `description`
    ");
}

/// D181.
#[test]
fn what_plugins_bring_is_called_by_their_name() {
    let project = repository();
    project.write("repo/.claude-plugin/plugin.json", "{ \"name\": \"fleet\" }");
    project.write("repo/workflows/a.js", script("review", "plugin"));
    project.write("repo/workflows/torn.js", "let a b");
    project.write("repo/agents/review/a.md", agent("architect", "plugin"));
    project.write("repo/.claude/workflows/a.js", script("review", "project"));
    project.write("repo/deep/.claude-plugin/plugin.json", "[");
    let all = workflows(&project);
    assert_eq!(all.len(), 4, "{all:#?}");
    let broken = "repo/deep/.claude-plugin/plugin.json: not the manifest of a plugin: ";
    assert!(all[0].starts_with(&format!("? invalid {broken}")), "{}", all[0]);
    assert_eq!(all[1], "review ready repo/.claude/workflows/a.js");
    assert_eq!(all[2], "fleet:review ready repo/workflows/a.js");
    assert!(all[3].starts_with("? invalid repo/workflows/torn.js: "), "{}", all[3]);
    let agents = listed(&project, &["--agents"]);
    let ours: Vec<String> = agents
        .iter()
        .filter(|entry| entry["place"] == "plugin")
        .map(|entry| {
            let word = |key: &str| entry[key].as_str().unwrap_or("?").to_owned();
            format!("{} {} {}", word("name"), word("state"), word("description"))
        })
        .collect();
    assert_eq!(ours, ["fleet:review:architect ready plugin", "? invalid "]);
    let said = project.run_in("repo", &["check", "fleet:torn"]);
    assert_eq!(said.exit, 3, "{}", said.shown());
}
