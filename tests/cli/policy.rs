//! What is granted and denied: files of settings, flags, and what `check` makes of them.

use baton_test_support::guest;

use super::support::{Project, Said};

fn project() -> Project {
    let project = Project::new();
    for name in ["prober.wasm", "narrow.wasm"] {
        project.write(name, guest("prober"));
    }
    project.write("probe-tool.wasm", guest("probe-tool"));
    project
}

/// What is said of authority, without what differs between builds.
fn authority(said: &Said) -> String {
    let text = said.shown();
    let begin = text.find("Asks for").unwrap_or_default();
    let end = text.find("\nImports").unwrap_or(text.len());
    text[begin..end].trim_end().to_owned()
}

#[test]
fn a_mistake_in_a_file_of_settings_is_shown_where_it_stands() {
    let project = project();
    let said = |text: &str| {
        project.write("baton.toml", text);
        project.run(&["check", "prober.wasm"]).shown()
    };
    let all = [
        said("[grant]\nexec = [\n  \"cargo test\",\n  \"* x\",\n]\n"),
        said("[grants]\nread = []\n"),
        said("[secrets.a]\nenv = \"A\"\nfile = \"b\"\n"),
        said("[tools.\"git/push\"]\ntimeout = \"soon\"\n"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    exit 2
    --- stderr
    error[B0035]: [DIR]/baton.toml:4:3: `* x`: the program must be named, without `*`
      4 |   "* x",
        |   ^
      `baton explain B0035` says more

    exit 2
    --- stderr
    error[B0035]: [DIR]/baton.toml:1:2: unknown field `grants`, expected one of `scripts`, `grant`, `deny`, `plugins`, `tools`, `secrets`, `mcp`, `http`, `agents`, `tiers`, `providers`, `prices`, `caps`, `quota`, `notify`, `retention`, `concurrency`
      TOML parse error at line 1, column 2
        |
      1 | [grants]
        |  ^^^^^^
      unknown field `grants`, expected one of `scripts`, `grant`, `deny`, `plugins`, `tools`, `secrets`, `mcp`, `http`, `agents`, `tiers`, `providers`, `prices`, `caps`, `quota`, `notify`, `retention`, `concurrency`
      `baton explain B0035` says more

    exit 2
    --- stderr
    error[B0035]: [DIR]/baton.toml:1:1: a secret has exactly one of `env`, `file` and `command`
      1 | [secrets.a]
        | ^
      `baton explain B0035` says more

    exit 2
    --- stderr
    error[B0035]: [DIR]/baton.toml:2:11: `soon` is not a span of time; write it like 90s, 5m or 1h30m
      2 | timeout = "soon"
        |           ^
      `baton explain B0035` says more
    "#);
}

#[test]
fn a_mistake_in_a_flag_is_a_mistake_of_the_command_line() {
    let project = project();
    for (flag, word) in [
        ("write", "is not KIND=PATTERN"),
        ("agents=x", "is not KIND=PATTERN"),
        ("write=/etc", "begins with a slash"),
        ("http=ftp://x", "the scheme is"),
        ("exec=", "no program"),
    ] {
        let said = project.run(&["run", "prober.wasm", "--grant", flag]);
        assert_eq!(said.exit, 2, "{}", said.shown());
        assert!(said.stderr.contains(word), "{flag}: {}", said.shown());
    }
}

#[test]
fn check_says_what_is_granted_and_what_would_grant_the_rest() {
    let project = project();
    project.write("root/x", "");
    project.write(
        "baton.toml",
        "[grant]\nwrite = [\"out/**\"]\nhttp = [\"https://*:*\"]\nsecrets = [\"*\"]\n\
         tools = [\"probe-tool/*\"]\n\
         [deny]\nread = [\"x/**\"]\n[tools.\"probe-tool/say\"]\neffect = \"repeatable\"\n",
    );
    let said = project.run(&["check", "prober.wasm", "--root", "root"]);
    insta::assert_snapshot!(authority(&said), @r"
    Asks for
      read ** below the root that the operator grants
      spawn agents
      run the workflow prober
      run the workflow narrow
      call the tools probe-tool/*
      run `/bin/echo **`

    Policy
      + may read all files, but not x/**
      + may call the tools probe-tool/* (baton.toml:5)

    Its tools
      probe-tool probe-tool.wasm [DIGEST]: env (once), http (once), read (once), say (repeatable: baton.toml:8), write (once)
          + may read all files, but not x/**
          + may write all files, but only within out/**, but not x/** (baton.toml:2): --grant 'write=**'
          + may send requests to https://*:* (baton.toml:3)
          - may not send requests to http://*:*: --grant 'http=http://*:*'
          - may not see the environment variable *: --grant 'env=*'
          - may not use the secret *: nobody defines it: [secrets.*], --grant 'secrets=*'
      exec commands of this machine
          - may not run `/bin/echo **`: --grant 'exec=/bin/echo **'
    ");
    let json = project.run(&["check", "prober.wasm", "--root", "root", "--json"]).json();
    let providers = json["authority"]["providers"].as_array().unwrap();
    let tool = providers.iter().find(|provider| provider["name"] == "probe-tool").unwrap();
    let verdicts: Vec<String> = tool["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|judged| format!("{} {}", judged["capability"], judged["verdict"]).replace('"', ""))
        .collect();
    assert_eq!(
        verdicts,
        [
            "read granted",
            "write partly",
            "http granted",
            "http refused",
            "env refused",
            "secrets refused",
        ]
    );
}

#[test]
fn a_component_of_tools_is_held_against_policy() {
    let project = project();
    let said = project.run(&["check", "probe-tool.wasm", "--grant", "env=LANG"]);
    insta::assert_snapshot!(authority(&said), @r"
    Asks for
      read ** below the root that the operator grants
      write all files
      send requests to https://*:*
      send requests to http://*:*
      see the environment variable *
      use the secret *

    Tools
      env: Gives an environment variable back. # Errors When there is none of that name.
      http: Sends a request, and gives back the status. # Errors When it cannot be sent.
      read: Reads a file. # Errors When it cannot be read.
      say: Gives a name back. # Errors Never.
      write: Writes a file. # Errors When it cannot be written.

    Policy
      - may not read all files: no directory was granted: --root DIR
      - may not write all files: no directory was granted: --root DIR, --grant 'write=**'
      - may not send requests to https://*:*: --grant 'http=https://*:*'
      - may not send requests to http://*:*: --grant 'http=http://*:*'
      + may see the environment variable *, but only within LANG (--grant): --grant 'env=*'
      - may not use the secret *: nobody defines it: [secrets.*], --grant 'secrets=*'
    ");
}

#[test]
fn tools_are_found_in_their_folders() {
    let project = project();
    project.write("folder/.baton/tools/probe-tool.wasm", guest("probe-tool"));
    project.write("folder/.baton/tools/broken.wasm", "x");
    project.write("folder/baton.toml", "[mcp.some]\ncommand = [\"./serve\", \"a b\"]\n");
    let said = project.run_in("folder", &["list", "--tools"]);
    assert!(said.stdout.contains("probe-tool .baton/tools/probe-tool.wasm"), "{}", said.shown());
    assert!(
        said.stdout.contains("some [DIR]/folder/serve 'a b'")
            || said.stdout.contains("/folder/serve 'a b' (baton.toml:1)"),
        "{}",
        said.shown()
    );
    assert!(said.stderr.contains("broken.wasm is not a component"), "{}", said.shown());
    let lines = project.run_in("folder", &["list", "--tools", "--json"]);
    let all: Vec<serde_json::Value> =
        lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let probe = all.iter().find(|line| line["name"] == "probe-tool/say").unwrap();
    assert_eq!(probe["type"], "tool");
    assert_eq!(probe["requests"]["env"][0], "*");
    assert!(all.iter().any(|line| line["type"] == "server" && line["name"] == "some"));
}

#[test]
fn yes_starts_with_what_policy_grants_and_says_what_is_missing() {
    let project = project();
    let said = project.run(&[
        "run",
        "prober.wasm",
        "--yes",
        "--json",
        "--input",
        "{\"acts\":[{\"tool\":{\"name\":\"probe-tool/env\",\"input\":{\"name\":\"USER\"}}}]}",
    ]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    assert_eq!(said.json()["output"][0]["not"]["code"], "env", "{}", said.shown());
    assert!(
        said.stderr.contains("probe-tool may not see the environment variable *: --grant 'env=*'"),
        "{}",
        said.shown()
    );
}

#[test]
fn a_project_takes_no_name_of_other_tools() {
    let project = Project::new();
    let mine = [baton_plugins::find("echo-tool").unwrap().bytes, &[0, 2, 1, b'x']].concat();
    project.write(".baton/tools/echo-tool.wasm", &mine);
    project.write(".baton/tools/probe-tool.wasm", guest("probe-tool"));
    let listed = |project: &Project| {
        let said = project.run_at_home(&["list", "--tools"]);
        let from = |name: &str| {
            let line = said.stdout.lines().find(|line| line.trim_start().starts_with(name));
            line.unwrap_or_default().trim().to_owned()
        };
        (from("echo-tool "), from("probe-tool "), said.stderr)
    };
    let (echo, probe, told) = listed(&project);
    assert_eq!(echo, "echo-tool built in");
    assert_eq!(probe, "probe-tool .baton/tools/probe-tool.wasm");
    assert!(told.contains("is not used: `echo-tool` is built in"), "{told}");

    // What the person brings is nearer than what a project brings, also under a built-in name.
    let other = [guest("probe-tool"), &[0, 2, 1, b'x']].concat();
    project.write("person/.config/baton/tools/probe-tool.wasm", &other);
    project.write("person/.config/baton/tools/echo-tool.wasm", &mine);
    let (echo, probe, told) = listed(&project);
    assert_eq!(echo, "echo-tool person/.config/baton/tools/echo-tool.wasm");
    assert_eq!(probe, "probe-tool person/.config/baton/tools/probe-tool.wasm");
    assert!(told.contains("you have tools of your own called `probe-tool`"), "{told}");

    // A server is no other provider: that of a project gives way, that of a person wins.
    project.write("baton.toml", "[mcp.probe-tool]\ncommand = [\"x\"]\n");
    let (_, probe, told) = listed(&project);
    assert_eq!(probe, "probe-tool person/.config/baton/tools/probe-tool.wasm");
    assert!(told.contains("[mcp.probe-tool] is not used"), "{told}");
    project.write("baton.toml", "");
    project
        .write("person/.config/baton/config.toml", "[mcp.probe-tool]\nurl = \"https://x.org\"\n");
    let (_, probe, told) = listed(&project);
    assert!(probe.starts_with("probe-tool https://x.org ("), "{probe}");
    assert!(told.contains("[mcp.probe-tool] has its name"), "{told}");
}

#[test]
fn yes_says_what_the_settings_of_a_project_start_on_this_machine() {
    let project = project();
    project.write(
        "baton.toml",
        "[grant]\nsecrets = [\"*\"]\nexec = [\"/bin/echo **\"]\n\
         [secrets.a]\ncommand = [\"sh\", \"-c\", \"id\"]\n[secrets.b]\nfile = \"/etc/hostname\"\n",
    );
    let said = project.run(&["run", "prober.wasm", "--yes", "--input", "{\"acts\":[]}"]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    for line in [
        "baton.toml:4 runs `sh -c id` for the secret a",
        "baton.toml:6 reads /etc/hostname for the secret b",
        "baton.toml:3 lets it run `/bin/echo **`",
    ] {
        assert!(said.stderr.contains(line), "{line}: {}", said.shown());
    }
}
