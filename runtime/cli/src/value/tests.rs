use super::*;

#[test]
fn spans_of_time() {
    for (text, ms) in [
        ("90s", Some(90_000)),
        ("5m", Some(300_000)),
        ("1h30m", Some(5_400_000)),
        ("250ms", Some(250)),
        ("1d2h3m4s5ms", Some(93_784_005)),
        ("90", None),
        ("", None),
        ("0s", None),
        ("m", None),
        ("5 m", None),
        ("1.5h", None),
        ("30m1h", None),
        ("1h1h", None),
        ("-5s", None),
        ("99999999999999999999s", None),
        ("18446744073709551615d", None),
    ] {
        assert_eq!(duration_ms(text).ok(), ms, "{text}");
    }
}

#[test]
fn numbers_of_tokens() {
    for (text, value) in [
        ("500000", Some(500_000)),
        ("500k", Some(500_000)),
        ("+500k", Some(500_000)),
        ("1.5K", Some(1_500)),
        ("2m", Some(2_000_000)),
        ("2M", Some(2_000_000)),
        ("0", Some(0)),
        ("", None),
        ("k", None),
        ("1G", None),
        ("1kk", None),
        ("1Mm", None),
        ("-1", None),
        ("1é", None),
    ] {
        assert_eq!(tokens(text).ok(), value, "{text}");
    }
}

#[test]
fn numbers() {
    for (text, value) in [
        ("1000", Some(1_000)),
        ("1_000", Some(1_000)),
        ("200k", Some(200_000)),
        ("1.5M", Some(1_500_000)),
        ("64MiB", Some(64 << 20)),
        ("0.5KiB", Some(512)),
        ("0", Some(0)),
        ("1.5", None),
        ("k", None),
        (".5k", None),
        ("-1", None),
        ("1kb", None),
        ("99999999999999999999", None),
        ("18446744073709551615k", None),
    ] {
        assert_eq!(number(text).ok(), value, "{text}");
    }
}

#[test]
fn amounts_of_money() {
    for (text, micro) in [
        ("5", Some(5_000_000)),
        ("$0.25", Some(250_000)),
        ("0", Some(0)),
        ("-1", None),
        ("inf", None),
        ("five", None),
    ] {
        assert_eq!(money(text).ok(), micro, "{text}");
    }
}

#[test]
fn limits_have_a_name_and_a_number() {
    assert_eq!(limit("run.agents=50"), Ok(("run.agents".into(), 50)));
    assert!(limit("run.agents").is_err());
    assert!(limit("run.agents=many").is_err());
}

#[test]
fn backends_are_for_all_or_for_one_type() {
    let arg = |agent_type: Option<&str>, backend: &str| {
        Some(AgentArg { agent_type: agent_type.map(Into::into), backend: backend.into() })
    };
    for (text, parsed) in [
        ("component:echo", arg(None, "component:echo")),
        ("auditor=component:echo", arg(Some("auditor"), "component:echo")),
        ("p:x=command:env A=b", arg(Some("p:x"), "command:env A=b")),
        ("component:a=component:b", arg(None, "component:a=component:b")),
        ("command:env A=b run", arg(None, "command:env A=b run")),
        ("x=command:env A=b", arg(Some("x"), "command:env A=b")),
        ("anthropic:claude-sonnet-4-5", arg(None, "anthropic:claude-sonnet-4-5")),
        ("ollama:qwen3:8b", arg(None, "ollama:qwen3:8b")),
        ("reviewer=large", arg(Some("reviewer"), "large")),
        ("claude", arg(None, "claude")),
        ("acp:agent --acp a=b", arg(None, "acp:agent --acp a=b")),
        ("x=recorded:dir", arg(Some("x"), "recorded:dir")),
        ("command:", None),
        ("acp: ", None),
        ("recorded:", None),
        ("anthropic:", None),
        (":model", None),
        ("two words", None),
        ("a:two words", None),
        ("", None),
        ("x=", None),
        ("=component:echo", None),
    ] {
        assert_eq!(agent(text).ok(), parsed, "{text}");
    }
}

#[test]
fn a_relative_program_is_anchored() {
    let here = Path::new("/a b");
    for (argv, anchored_argv) in [
        ("./work.sh --fast", Some("'/a b/work.sh' --fast")),
        ("../work.sh 'x y'", Some("'/a b/../work.sh' 'x y'")),
        ("bin/work", Some("'/a b/bin/work'")),
        ("/bin/work 'x  y'", Some("/bin/work 'x  y'")),
        ("work ./file", Some("work ./file")),
        ("'./work", None),
    ] {
        assert_eq!(anchored(argv, here).ok().as_deref(), anchored_argv, "{argv}");
    }
}

#[test]
fn sizes_have_units_of_both_kinds() {
    for (text, bytes) in [
        ("1000", 1_000),
        ("5kB", 5_000),
        ("5GB", 5_000_000_000),
        ("5G", 5_000_000_000),
        ("1.5MB", 1_500_000),
        ("64MiB", 64 << 20),
        ("100B", 100),
    ] {
        assert_eq!(size(text), Ok(bytes), "{text}");
    }
    for text in ["", "B", "5gb", "x", "-1MB", "5 GB", "iB"] {
        assert!(size(text).is_err(), "{text}");
    }
}
