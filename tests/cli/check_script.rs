//! `baton check` of scripts.

use serde_json::json;

use super::support::Project;

const FLOW: &str = "\
export const meta = {
  name: 'flow',
  description: 'Looks and says.',
  whenToUse: 'When nobody looked.',
  phases: [{ title: 'Look', detail: 'at all' }, { title: 'Say', model: 'opus' }],
  colour: 'red',
  baton: { read: ['**/*.md'], budget: { agents: 9, tokens: 1000, cost_usd: 0.5 } },
}
const one = await agent('one', { label: 'first', model: 'opus', agentType: 'reviewer' })
for (const name of args) await agent(name, { agentType: 'reviewr' })
await workflow('child', 1)
await workflow('chld')
await workflow({ scriptPath: './lib/other.js' })
await workflow({ scriptPath: '../outside.js' })
await workflow(args[0])
if (typeof baton !== 'undefined') await baton.sleep(1)
return new URL('https://a/b').host + one
";

fn project() -> Project {
    let project = Project::with_scripts();
    project.write("repo/.git/HEAD", "");
    project.write("repo/flow.js", FLOW);
    project.write("outside.js", "export const meta = { name: 'o', description: 'o' }\n");
    project.write("repo/lib/other.js", "export const meta = { name: 'o', description: 'o' }\n");
    project.write(
        "repo/.claude/workflows/c.js",
        "export const meta = { name: 'child', description: 'c' }\n",
    );
    project.write("repo/.claude/agents/r.md", "---\nname: reviewer\ndescription: d\n---\nx\n");
    project
}

fn check(project: &Project, arguments: &[&str]) -> super::support::Said {
    project.run_in("repo", &[&["check"], arguments].concat())
}

#[test]
fn a_script_is_told_in_words() {
    insta::assert_snapshot!(check(&project(), &["flow.js"]).shown(), @r"
    exit 0
    --- stdout
    file       flow.js
    digest     [DIGEST]
    size       718 B
    name       flow
    says       Looks and says.
    when       When nobody looked.
    phases     Look: at all
               Say (opus)

    Asks for
      read **/*.md below the root that the operator grants
      spawn agents
      run the workflow child
      run the workflow chld
      run the workflow file:../outside.js
      run the workflow file:./lib/other.js
      a budget of 9 agents
      a budget of 1000 tokens
      a budget of $0.50

    Agent calls
      9:19     first, model opus
      10:32    agent, any number of times
      at most  unbounded

    Nested workflows
      11:7     child: .claude/workflows/c.js
      12:7     chld: NOT FOUND; did you mean `child`?
      13:7     ./lib/other.js: lib/other.js
      14:7     ../outside.js: NOT FOUND: the call will reject
      15:7     a computed name: any workflow of the project or the person, or those that `meta.baton.workflows` names

    Agent types
      9:76     reviewer: .claude/agents/r.md
      10:57    reviewr: NOT FOUND; did you mean `reviewer`?

    Only in Baton
      16:41    baton.sleep

    Warnings
      flow.js:6:11: `meta.colour` is an unknown key (meta-unknown-key)
        4 |   whenToUse: 'When nobody looked.',
        5 |   phases: [{ title: 'Look', detail: 'at all' }, { title: 'Say', model: 'opus' }],
      > 6 |   colour: 'red',
          |           ^
        7 |   baton: { read: ['**/*.md'], budget: { agents: 9, tokens: 1000, cost_usd: 0.5 } },
        8 | }
      hint: known are name, description, whenToUse, phases, baton; nothing reads this one

    baton runs this script
    ");
}

#[test]
fn a_script_is_told_to_programs() {
    let said = check(&project(), &["flow.js", "--json"]);
    let object = said.json();
    assert_eq!(said.exit, 0, "{}", said.shown());
    assert_eq!(object["kind"], "script");
    assert_eq!(object["accepted"], true);
    assert_eq!(object["portable"], false);
    assert_eq!(object["meta"]["name"], "flow");
    assert_eq!(object["meta"]["phases"][1], json!({ "title": "Say", "model": "opus" }));
    assert_eq!(object["requests"]["read"]["include"], json!(["**/*.md"]));
    assert_eq!(
        object["requests"]["workflows"],
        json!(["child", "chld", "file:../outside.js", "file:./lib/other.js"])
    );
    assert_eq!(object["agents"].as_array().unwrap().len(), 2);
    assert_eq!(object["agents"][1]["repeated"], true);
    let found = |key: &str| -> Vec<serde_json::Value> {
        object[key].as_array().unwrap().iter().map(|place| place["found"].clone()).collect()
    };
    let null = serde_json::Value::Null;
    assert_eq!(
        found("workflows"),
        [
            json!(".claude/workflows/c.js"),
            null.clone(),
            json!("lib/other.js"),
            null.clone(),
            null.clone()
        ]
    );
    assert_eq!(found("agent_types"), [json!(".claude/agents/r.md"), null]);
    assert_eq!(object["warnings"][0]["line"], 6, "D05: {}", object["warnings"]);
}

/// D204.
#[test]
fn what_ties_a_script_to_baton_is_listed() {
    let said = check(&project(), &["flow.js", "--portable"]);
    assert_eq!(said.exit, 1, "{}", said.shown());
    assert!(
        said.stdout.contains("flow.js:16:41: baton.sleep: only Baton has it\n"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("flow.js:17:12: URL: "), "{}", said.stdout);
    assert!(said.stderr.starts_with("error[B0036]: flow.js: "), "{}", said.stderr);
    let object = check(&project(), &["flow.js", "--portable", "--json"]).json();
    assert_eq!(object["portable"], false);
    assert_eq!(object["portability"][0]["name"], "URL");

    let project = project();
    project.write("repo/plain.js", "export const meta = { name: 'p', description: 'p' }\n");
    let said = check(&project, &["plain.js", "--portable"]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, ""), "{}", said.shown());
}

#[test]
fn a_refused_script_shows_every_place() {
    let project = project();
    project.write(
        "repo/bad.js",
        "export const meta = { name: 'bad', description: who }\nconst x = await import('fs')\n",
    );
    let said = check(&project, &["bad.js"]);
    assert_eq!(said.exit, 3);
    insta::assert_snapshot!(said.shown(), @r"
    exit 3
    --- stdout
    file       bad.js
    digest     [DIGEST]
    size       83 B

    Errors
      bad.js:1:49: `meta` holds the identifier `who` (meta-not-literal)
      > 1 | export const meta = { name: 'bad', description: who }
          |                                                 ^
        2 | const x = await import('fs')
        3 |
      hint: `meta` is read without running the script: use only strings, numbers, booleans, null, lists and objects
      bad.js:2:17: `import()` is not available (dynamic-import)
        1 | export const meta = { name: 'bad', description: who }
      > 2 | const x = await import('fs')
          |                 ^
        3 |
      hint: a script is one file without modules: put the code into the script, or let an agent do it

    baton refuses this script
    ");
    let object = check(&project, &["bad.js", "--json"]).json();
    assert_eq!(object["accepted"], false);
    let codes: Vec<&str> =
        object["errors"].as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["meta-not-literal", "dynamic-import"]);
}

/// D01 to D04, D07, D11, D12, D14: what is refused, and where.
#[test]
fn refusals_name_the_place() {
    let project = project();
    let meta = "export const meta = { name: 'x', description: 'y' }\n";
    let exact = format!("{meta}//{}", "x".repeat(524_288 - meta.len() - 2));
    for (text, exit, part) in [
        (exact.clone(), 0, ""),
        (format!("{exact}x"), 3, "it has 524289 bytes; a script has at most 524288 (too-large)"),
        (format!("let a = 1\n{meta}"), 3, "x.js:1:1: "),
        ("return 1".into(), 3, "(meta-missing)"),
        ("export const meta = { name: 'a' + 'b', description: 'y' }".into(), 3, "x.js:1:29: "),
        ("export const meta = { name: 'x', description: '' }".into(), 3, "(meta-field)"),
        (
            "export const meta = { name: 'x', description: 'y', __proto__: 1 }".into(),
            3,
            "(meta-key)",
        ),
        (format!("{meta}import x from 'y'\n"), 3, "x.js:2:1: "),
        (format!("{meta}if (false) import('y')\n"), 3, "x.js:2:12: "),
        (format!("{meta}let x: number = 1\n"), 3, "(typescript)"),
        (format!("{meta}'use \\u{{41}}'\n// import('y')\n"), 0, ""),
        (
            "export const meta = { name: 'x', description: 'y', baton: { read: 1 } }".into(),
            3,
            "meta",
        ),
    ] {
        project.write("repo/x.js", &text);
        let said = check(&project, &["x.js"]);
        let shown = said.shown();
        assert_eq!(said.exit, exit, "{}", shown.get(..600).unwrap_or(&shown));
        assert!(said.stdout.contains(part), "{part}: {}", shown.get(..600).unwrap_or(&shown));
    }
}

/// Text that would crash a parser crashes one inside the sandbox.
#[test]
fn hostile_text_is_refused_and_nothing_else_happens() {
    let project = project();
    let meta = "export const meta = { name: 'x', description: 'y' }\n";
    for (name, open, close) in [("parens", "(", ")"), ("lists", "[", "]"), ("blocks", "{", "}")] {
        let text = format!("{meta}{}1{}", open.repeat(200_000), close.repeat(200_000));
        project.write(&format!("repo/.baton/workflows/{name}.js"), text);
    }
    project.write("repo/.baton/workflows/good.js", meta);
    let said = project.run_in("repo", &["list", "--json"]);
    assert_eq!(said.exit, 0, "{}", said.stderr);
    let states: Vec<String> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|entry| entry["path"].as_str().is_some_and(|path| path.contains(".baton")))
        .map(|entry| entry["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["invalid", "ready", "invalid", "invalid"]);
}

#[test]
fn other_languages_are_named() {
    let project = project();
    project.write("repo/x.ts", "");
    let said = check(&project, &["./x.ts"]);
    assert_eq!(said.exit, 3);
    assert!(said.stderr.contains("scripts end in .js or .mjs"), "{}", said.stderr);
}

/// Definitions that are there and not used are named, as far as the script means them.
#[test]
fn what_was_not_loaded_is_told_where_it_is_missed() {
    let project = Project::with_scripts();
    project.write("repo/.git/HEAD", "");
    project.write("repo/.claude/agents/lost.md", "# Lost\n");
    project.write(
        "repo/.claude/agents/torn.md",
        "---\nname: torn\ndescription: Use when: always\nisolation: none\n---\nx\n",
    );
    project.write(
        "repo/x.js",
        "export const meta = { name: 'x', description: 'y' }\n\
         await agent('a', { agentType: 'lost' })\n\
         await agent('b', { agentType: 'torn' })\n",
    );
    let said = check(&project, &["x.js"]);
    let told = |part: &str| assert!(said.stdout.contains(part), "{part}\n{}", said.shown());
    told(
        "lost: NOT FOUND: the call will reject; .claude/agents/lost.md was not loaded: it has no \
         front matter\n",
    );
    told("torn: .claude/agents/torn.md, but line 3: the front matter is not YAML: ");
    told("; its lines are taken as they stand; `isolation: none` has no effect: ");
    let object = check(&project, &["x.js", "--json"]).json();
    assert_eq!(object["agent_types"][0]["found"], serde_json::Value::Null);
    assert_eq!(
        object["agent_types"][0]["problem"],
        ".claude/agents/lost.md was not loaded: it has no front matter"
    );
    let said = project.run_in("repo", &["run", "x.js", "--yes", "--agent", "command:true"]);
    assert!(
        said.stderr.contains(
            "warning: x.js:2:31: there is no agent type `lost`: the call will reject; \
             .claude/agents/lost.md was not loaded: it has no front matter\n"
        ),
        "{}",
        said.shown()
    );
}
