//! Models: what is listed and shown of them.

use serde_json::{Value, json};

use crate::support::{Project, Said};

const FLOW: &str = "\
export const meta = { name: 'flow', description: 'Asks.', phases: [{ title: 'Ask' }] }
const one = await agent('one', { agentType: 'reviewer' })
return [one, await agent('two', { model: 'haiku' })]
";

const REVIEWER: &str = "\
---
name: reviewer
description: Reviews.
model: opus
skills: checklist
maxTurns: 9
---
Review.
";

pub const PERSON: &str = "\
[tiers]
small = \"local:tiny\"
medium = \"local:big\"
[providers.local]
api = \"openai-chat\"
base_url = \"https://llm.example.org/v1\"
key = { env = \"LOCAL_KEY\" }
requests_per_minute = 60
[prices.\"local:tiny\"]
input = 0.5
output = 1.5
context = 32000
[prices.\"local:big\"]
input = 3
output = 15
cached = 0.3
";

/// A project with a script, and a person with settings.
pub fn project() -> Project {
    let project = Project::with_scripts();
    project.write(".git/HEAD", "");
    project.write("flow.js", FLOW);
    project.write("AGENTS.md", "Be brief.\n@docs/style.md\n");
    project.write(".claude/agents/reviewer.md", REVIEWER);
    project.write(
        ".claude/skills/checklist/SKILL.md",
        "---\nname: checklist\ndescription: What to look at.\n---\nLook at all of it.\n",
    );
    project.write("person/.config/baton/config.toml", PERSON);
    project
}

/// The command by a person with a home and a key.
pub fn run(project: &Project, arguments: &[&str]) -> Said {
    project.run_with(
        arguments,
        &[("HOME", &project.path("person").display().to_string()), ("LOCAL_KEY", "a-local-key")],
    )
}

fn lines(said: &Said) -> Vec<Value> {
    said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn models_are_listed_for_people() {
    insta::assert_snapshot!(run(&project(), &["models", "local"]).shown(), @r#"
    exit 0
    --- stdout
    Providers
      + local https://llm.example.org/v1/ · key from $LOCAL_KEY · 60 requests a minute · person/.config…

    Models, US dollars per million tokens
                        in       out    cached   context
      local:big       3.00     15.00      0.30         ?
      local:tiny      0.50      1.50      0.50     32.0k

    Tiers
      medium local:big
      small  local:tiny
    "#);
}

#[test]
fn models_are_listed_for_programs() {
    let said = run(&project(), &["models", "--json"]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    let all = lines(&said);
    let find = |what: &str, name: &str| {
        all.iter().find(|row| row["type"] == what && row["name"] == name).unwrap().clone()
    };
    assert_eq!(
        find("provider", "local"),
        json!({
            "type": "provider", "name": "local", "api": "openai-chat",
            "base_url": "https://llm.example.org/v1/", "key": "$LOCAL_KEY", "ready": true,
            "problem": null, "requests_per_minute": 60, "tokens_per_minute": null,
            "concurrency": null, "from": "person/.config/baton/config.toml:4",
        })
    );
    assert_eq!(find("provider", "anthropic")["ready"], false);
    assert_eq!(find("provider", "anthropic")["problem"], "$ANTHROPIC_API_KEY is not set");
    assert_eq!(
        find("model", "local:big"),
        json!({
            "type": "model", "name": "local:big", "provider": "local", "ready": true,
            "input": 3.0, "output": 15.0, "cached": 0.3, "cache_write": 3.0,
            "context": null, "output_max": null,
        })
    );
    assert_eq!(find("model", "ollama:*")["output"], 0.0);
    assert_eq!(find("tier", "small")["backend"], "local:tiny");
    let nothing = run(&project(), &["models", "no-such-thing"]);
    assert_eq!(nothing.stdout, "nothing has that in its name\n");
}

#[test]
fn the_screen_says_who_performs_agents_and_what_they_are_given() {
    let project = project();
    project
        .write("baton.toml", "[caps]\nphases.Ask = { max_cost = 1 }\ntask = { max_tokens = 9 }\n");
    let arguments = ["run", "flow.js", "--root", ".", "--agent", "local:big", "--max-agents", "5"];
    let said = run(&project, &[&arguments[..], &["--grant", "write=out/**"]].concat());
    insta::assert_snapshot!(said.shown(), @r#"
    exit 3
    --- stderr
    flow program [DIGEST] · script [DIGEST] · flow.js
      Asks.
      phases Ask

    It asks for, and gets
      + read all files below [DIR] (never what usually holds secrets: .env, keys, .git)
      + spawn agents (2 by its text), at most 5, 16 at once

    Agent tasks are performed by
      · every agent: local:big ($3.00 in, $15.00 out per million tokens)

    Models in reach
      · local: https://llm.example.org/v1/ (key from $LOCAL_KEY): 1 priced model, at most $15.00 out

    Models are given
      · AGENTS.md (25 B), always
      · 1 skill (18 B), when a task calls for it: checklist (project)
      · AGENTS.md: imports are not followed: @docs/style.md

    Agents that work by themselves
      + may read anything below the root
      + may write out/**

    It knows the agent types
      · reviewer: Reviews.

    Held to
      · 5 agents
      · in the phase Ask: $1.00
      · each agent: 9 tokens
      · no cap on money (--max-cost)

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    error[B0006]: nobody is there to consent to this run
      hint: add --yes to start with what policy grants, or run this on a terminal
      `baton explain B0006` says more
    "#);
}

#[test]
fn the_screen_says_what_is_not_kept_from_a_coding_agent() {
    let arguments = ["run", "flow.js", "--root", ".", "--agent", "claude", "--max-cost", "1"];
    let said = run(&project(), &[&arguments[..], &["--grant", "exec=cargo test **"]].concat());
    for told in [
        "every agent: claude (a coding agent of this machine: NOT in the sandbox; what it asks is \
         answered from what is granted; gets $ANTHROPIC_API_KEY, $ANTHROPIC_AUTH_TOKEN, \
         $CLAUDE_CODE_OAUTH_TOKEN where set)",
        "  + may run cargo test **\n",
        "  + may send requests anywhere: which hosts a coding agent calls is not enforced\n",
        "coding agents tell only afterwards what they used",
    ] {
        assert!(said.stderr.contains(told), "{told}: {}", said.shown());
    }
    assert!(!said.stderr.contains("Models in reach"), "{}", said.shown());
}

#[test]
fn check_says_the_same_without_starting() {
    let project = project();
    project.write(
        "baton.toml",
        "[agents]\ndefault = \"local:big\"\ntypes = { reviewer = \"small\" }\n",
    );
    let said = run(&project, &["check", "flow.js", "--root", "."]);
    insta::assert_snapshot!(said.shown(), @r#"
    exit 0
    --- stdout
    file       flow.js
    digest     [DIGEST]
    size       198 B
    name       flow
    says       Asks.
    phases     Ask

    Asks for
      read all files below the root that the operator grants
      spawn agents

    Policy
      + may read all files

    Agent tasks are performed by
      every agent not named below: local:big ($3.00 in, $15.00 out per million tokens)
      reviewer: local:tiny ($0.50 in, $1.50 out per million tokens)

    Models in reach
      medium: local:big ($3.00 in, $15.00 out per million tokens)
      small: local:tiny ($0.50 in, $1.50 out per million tokens)
      local: https://llm.example.org/v1/ (key from $LOCAL_KEY): 2 priced models, at most $15.00 out

    Models are given
      AGENTS.md (25 B), always
      1 skill (18 B), when a task calls for it: checklist (project)
      AGENTS.md: imports are not followed: @docs/style.md

    Agents that work by themselves
      + may read anything below the root

    Agent calls
      2:19     agent
      3:20     agent, model haiku
      at most  2 agents

    Agent types
      2:45     reviewer: .claude/agents/reviewer.md

    baton runs this script
    "#);
    let said = run(&project, &["check", "flow.js", "--agent", "local", "--json"]);
    let agents = &said.json()["authority"]["agents"];
    assert_eq!(agents["all"], "local", "{}", said.shown());
    assert_eq!(agents["models"]["tiers"]["small"], "local:tiny");
    assert!(agents["models"]["providers"]["local"].get("key").is_none());
    assert_eq!(agents["endpoints"][0], "local: https://llm.example.org/v1/ (key from $LOCAL_KEY)");
    assert_eq!(agents["guidance"]["instructions"][0]["name"], "AGENTS.md");
    assert_eq!(agents["guidance"]["skills"][0]["name"], "checklist");
}
