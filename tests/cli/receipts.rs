//! What is always allowed: receipts, and what changed since.

use baton_test_support::guest;

use super::support::{Project, Said};

/// A script that spawns nobody, so that a run costs nothing.
const FLOW: &str =
    "export const meta = { name: 'flow', description: 'Says hello.' }\nreturn 'hello'\n";

/// A component that changed, and still does the same: it has one more section.
fn changed(component: &[u8]) -> Vec<u8> {
    [component, &[0, 2, 1, b'x']].concat()
}

fn run(project: &Project, arguments: &[&str]) -> Said {
    project.run_at_home(&[&["run"], arguments].concat())
}

/// What was said, without dates.
fn shown(said: &Said) -> String {
    let text = said.shown();
    let mut parts = text.split("since ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let dated = part.split_once('Z').filter(|(date, _)| date.len() < 25);
        match dated {
            Some((_, rest)) => out.push_str(&format!("since [DATE]{rest}")),
            None => out.push_str(&format!("since {part}")),
        }
    }
    out
}

#[test]
fn what_is_always_allowed_starts_without_a_question_until_it_changes() {
    let project = Project::with_scripts();
    project.write("flow.js", FLOW);
    let asked = run(&project, &["flow.js"]);
    assert_eq!(asked.exit, 3, "{}", asked.shown());
    assert!(asked.stderr.contains("B0006"), "{}", asked.shown());
    assert!(!asked.stderr.contains("Changed since"), "{}", asked.shown());

    assert_eq!(run(&project, &["flow.js", "--always"]).exit, 0);
    let again = run(&project, &["flow.js"]);
    assert_eq!((again.exit, again.stdout.as_str()), (0, "hello\n"), "{}", again.shown());
    assert!(again.stderr.contains("always allowed since"), "{}", again.shown());

    project.write("flow.js", FLOW.replace("hello'\n", "hallo'\n"));
    insta::assert_snapshot!(shown(&run(&project, &["flow.js"])), @r"
    exit 3
    --- stderr
    flow program [DIGEST] · script [DIGEST] · flow.js
      Says hello.

    It asks for, and gets
      + spawn agents (0 by its text), at most 1000, 16 at once

    Agent tasks are performed by
      · every agent not named below: no backend: name one with --agent

    Held to
      · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

    Changed since you always allowed it
      ! the script changed: [DIGEST] is now [DIGEST]

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    error[B0006]: nobody is there to consent to this run
      hint: add --yes to start with what policy grants, or run this on a terminal
      `baton explain B0006` says more
    ");
    insta::assert_snapshot!(shown(&project.run_at_home(&["check", "flow.js"])), @r"
    exit 0
    --- stdout
    file       flow.js
    digest     [DIGEST]
    size       80 B
    name       flow
    says       Says hello.

    Asks for
      read all files below the root that the operator grants
      spawn agents

    Always allowed since [DATE]
      ! the script changed: [DIGEST] is now [DIGEST]
      the next run asks again

    baton runs this script
    ");
    let json = project.run_at_home(&["check", "flow.js", "--json"]).json();
    assert_eq!(json["always"][0]["holds"], false);

    // The program that was allowed is allowed still.
    project.write("flow.js", FLOW);
    assert_eq!(run(&project, &["flow.js"]).exit, 0);
    let json = project.run_at_home(&["check", "flow.js", "--json"]).json();
    assert_eq!(json["always"][0]["holds"], true);
}

#[test]
fn a_changed_tool_or_more_authority_is_asked_about_again() {
    let project = Project::new();
    project.write("prober.wasm", guest("prober"));
    project.write("narrow.wasm", guest("prober"));
    project.write("probe-tool.wasm", guest("probe-tool"));
    project.write("root/x", "");
    let flags = ["prober.wasm", "--root", "root", "--input", "{\"acts\":[]}"];
    let with = |more: &[&str]| run(&project, &[&flags, more].concat());
    let grant = ["--grant", "env=LANG"];
    assert_eq!(with(&[&grant[..], &["--always"]].concat()).exit, 0);
    assert_eq!(with(&grant).exit, 0, "nothing changed");

    let less = with(&[]);
    assert_eq!(less.exit, 3, "{}", less.shown());
    assert!(less.stderr.contains("no longer allowed: probe-tool: see"), "{}", less.shown());
    let more = with(&[&grant[..], &["--grant", "write=out/**"]].concat());
    assert_eq!(more.exit, 3);
    assert!(
        more.stderr.contains("allowed now: probe-tool: write all files within out/**"),
        "{}",
        more.shown()
    );

    project.write("probe-tool.wasm", changed(guest("probe-tool")));
    let other = with(&grant);
    assert_eq!(other.exit, 3);
    assert!(
        other.stderr.contains("the tool component probe-tool changed: sha256:"),
        "{}",
        other.shown()
    );
    let checked = shown(&project.run_at_home(&["check", "prober.wasm"]));
    for line in [
        "Always allowed in [DIR]/root since [DATE]",
        "the tool component probe-tool changed",
        "the next run asks again",
    ] {
        assert!(checked.contains(line), "{line}:\n{checked}");
    }

    project.write("probe-tool.wasm", guest("probe-tool"));
    project.write("prober.wasm", changed(guest("prober")));
    let checked = shown(&project.run_at_home(&["check", "prober.wasm"]));
    assert!(
        checked.contains("the workflow's component changed: [DIGEST] is now [DIGEST]"),
        "{checked}"
    );
    assert_eq!(with(&grant).exit, 3);
    // Policy is not more for a changed program, and --yes asks nobody.
    assert_eq!(with(&[&grant[..], &["--yes"]].concat()).exit, 0);
}

#[test]
fn receipts_are_listed_and_taken_back() {
    let project = Project::with_scripts();
    project.write("flow.js", FLOW);
    project.write("other.js", FLOW);
    for file in ["flow.js", "other.js"] {
        assert_eq!(run(&project, &[file, "--always"]).exit, 0);
    }
    insta::assert_snapshot!(shown(&project.run_at_home(&["receipts"])), @r"
    exit 0
    --- stdout
    [DIR]/flow.js [DIGEST] since [DATE]
    [DIR]/other.js [DIGEST] since [DATE]
    ");
    assert_eq!(project.run_at_home(&["receipts", "--forget", "other.js"]).exit, 0);
    assert_eq!(run(&project, &["other.js"]).exit, 3);
    assert_eq!(run(&project, &["flow.js"]).exit, 0);
    insta::assert_snapshot!(project.run_at_home(&["receipts", "--forget", "none"]).shown(), @r"
    exit 2
    --- stderr
    error[B0002]: nothing is always allowed to `none`
      hint: `baton receipts` lists what is always allowed
      `baton explain B0002` says more
    ");
    assert_eq!(project.run_at_home(&["receipts", "--forget-all"]).exit, 0);
    assert_eq!(run(&project, &["flow.js"]).exit, 3);
    insta::assert_snapshot!(project.run_at_home(&["receipts"]).shown(), @r"
    exit 0
    --- stdout
    nothing is always allowed: every run asks first
    ");
}

#[test]
fn a_project_brings_no_receipts() {
    let project = Project::with_scripts();
    project.write("flow.js", FLOW);
    assert_eq!(run(&project, &["flow.js", "--always"]).exit, 0);
    let kept = project.path("person/.config/baton/receipts");
    for place in [".baton/receipts", ".config/baton/receipts", "receipts"] {
        for entry in std::fs::read_dir(&kept).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            project.write(&format!("{place}/{name}"), std::fs::read(&path).unwrap());
        }
    }
    std::fs::remove_dir_all(&kept).unwrap();
    assert_eq!(run(&project, &["flow.js"]).exit, 3);
    // Without a place of their own, nothing is remembered.
    let said = project.run(&["run", "flow.js", "--always"]);
    assert_eq!(said.exit, 1, "{}", said.shown());
}

#[test]
fn a_run_goes_on_without_what_policy_denies_by_now_and_one_of_somebody_else_waits_for_a_person() {
    let project = Project::new();
    project.write("prober.wasm", guest("prober"));
    project.write("narrow.wasm", guest("prober"));
    project.write("probe-tool.wasm", guest("probe-tool"));
    // The second call does not fit under the cap, so that the run pauses.
    let acts = "{\"acts\":[\"agent\",\"agent\"]}";
    let said = run(
        &project,
        &[
            "prober.wasm",
            "--yes",
            "--grant",
            "env=LANG",
            "--agent",
            "component:echo-agent",
            "--max-agents",
            "1",
            "--input",
            acts,
        ],
    );
    assert_eq!(said.exit, 4, "{}", said.shown());
    let resumed =
        |arguments: &[&str]| project.run_at_home(&[&["resume", "last"], arguments].concat());
    assert_eq!(resumed(&[]).exit, 4, "it is yours");

    // What was denied while nobody drove it is taken from it before it goes on, and said once.
    project.write("baton.toml", "[deny]\nenv = [\"LANG\"]\n");
    let says =
        |said: &Said| said.stderr.contains("was granted, and it goes on without: env=LANG (");
    let narrowed = resumed(&[]);
    assert!(narrowed.exit == 4 && says(&narrowed), "{}", narrowed.shown());
    let journal = project.run_at_home(&["journal", "last"]);
    assert_eq!(journal.stdout.matches("denied now").count(), 1, "{}", journal.shown());
    assert!(journal.stdout.contains("baton.toml:2: env=LANG"), "{}", journal.shown());
    let again = resumed(&[]);
    assert!(again.exit == 4 && !says(&again), "{}", again.shown());
    project.write("baton.toml", "[deny]\nexec = [\"rm **\"]\nhttp = [\"a.org\"]\n");
    let other = resumed(&[]);
    assert_eq!(other.exit, 4, "it was granted neither: {}", other.shown());
    project.write("baton.toml", "");

    // The same journal in the hands of another person.
    std::fs::rename(project.path("person"), project.path("stranger")).unwrap();
    let foreign = resumed(&[]);
    assert_eq!(foreign.exit, 3, "{}", foreign.shown());
    assert!(
        foreign.stderr.contains("was not started by you, and calls tools"),
        "{}",
        foreign.shown()
    );
    let done = resumed(&["--yes", "--max-agents", "5"]);
    assert_eq!(done.exit, 0, "{}", done.shown());
}

#[test]
fn a_strangers_run_with_programs_is_asked_about() {
    let project = Project::with_scripts();
    project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'x' }\n\
         return [await agent('a'), await agent('b')]\n",
    );
    let ran = project.path("ran");
    let script = format!("echo x >> '{}'\necho '{{\"output\":\"x\"}}'\n", ran.display());
    project.write("w.sh", script);
    let backend = format!("command:/bin/sh {}", project.path("w.sh").display());
    let begun = ["run", "flow.js", "--agent", &backend, "--yes", "--max-agents", "1"];
    let begun = project.run_at_home(&begun);
    assert_eq!(begun.exit, 4, "{}", begun.shown());
    std::fs::rename(project.path("person"), project.path("stranger")).unwrap();
    let foreign = project.run_at_home(&["resume", "last", "--max-agents", "5"]);
    assert_eq!(foreign.exit, 3, "{}", foreign.shown());
    let said = "was not started by you, and has programs of this machine perform agents";
    assert!(foreign.stderr.contains(said), "{}", foreign.shown());
    assert_eq!(std::fs::read_to_string(&ran).unwrap(), "x\n", "nothing more ran");
    let done = project.run_at_home(&["resume", "last", "--max-agents", "5", "--yes"]);
    assert_eq!(done.exit, 0, "{}", done.shown());
}
