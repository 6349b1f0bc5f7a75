//! Scripts that may not start, or do not end well, and how that is told.

use serde_json::Value;

use crate::scripts::{ECHO, output, project, run, script};
use crate::support::Project;

#[test]
fn a_script_that_nobody_could_serve_does_not_start() {
    let project = project("return await agent('x')");
    let said = project.run(&["run", "flow.js", "--yes"]);
    assert_eq!(said.exit, 2, "{}", said.shown());
    insta::assert_snapshot!(said.shown(), @r"
    exit 2
    --- stderr
    error[B0023]: flow.js spawns agents, and nothing performs them
      hint: name a backend: --agent PROVIDER:MODEL (`baton models` lists them), --agent claude, --agent 'command:./worker' or --agent component:NAME
      `baton explain B0023` says more
    ");
    let said = project.run(&["ls"]);
    assert!(said.stderr.contains("nothing has run"), "{}", said.shown());
    // Without agents nobody is needed.
    project.write("flow.js", script("return 1"));
    let said = project.run(&["run", "flow.js", "--yes"]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, "1\n"), "{}", said.shown());
}

#[test]
fn a_script_that_lacks_extensions_is_told_before_anything_is_paid() {
    let agent = ["run", "flow.js", "--yes", "--agent", ECHO];
    let project = project("const told = await agent('x')\nreturn [told, baton.version]");
    let told = "is there with --extensions only";
    for (more, warns) in [(&[][..], true), (&["--extensions"][..], false)] {
        let said = project.run(&[&agent[..], more].concat());
        assert_eq!(said.stderr.contains(told), warns, "{}", said.shown());
        // It starts all the same.
        assert_eq!(said.exit == 0, !warns, "{}", said.shown());
    }
    let guarded = "return typeof baton === 'undefined' ? 'plain' : baton.version";
    project.write("flow.js", script(guarded));
    let said = project.run(&agent);
    assert!(said.exit == 0 && !said.stderr.contains(told), "{}", said.shown());
}

#[test]
fn consent_is_asked_for_what_the_script_is() {
    let project = project("");
    project.write(
        ".claude/workflows/a.js",
        "export const meta = {
           name: 'audit', description: 'Looks.', phases: [{ title: 'Look' }, { title: 'Say' }],
           baton: { read: ['docs/**'] },
         }
         return [await agent('x', { agentType: 'reviewer' }), await workflow('flow')]\n",
    );
    project.write(
        ".claude/agents/r.md",
        "---\nname: reviewer\ndescription: Reviews.\n---\nYou review.\n",
    );
    project.write(".claude/workflows/flow.js", script("return 1"));
    let arguments = ["run", "audit", "--agent", "reviewer=component:echo-agent", "--budget", "9k"];
    insta::assert_snapshot!(project.run(&arguments).shown(), @r"
    exit 3
    --- stderr
    audit program [DIGEST] · script [DIGEST] · .claude/workflows/a.js
      Looks.
      phases Look → Say

    It asks for, and gets
      + spawn agents (its text sets no bound), at most 1000, 16 at once
      + run these workflows: flow

    It asks for, and does not get
      - read docs/**: no directory was granted; --root DIR grants one

    Agent tasks are performed by
      · every agent not named below: no backend: name one with --agent
      · reviewer: component:echo-agent (sandboxed)

    It knows the agent types
      · reviewer: Reviews.

    Held to
      · its own budget of 9.0k output tokens
      · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    error[B0006]: nobody is there to consent to this run
      hint: add --yes to start with what policy grants, or run this on a terminal
      `baton explain B0006` says more
    ");
}

/// D25 through the command line.
#[test]
fn a_script_that_is_refused_makes_no_run() {
    let project = project("const x: number = 1\nreturn x");
    let said = project.run(&["run", "flow.js", "--yes"]);
    assert_eq!((said.exit, said.stdout.as_str()), (3, ""));
    insta::assert_snapshot!(said.shown(), @r"
    exit 3
    --- stderr
    error[B0031]: flow.js is refused: 2:8: TypeScript is not accepted: a type annotation (typescript)
        1 | export const meta = { name: 'flow', description: 'A flow.' }
      > 2 | const x: number = 1
          |        ^
        3 | return x
        4 |
      hint: scripts are plain JavaScript: remove the type
      `baton explain B0031` says more
    ");
    let object = project.run(&["run", "flow.js", "--yes", "--json"]).json();
    assert_eq!(object["run"], Value::Null);
    assert_eq!(object["error"]["code"], "B0031");
    assert!(!project.path(".baton/journal.db").exists());
}

/// D165, D166.
#[test]
fn an_error_shows_its_place_and_the_call_it_came_from() {
    let project = project(
        "async function look(name) {
  const found = await agent(name, { label: 'look' })
  return found.missing.value
}
return await look('x')",
    );
    let said = project.run(&["run", "flow.js", "--yes", "--agent", ECHO]);
    assert_eq!(said.exit, 1);
    let shown = said.shown();
    let error = shown.find("error[").map_or("", |at| &shown[at..]);
    insta::assert_snapshot!(error, @r"
    error[B0032]: [RUN] failed: TypeError: cannot read property 'value' of undefined (flow.js:4:10), after agent `look` (task 1) gave ok (script-error)
        2 | async function look(name) {
        3 |   const found = await agent(name, { label: 'look' })
      > 4 |   return found.missing.value
          |          ^
        5 | }
        6 | return await look('x')
      at look (flow.js:4:10)
      hint: `baton tree [RUN]` shows what led to it
      `baton explain B0032` says more
    ");
    let object = project.run(&["resume", "last", "--json"]).json();
    assert_eq!(object["error"]["code"], "B0032");
    assert_eq!(object["error"]["failure"]["code"], "script-error");
    assert_eq!(object["error"]["failure"]["detail"]["line"], 4);
}

#[test]
fn scripts_that_never_end_well_have_codes_of_their_own() {
    for (body, code, part) in [
        ("await new Promise(() => {})", "B0033", "flow.js:2:1"),
        ("return { a: [1, () => 1] }", "B0034", "a"),
        ("throw new Error('mine')", "B0032", "mine"),
    ] {
        let project = project(body);
        let said = project.run(&["run", "flow.js", "--yes"]);
        assert_eq!(said.exit, 1, "{}", said.shown());
        assert!(said.stderr.contains(&format!("error[{code}]: ")), "{}", said.stderr);
        assert!(said.stderr.contains(part), "{}", said.stderr);
    }
}

/// D92.
#[test]
fn a_declared_phase_that_was_not_reached_is_shown() {
    let project = project("");
    project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'd',
           phases: [{ title: 'Look' }, { title: 'Silent' }, { title: 'Never' }] }
         phase('Look')
         await agent('x')
         phase('Silent')
         return 1\n",
    );
    output(&run(&project, &[]));
    let tree = project.run(&["tree", "last"]);
    assert!(tree.stdout.ends_with("○ Never not started\n"), "{}", tree.stdout);
    assert!(!tree.stdout.contains("Silent not started"), "{}", tree.stdout);
}

/// D27, D176: the run has the script it was started with, and an edited one is another program.
#[test]
fn an_edited_script_is_another_program() {
    let project = project("return 1");
    output(&run(&project, &[]));
    let program =
        |project: &Project| project.run(&["show", "last", "--json"]).json()["program"].clone();
    let first = program(&project);
    output(&run(&project, &[]));
    assert_eq!(program(&project), first);
    project.write("flow.js", script("return 2"));
    assert_eq!(project.run(&["resume", "last", "--json"]).json()["output"], 1);
    output(&run(&project, &[]));
    assert_ne!(program(&project), first);
}
