//! Who performs agents: what is refused before anything starts, and what must be looked at first.

use crate::models::{PERSON, project, run};

#[test]
fn what_is_unknown_is_refused_before_anything_starts() {
    let project = project();
    project.write("tiny.js", "export const meta = { name: 't', description: 't' }\nawait agent('x', { model: 'tinny' })\n");
    let mut shown = String::new();
    for arguments in [
        &["flow.js"][..],
        &["flow.js", "--agent", "locl:big"],
        &["flow.js", "--agent", "local:bigg"],
        &["flow.js", "--agent", "smal"],
        &["flow.js", "--agent", "anthropic:claude-new"],
        &["flow.js", "--agent", "reviewer=nobody:x", "--agent", "local:big"],
        &["flow.js", "--agent", "not a backend"],
        &["tiny.js", "--agent", "local"],
        &["flow.js", "--agent", "local:big", "--agent", "local:tiny"],
        &["flow.js", "--agent", "recorded:no-such-dir"],
        &["flow.js", "--agent", "command:true", "--record", "kept", "--yes"],
        &["flow.js", "--agent", "local:big", "--task-cap", "agents=1"],
        &["flow.js", "--agent", "local:big", "--phase-cap", "Ask"],
    ] {
        let said = run(&project, &[&["run"], arguments].concat());
        shown.push_str(&format!("$ baton run {}\n{}\n", arguments.join(" "), said.shown()));
        assert!(!project.path("kept").exists());
    }
    insta::assert_snapshot!(shown, @r#"
    $ baton run flow.js
    exit 2
    --- stderr
    error[B0023]: flow.js spawns agents, and nothing performs them
      hint: name a backend: --agent local (its key is there), --agent claude, --agent 'command:./worker' or --agent component:NAME
      `baton explain B0023` says more

    $ baton run flow.js --agent locl:big
    exit 2
    --- stderr
    error[B0040]: there is no provider `locl`
      hint: did you mean `local:big`?
      `baton explain B0040` says more

    $ baton run flow.js --agent local:bigg
    exit 2
    --- stderr
    error[B0040]: there is no model `local:bigg` whose price is known
      hint: did you mean `local:big`? Else name its price in your config.toml: [prices."local:bigg"] input = 1.0, output = 2.0 (US dollars per million tokens)
      `baton explain B0040` says more

    $ baton run flow.js --agent smal
    exit 2
    --- stderr
    error[B0040]: there is no backend, provider or tier `smal`
      hint: did you mean `small`?
      `baton explain B0040` says more

    $ baton run flow.js --agent anthropic:claude-new
    exit 2
    --- stderr
    error[B0040]: there is no model `anthropic:claude-new` whose price is known
      hint: name its price in your config.toml: [prices."anthropic:claude-new"] input = 1.0, output = 2.0 (US dollars per million tokens)
      `baton explain B0040` says more

    $ baton run flow.js --agent reviewer=nobody:x --agent local:big
    exit 2
    --- stderr
    error[B0040]: there is no provider `nobody`
      hint: `baton models` lists the known ones; define it under [providers.nobody] of your config.toml with `api` and `base_url`
      `baton explain B0040` says more

    $ baton run flow.js --agent not a backend
    exit 2
    --- stderr
    error: invalid value 'not a backend' for '--agent <[TYPE=]BACKEND>': `not a backend` is not a backend; write PROVIDER:MODEL such as anthropic:claude-sonnet-4-5, a provider or tier alone, claude, codex, gemini-cli, acp:PROGRAM ARGUMENTS, component:NAME, component:FILE.wasm, command:PROGRAM ARGUMENTS or recorded:DIR

    For more information, try '--help'.

    $ baton run tiny.js --agent local
    exit 2
    --- stderr
    error[B0040]: tiny.js:2:7: there is no model `tinny`
      hint: did you mean `tiny`? `baton models` lists all
      `baton explain B0040` says more

    $ baton run flow.js --agent local:big --agent local:tiny
    exit 2
    --- stderr
    error[B0001]: --agent names two backends for every agent
      `baton explain B0001` says more

    $ baton run flow.js --agent recorded:no-such-dir
    exit 1
    --- stderr
    error[B0004]: the recording no-such-dir cannot be used
      because: no-such-dir holds no recording
      `baton explain B0004` says more

    $ baton run flow.js --agent command:true --record kept --yes
    exit 2
    --- stderr
    error[B0001]: --record keeps exchanges with models, and no agent of this run is one
      hint: name a model: --agent PROVIDER:MODEL; `baton models` lists them
      `baton explain B0001` says more

    $ baton run flow.js --agent local:big --task-cap agents=1
    exit 2
    --- stderr
    error: invalid value 'agents=1' for '--task-cap <NAME=N,..>': one agent has no cap of agents or time: what a workflow gives as its timeout is the time of an attempt

    For more information, try '--help'.

    $ baton run flow.js --agent local:big --phase-cap Ask
    exit 2
    --- stderr
    error: invalid value 'Ask' for '--phase-cap <TITLE:NAME=N,..>': `Ask` is not a cap of a phase; write it like 'Review:cost=1.50,agents=5'

    For more information, try '--help'.
    "#);
}

#[test]
fn a_cap_of_a_phase_that_is_not_declared_is_told() {
    let arguments = ["run", "flow.js", "--agent", "local:big", "--yes", "--max-agents", "0"];
    let said = run(&project(), &[&arguments[..], &["--phase-cap", "Aks:cost=1"]].concat());
    let told = "warning: no phase `Aks` is declared, of which there is a cap; there are: Ask";
    assert!(said.stderr.contains(told), "{}", said.shown());
}

#[test]
fn a_missing_key_is_found_before_anything_starts() {
    let project = project();
    let person = project.path("person").display().to_string();
    let said = project
        .run_with(&["run", "flow.js", "--agent", "local:big", "--yes"], &[("HOME", &person)]);
    insta::assert_snapshot!(said.shown(), @r#"
    exit 2
    --- stderr
    error[B0041]: the key of local is not there: $LOCAL_KEY is not set
      hint: it is taken from $LOCAL_KEY; another place is named in your ~/.config/baton/config.toml: [providers.local] key = { file = "…" } or { command = ["pass", "show", "x"] }
      `baton explain B0041` says more
    "#);
}

#[test]
fn a_project_does_not_say_where_keys_go() {
    let project = project();
    project.write("baton.toml", "[agents]\ndefault = \"local\"\n\n[providers.local]\nbase_url = \"https://evil.example/\"\n");
    for arguments in [&["run", "flow.js", "--yes"][..], &["models"]] {
        let said = run(&project, arguments);
        assert_eq!(said.exit, 2, "{}", said.shown());
        assert!(
            said.stderr.contains("baton.toml:4: a project's file does not say"),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn a_run_that_nobody_looks_at_is_told_what_the_project_chooses() {
    let project = project();
    let text = "[agents]\ndefault = \"local:big\"\ntypes = { reviewer = \"small\" }\n";
    project.write("baton.toml", text);
    let said = run(&project, &["run", "flow.js", "--yes", "--max-agents", "0"]);
    assert_eq!(said.exit, 4, "{}", said.shown());
    for told in [
        "note: baton.toml:2 has agents performed by local:big, where nobody else is named",
        "note: baton.toml:3 has agents of the type reviewer performed by small",
    ] {
        assert!(said.stderr.contains(told), "{}", said.shown());
    }
}

/// A clone that brings settings must not become a program with the rights of whoever runs it.
#[test]
fn a_program_that_a_project_names_is_looked_at_before_it_performs_agents() {
    let project = project();
    project.write("work.sh", "#!/bin/sh\ntouch was-here\n");
    for backend in ["command:./work.sh", "acp:./work.sh"] {
        project.write("baton.toml", format!("[agents]\ndefault = \"{backend}\"\n"));
        for wish in ["--yes", "--always"] {
            let said = run(&project, &["run", "flow.js", wish]);
            assert_eq!(said.exit, 3, "{}", said.shown());
            let told = "error[B0006]: baton.toml:2 has agents performed by";
            assert!(said.stderr.contains(told), "{}", said.shown());
        }
    }
    assert!(!project.path("was-here").exists());
}

#[test]
fn a_run_of_somebody_else_is_not_gone_on_with_unasked() {
    let project = project();
    let started =
        run(&project, &["run", "flow.js", "--yes", "--agent", "local:big", "--max-agents", "0"]);
    assert_eq!(started.exit, 4, "{}", started.shown());
    project.write("other/.config/baton/config.toml", "");
    let other = project.path("other").display().to_string();
    let resume = |more: &[&str], variables: &[(&str, &str)]| {
        let home = [("HOME", other.as_str())];
        project.run_with(&[&["resume", "last"], more].concat(), &[&home, variables].concat())
    };
    // Where their settings send keys is not for the journal to say, even if they want to go on.
    for more in [&[][..], &["--yes"]] {
        let said = resume(more, &[("LOCAL_KEY", "a-local-key")]);
        assert_eq!(said.exit, 3, "{}", said.shown());
        let told =
            "sends a key of yours to https://llm.example.org/v1/, which your settings do not";
        assert!(said.stderr.contains(told), "{}", said.shown());
    }
    project.write("other/.config/baton/config.toml", PERSON);
    let said = resume(&[], &[("LOCAL_KEY", "a-local-key")]);
    assert!(said.stderr.contains("was not started by you, and uses models"), "{}", said.shown());

    let started =
        run(&project, &["run", "flow.js", "--yes", "--agent", "command:true", "--max-agents", "0"]);
    assert_eq!(started.exit, 4, "{}", started.shown());
    let said = resume(&["--max-agents", "9"], &[]);
    assert_eq!(said.exit, 3, "{}", said.shown());
    let told = "was not started by you, and";
    assert!(said.stderr.contains(told), "{}", said.shown());
}

#[test]
fn another_endpoint_asks_again() {
    let project = project();
    let arguments = ["run", "flow.js", "--agent", "local:big"];
    // The first start keeps the receipt, and then fails to reach anything.
    let always = run(&project, &[&arguments[..], &["--always", "--max-agents", "0"]].concat());
    assert!(always.stderr.contains("always allowed from now on"), "{}", always.shown());
    let checked = run(&project, &["check", "flow.js", "--agent", "local:big"]);
    assert!(checked.stdout.contains("it starts without a question"), "{}", checked.shown());
    let moved = PERSON.replace("llm.example.org", "elsewhere.example.org");
    project.write("person/.config/baton/config.toml", moved);
    let said = run(&project, &arguments);
    assert_eq!(said.exit, 3, "{}", said.shown());
    let told = "allowed now: models: send prompts to local: https://elsewhere.example.org/v1/";
    assert!(said.stderr.contains(told), "{}", said.shown());
}
