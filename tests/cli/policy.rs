//! What is granted and denied: files of settings, flags, and what `check` makes of them.

use baton_test_support::guest;

use super::support::Project;

fn project() -> Project {
    let project = Project::new();
    project.write("prober.wasm", guest("prober"));
    project.write("probe-tool.wasm", guest("probe-tool"));
    project
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
    insta::assert_snapshot!(all.join("\n"), @"");
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
         [deny]\nread = [\"x/**\"]\n[tools.\"probe-tool/say\"]\neffect = \"repeatable\"\n",
    );
    insta::assert_snapshot!(project.run(&["check", "prober.wasm", "--root", "root"]).shown(), @"");
    let json = project.run(&["check", "prober.wasm", "--root", "root", "--json"]).json();
    let tool = &json["authority"]["providers"][1];
    assert_eq!(tool["name"], "probe-tool");
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
    insta::assert_snapshot!(project.run(&["check", "probe-tool.wasm", "--grant", "env=LANG"]).shown(), @"");
}

#[test]
fn tools_are_found_in_their_folders() {
    let project = project();
    project.write("folder/.baton/tools/probe-tool.wasm", guest("probe-tool"));
    project.write("folder/.baton/tools/broken.wasm", "x");
    project.write("folder/baton.toml", "[mcp.some]\ncommand = [\"./serve\", \"a b\"]\n");
    let said = project.run_in("folder", &["list", "--tools"]);
    assert!(said.stdout.contains("probe-tool .baton/tools/probe-tool.wasm"), "{}", said.shown());
    assert!(said.stdout.contains("some [DIR]/folder/serve 'a b'") || said.stdout.contains("/folder/serve 'a b' (baton.toml:1)"), "{}", said.shown());
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
        "run", "prober.wasm", "--yes", "--json", "--input",
        "{\"acts\":[{\"tool\":{\"name\":\"probe-tool/env\",\"input\":{\"name\":\"USER\"}}}]}",
    ]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    assert_eq!(said.json()["output"][0]["not"]["code"], "env", "{}", said.shown());
    assert!(said.stderr.contains("it may not see the environment variable *: --grant 'env=*'"), "{}", said.shown());
}
