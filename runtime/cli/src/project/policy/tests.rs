#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use baton_core::scope::{Authority, GlobLayer};
use baton_core::tool::SecretSource;

use super::judge::{Bounds, Verdict, judge};
use super::*;
use crate::error::CliError;

fn load(project: &str, person: &str, grants: &[Flag], denies: &[Flag]) -> Result<Policy> {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    fs::create_dir_all(root.join("repo/.git")).unwrap();
    fs::create_dir_all(root.join("home/.config/baton")).unwrap();
    fs::write(root.join("repo/baton.toml"), project).unwrap();
    fs::write(root.join("home/.config/baton/config.toml"), person).unwrap();
    let home = root.join("home").into_os_string();
    let places = Places::around(&root.join("repo"), |name| (name == "HOME").then(|| home.clone()));
    let mut policy = Policy::load(&places, grants, denies)?;
    for plugins in policy.plugins.values_mut() {
        for plugin in plugins {
            plugin.path = plugin.path.take().map(|path| path.strip_prefix(root).unwrap().into());
        }
    }
    Ok(policy)
}

fn flag(capability: Capability, text: &str) -> Flag {
    Flag { capability, text: text.into() }
}

#[test]
fn everything_that_can_be_said_is_understood() {
    let project = r#"
        [grant]
        read = ["docs/**"]
        write = ["out/**"]
        http = ["GET https://api.example.org", "http://127.0.0.1:8080"]
        env = ["LANG"]
        secrets = ["github"]
        exec = ["cargo test **", "git log *"]
        tools = ["*"]
        [deny]
        exec = ["git push **"]
        [plugins.github]
        grant = { http = ["https://api.github.com"] }
        warm = 4
        path = "tools/mine.wasm"
        [tools."github/comment"]
        effect = "repeatable"
        timeout = "30s"
        [secrets.github]
        env = "GITHUB_TOKEN"
        hosts = ["https://api.github.com"]
        [secrets.other]
        command = ["./pass", "show", "x"]
        [mcp.everything]
        command = ["npx", "-y", "x"]
        env = { TOKEN = "secret:github" }
        [mcp.remote]
        url = "https://mcp.example.org/mcp"
        headers = { Authorization = "Bearer secret:github" }
        [http]
        certificates = ["ca.pem"]
    "#;
    let policy = load(project, "", &[], &[]).unwrap();
    assert_eq!(policy.granted(Capability::Exec, false).len(), 2);
    assert_eq!(policy.denied(Capability::Exec).count(), 1);
    assert_eq!(policy.warm("github"), Some(4));
    let paths: Vec<_> = policy.paths().map(|(name, path, _)| (name, path.clone())).collect();
    assert_eq!(paths, [("github", PathBuf::from("repo/tools/mine.wasm"))]);
    let tool = policy.tool("github/comment").unwrap();
    assert_eq!((tool.effect, tool.timeout_ms), (Some(Effect::Repeatable), Some(30_000)));
    let (github, place) = &policy.secrets["github"];
    assert_eq!(github.from, SecretSource::Env("GITHUB_TOKEN".into()));
    assert_eq!(place.text, "baton.toml:19");
    let SecretSource::Command(argv) = &policy.secrets["other"].0.from else { panic!("no command") };
    assert!(argv[0].ends_with("/repo/pass"), "{argv:?}");
    assert!(
        matches!(&policy.servers["everything"].0, Server::Stdio { argv, .. } if argv[0] == "npx")
    );
    assert!(matches!(&policy.servers["remote"].0, Server::Http { .. }));
    assert!(policy.certificates[0].ends_with("/repo/ca.pem"), "{:?}", policy.certificates);
}

#[test]
fn what_cannot_be_understood_is_an_error_with_its_place() {
    for (text, place, word) in [
        ("[grant]\nread = [\"/etc\"]", "baton.toml:2:9: ", "begins with a slash"),
        ("[grant]\nhttp = [\"ftp://x\"]", "baton.toml:2:9: ", "the scheme is"),
        (
            "[grant]\nexec = [\n  \"git\",\n  \"*\"\n]",
            "baton.toml:4:3: ",
            "the program must be named",
        ),
        ("[grant]\ntool = [\"x\"]", "baton.toml:2:1: ", "unknown field `tool`"),
        ("[deny]\nenv = \"x\"", "baton.toml:2:7: ", "expected a sequence"),
        ("[plugins.x]\ngrant = { tools = [\"a\"] }", "baton.toml:1:", "calls no tools"),
        ("[plugins.x]\nwram = 1", "baton.toml:2:1: ", "unknown field `wram`"),
        ("[tools.\"a/b\"]\neffect = \"twice\"", "baton.toml:2:10: ", "unknown variant `twice`"),
        ("[tools.\"a/b\"]\ntimeout = \"30\"", "baton.toml:2:11: ", "is not a span of time"),
        ("[secrets.x]\nenv = \"A\"\nfile = \"b\"", "baton.toml:1:", "exactly one of"),
        ("[secrets.x]\nhosts = [\"https://x\"]", "baton.toml:1:", "exactly one of"),
        ("[secrets.\"a b\"]\nenv = \"A\"", "baton.toml:1:", "the name of a secret, `a b`"),
        ("[mcp.x]\nurl = \"x\"", "baton.toml:1:", "begins with https://"),
        ("[mcp.x]\ncommand = []", "baton.toml:1:", "names no program"),
        (
            "[mcp.x]\ncommand = [\"a\"]\nheaders = { a = \"b\" }",
            "baton.toml:1:",
            "`headers` belong",
        ),
    ] {
        let CliError::Coded(coded) = load(text, "", &[], &[]).unwrap_err() else {
            panic!("not coded")
        };
        assert_eq!(coded.code, crate::codes::Code::Config);
        assert!(coded.message.contains(place), "{text}: {}", coded.message);
        assert!(coded.message.contains(word), "{text}: {}", coded.message);
        assert!(coded.frame.is_some(), "{text}");
    }
}

#[test]
fn sources_are_added_up_and_a_denial_holds_against_all_of_them() {
    let project = "[grant]\nenv = [\"A\"]\n[deny]\nenv = [\"C\"]\n";
    let person = "[grant]\nenv = [\"B\", \"C\"]\n";
    let flags = [flag(Capability::Env, "D")];
    let policy = load(project, person, &flags, &[flag(Capability::Env, "B")]).unwrap();
    let env = policy.authority(false).env.unwrap();
    let seen: Vec<&str> = ["A", "B", "C", "D", "E"].into_iter().filter(|n| env.allows(n)).collect();
    assert_eq!(seen, ["A", "D"]);
}

#[test]
fn a_project_does_not_redefine_what_the_person_defined() {
    let project = "[secrets.x]\nenv = \"B\"\nhosts = [\"https://evil.org\"]\n[plugins.p]\nwarm = 9";
    let person = "[secrets.x]\nenv = \"A\"\n[plugins.p]\nwarm = 2";
    let policy = load(project, person, &[], &[]).unwrap();
    assert_eq!(policy.secrets["x"].0.from, SecretSource::Env("A".into()));
    assert_eq!(policy.secrets["x"].1.source, Source::Person);
    assert_eq!(policy.warm("p"), Some(2));
}

#[test]
fn a_root_is_read_without_secrets_and_not_written() {
    let policy = load("", "", &[], &[]).unwrap();
    assert_eq!(policy.authority(false), Authority::default());
    let read = policy.authority(true).read.unwrap();
    assert_eq!(read.layers, [GlobLayer::no_secrets()]);
    assert_eq!(policy.authority(true).write, None);
    assert_eq!(policy.scope(true).tools.unwrap().names.layers, [["*"]]);
}

#[test]
fn a_secret_file_is_granted_by_its_name_only() {
    let flags = [flag(Capability::Read, ".git/**"), flag(Capability::Write, "**")];
    let authority = load("", "", &flags, &[]).unwrap().authority(true);
    assert_eq!(authority.read.unwrap().layers[0].unless, [".git/**"]);
    let write = &authority.write.unwrap().layers[0];
    assert_eq!(write.unless, Vec::<String>::new());
    assert!(write.exclude.contains(&"**/.claude/**".into()), "nor what others are told to do");
}

#[test]
fn a_file_that_names_reading_grants_no_more_than_it_names() {
    let policy = load("[grant]\nread = [\"docs/**\"]", "", &[], &[]).unwrap();
    assert_eq!(policy.authority(true).read.unwrap().layers[0].include, ["docs/**"]);
    let none = load("[grant]\nread = []", "", &[], &[]).unwrap();
    assert_eq!(none.authority(true).read, None);
}

#[test]
fn what_is_said_of_a_plugin_narrows_only_it() {
    let project =
        "[grant]\nhttp = [\"https://*\"]\n[plugins.p]\ngrant = { http = [\"https://a.org\"] }";
    let policy = load(project, "", &[], &[]).unwrap();
    let allows = |authority: Authority| {
        let http = authority.http.unwrap();
        ["a.org", "b.org"].map(|host| http.allows("GET", "https", host, 443).is_some())
    };
    assert_eq!(allows(policy.authority_of("p", false)), [true, false]);
    assert_eq!(allows(policy.authority_of("q", false)), [true, true]);
}

#[test]
fn a_request_is_judged_with_who_said_so_and_what_would_grant_it() {
    let project = "[grant]\nhttp = [\"GET https://a.org\"]\nexec = [\"cargo **\"]\n\
                   [deny]\nexec = [\"cargo publish **\"]\n\
                   [plugins.p]\ngrant = { http = [\"GET https://b.org\"] }\n";
    let policy = load(project, "", &[], &[]).unwrap();
    let ask = |capability, text, provider, root| {
        let asked = Pattern::parse(capability, text).unwrap();
        let bounds = Bounds::of(&policy, provider, &[], capability);
        judge(&policy, root, &bounds, capability, &asked)
    };
    let told = |judged: &Judged| {
        let by: Vec<&str> = judged.by.iter().map(|place| place.text.as_str()).collect();
        (judged.verdict.clone(), by.join(" "), judged.hint.clone().unwrap_or_default())
    };
    use super::judge::Judged;
    let http = |text, provider| told(&ask(Capability::Http, text, provider, false));
    let place = |line| format!("baton.toml:{line}");
    assert_eq!(http("GET https://a.org", "q"), (Verdict::Granted, place(2), String::new()));
    assert_eq!(
        http("https://a.org", "q"),
        (Verdict::Partly, place(2), "--grant 'http=https://a.org'".into())
    );
    assert_eq!(
        http("GET https://a.org", "p"),
        (Verdict::Refused, place(7), "baton.toml:7 narrows it".into())
    );
    assert_eq!(
        http("POST https://c.org", "q"),
        (Verdict::Refused, String::new(), "--grant 'http=POST https://c.org'".into())
    );
    let exec = ask(Capability::Exec, "cargo **", "exec", false);
    assert_eq!(
        (exec.verdict.clone(), exec.except),
        (Verdict::Granted, vec!["cargo publish **".into()])
    );
    let denied = told(&ask(Capability::Exec, "cargo publish **", "exec", false));
    assert_eq!(denied.0, Verdict::Refused);
    assert_eq!(denied.2, "baton.toml:5 takes `cargo publish **` away");
    let read = |text, root| told(&ask(Capability::Read, text, "q", root));
    assert_eq!(read("docs/**", true), (Verdict::Granted, "--root".into(), String::new()));
    assert_eq!(read("docs/**", false).2, "no directory was granted: --root DIR");
    assert_eq!(
        read(".env", true).2,
        "it usually holds secrets and must be named: --grant 'read=.env'"
    );
}

/// What keys come from is seen only by whom the person gives it to by name: a project may be a
/// stranger's, and `*` names nothing.
#[test]
fn variables_of_keys_are_given_by_name_and_by_the_person_alone() {
    let project = "[grant]\nenv = [\"KEY\", \"*\"]\n";
    let by_flag = [flag(Capability::Env, "KEY")];
    for (person, flags, seen) in [
        ("", &[][..], false),
        ("[grant]\nenv = [\"K*\"]\n", &[][..], false),
        ("[grant]\nenv = [\"KEY\"]\n", &[][..], true),
        ("", &by_flag[..], true),
    ] {
        let mut policy = load(project, person, flags, &[]).unwrap();
        policy.keep(["KEY".to_owned()]);
        let env = policy.authority(false).env.unwrap();
        assert_eq!(env.allows("KEY"), seen, "{person}");
        assert!(env.allows("OTHER"));
    }
}
