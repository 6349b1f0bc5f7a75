#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_host::HostConfig;

use super::*;

fn backends() -> Backends {
    let host = Host::new(HostConfig { cache_dir: None, live_max: 1 }).unwrap();
    let supervisor = Supervisor { program: "/bin/true".into(), args: Vec::new() };
    Backends::new(Arc::new(host), supervisor, None)
}

#[test]
fn a_command_is_found_under_its_name() {
    let backend = backends().resolve("command:sh -c 'a: b'").unwrap();
    assert_eq!(backend.name(), "command:sh -c 'a: b'");
}

#[test]
fn coding_agents_are_found_under_their_names() {
    for name in ["claude", "codex", "gemini-cli", "acp:agent --stdio"] {
        assert_eq!(backends().resolve(name).unwrap().name(), name);
    }
}

#[test]
fn a_name_says_when_messages_are_taken() {
    for name in ["claude", "codex", "gemini-cli", "acp:agent --stdio", "command:agent"] {
        let backend = backends().resolve(name).unwrap();
        assert_eq!(takes_messages(name), backend.takes_messages(), "{name}");
    }
    assert_eq!(takes_messages("component:x"), Steering::Attempt);
    assert_eq!(takes_messages("anthropic:claude-haiku-4-5"), Steering::Step);
}

#[test]
fn names_that_lead_nowhere_say_what_there_is() {
    for (name, message) in [
        (
            "nonsense",
            "`nonsense` is not a backend; write KIND:REST, where KIND is `acp`, `command`, \
             `component`, or `claude`, `codex`, `gemini-cli`",
        ),
        (
            "magic:x",
            "`magic:x` is not a backend; write KIND:REST, where KIND is `acp`, `command`, \
             `component`, or `claude`, `codex`, `gemini-cli`",
        ),
        ("component:auditor", "there is no component agent `auditor`; there is none"),
        ("command: ", "`command:` names no program; write `command:PROGRAM [ARGUMENT]…`"),
        (
            "command:'a",
            "`command:'a` cannot be split into words: a quote or backslash is left open",
        ),
    ] {
        let error = backends().resolve(name).err().unwrap();
        assert_eq!(error.to_string(), message);
    }
    let known = vec!["a".to_owned(), "b".to_owned()];
    let error = BackendNameError::Component { name: "x".into(), known };
    assert_eq!(error.to_string(), "there is no component agent `x`; there is `a`, `b`");
}
