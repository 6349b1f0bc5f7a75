//! Patterns and layers, as tables.

#![allow(clippy::unwrap_used, reason = "tests")]

use core::net::IpAddr;

use super::http::Reach;
use super::*;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}

#[test]
fn names_match_with_stars() {
    for (pattern, name, fits) in [
        ("code/search", "code/search", true),
        ("code/search", "code/searching", false),
        ("code/*", "code/search", true),
        ("code/*", "code/", true),
        ("code/*", "codes/search", false),
        ("*", "anything/at-all", true),
        ("*/search", "code/search", true),
        ("*a*a*", "banana", true),
        ("*a*a*x", "banana", false),
        ("", "", true),
        ("", "x", false),
        ("**", "", true),
    ] {
        assert_eq!(name_matches(pattern, name), fits, "{pattern} {name}");
    }
    // A pattern that makes naive matchers take exponential time.
    assert!(!name_matches(&"*a".repeat(60), &"a".repeat(59)));
}

#[test]
fn every_layer_has_to_let_a_name_pass() {
    let scope = NameScope::of(&words("code/* git/*"));
    assert!(scope.allows("git/log"));
    let narrow = scope.clone().narrowed(Some(&words("git/log code/search")));
    assert!(narrow.allows("git/log") && !narrow.allows("git/commit"));
    // Names that the parent does not have are not won by asking for them.
    let asked = scope.clone().narrowed(Some(&words("*")));
    assert!(!asked.allows("github/comment"));
    assert!(!scope.clone().narrowed(Some(&[])).allows("git/log"));
    assert_eq!(scope.clone().narrowed(None), scope);
    let except = NameScope { except: words("git/commit"), ..scope.clone() };
    assert!(!except.intersect(&scope).allows("git/commit"));
    assert!(!scope.intersect(&except).allows("git/commit"));
}

#[test]
fn argument_lists_match_word_by_word() {
    for (pattern, argv, fits) in [
        ("cargo test", "cargo test", true),
        ("cargo test", "cargo test --all", false),
        ("cargo test **", "cargo test", true),
        ("cargo test **", "cargo test --all -- x", true),
        ("cargo test **", "cargo build", false),
        ("git log *", "git log main", true),
        ("git log *", "git log --output=/etc/passwd", false),
        ("git log --*", "git log --oneline", true),
        ("git log *", "git log main other", false),
        ("git log *", "git log", false),
        ("npm run test:*", "npm run test:unit", true),
        ("npm run test:*", "npm run build", false),
        ("/usr/bin/env ls", "/usr/bin/env ls", true),
        ("ls 'a b'", "ls a b", false),
    ] {
        let parsed: ArgvPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(&words(argv)), fits, "{pattern} | {argv}");
        let again: ArgvPattern = parsed.to_string().parse().unwrap();
        assert_eq!(again, parsed);
    }
    let quoted: ArgvPattern = "ls 'a b'".parse().unwrap();
    assert!(quoted.matches(&["ls".into(), "a b".into()]));
    assert!(!ExecScope::default().allows(&[]));
    for broken in ["", "  ", "*", "car*", "cargo 'x", "cargo ** x", "./run", "a/b c", "''"] {
        assert!(broken.parse::<ArgvPattern>().is_err(), "{broken}");
    }
}

#[test]
fn requests_match_by_method_scheme_host_and_port() {
    for (rule, request, fits) in [
        ("api.example.org", ("GET", "https", "api.example.org", 443), true),
        ("https://api.example.org", ("POST", "https", "api.example.org", 443), true),
        ("https://api.example.org/", ("POST", "https", "api.example.org", 443), true),
        ("https://API.Example.org", ("GET", "https", "api.example.org", 443), true),
        ("https://api.example.org", ("GET", "https", "api.example.org.", 443), true),
        ("https://api.example.org", ("GET", "https", "api.example.org.evil.org", 443), false),
        ("https://api.example.org", ("GET", "https", "xapi.example.org", 443), false),
        ("https://api.example.org", ("GET", "http", "api.example.org", 443), false),
        ("https://api.example.org", ("GET", "https", "api.example.org", 8443), false),
        ("https://api.example.org:8443", ("GET", "https", "api.example.org", 8443), true),
        ("https://api.example.org:*", ("GET", "https", "api.example.org", 1), true),
        ("GET,HEAD https://a.org", ("HEAD", "https", "a.org", 443), true),
        ("GET,HEAD https://a.org", ("DELETE", "https", "a.org", 443), false),
        ("*.example.org", ("GET", "https", "api.example.org", 443), true),
        ("*.example.org", ("GET", "https", "a.b.example.org", 443), true),
        ("*.example.org", ("GET", "https", "example.org", 443), false),
        ("*.example.org", ("GET", "https", "evilexample.org", 443), false),
        ("http://*:*", ("GET", "http", "anything", 80), true),
        ("http://127.0.0.1:80", ("GET", "http", "127.0.0.1", 80), true),
        ("http://127.0.0.1", ("GET", "http", "localhost", 80), false),
        ("http://[::1]:8080", ("GET", "http", "::1", 8080), true),
        ("http://[::1]", ("GET", "http", "0:0:0:0:0:0:0:1", 80), true),
    ] {
        let parsed: HttpRule = rule.parse().unwrap();
        let (method, scheme, host, port) = request;
        assert_eq!(parsed.matches(method, scheme, host, port), fits, "{rule} {request:?}");
        let again: HttpRule = parsed.to_string().parse().unwrap();
        assert_eq!(again, parsed, "{rule} is written as {parsed}");
    }
    for broken in [
        "",
        "ftp://a.org",
        "https://",
        "https://a.org/path",
        "https://user@a.org",
        "https://a.org:99999",
        "https://a.org:",
        "https://a..org",
        "https://*.*",
        "https://a*.org",
        "https://[::1",
        "https://::1",
        "https://127.1",
        "https://0x7f.0x1",
        "https://2130706433",
        "get https://a.org",
        "GET, https://a.org",
        "GET POST https://a.org",
        "https://a.org?x",
        "https://a.org#x",
    ] {
        assert!(broken.parse::<HttpRule>().is_err(), "{broken}");
    }
}

#[test]
fn private_addresses_need_a_rule_that_names_them_in_every_layer() {
    let scope = |layers: &[&str]| HttpScope {
        layers: layers.iter().map(|rule| vec![rule.parse().unwrap()]).collect(),
        ..HttpScope::default()
    };
    for (layers, host, expected) in [
        (&["https://*"][..], "a.org", Some(Reach::Public)),
        (&["https://* +private"], "a.org", Some(Reach::Anywhere)),
        (&["https://* +private", "https://*"], "a.org", Some(Reach::Public)),
        (&["https://localhost"], "localhost", Some(Reach::Anywhere)),
        (&["https://10.0.0.1"], "10.0.0.1", Some(Reach::Anywhere)),
        (&["https://*", "https://10.0.0.1"], "10.0.0.1", Some(Reach::Public)),
        (&["https://a.org", "https://b.org"], "a.org", None),
        (&["https://8.8.8.8"], "8.8.8.8", Some(Reach::Public)),
    ] {
        assert_eq!(scope(layers).allows("GET", "https", host, 443), expected, "{layers:?} {host}");
    }
    assert_eq!(
        HttpScope { layers: vec![Vec::new()], ..HttpScope::default() }
            .allows("GET", "https", "a.org", 443),
        None
    );
    // What a guest asks for does not keep the operator from reaching private addresses.
    let asked = Authority::requested(None, None, &["https://*".into()], &[], &[], &[]).unwrap();
    let both = asked.http.unwrap().intersect(&scope(&["https://10.0.0.1"]));
    assert_eq!(both.allows("GET", "https", "10.0.0.1", 443), Some(Reach::Anywhere));
}

#[test]
fn addresses_of_the_public_internet_are_told_from_others() {
    for (address, private) in [
        ("8.8.8.8", false),
        ("1.1.1.1", false),
        ("127.0.0.1", true),
        ("127.255.0.9", true),
        ("10.1.2.3", true),
        ("172.16.0.1", true),
        ("172.32.0.1", false),
        ("192.168.1.1", true),
        ("169.254.169.254", true),
        ("100.64.0.1", true),
        ("100.128.0.1", false),
        ("0.0.0.0", true),
        ("198.18.0.1", true),
        ("192.0.0.8", true),
        ("224.0.0.1", true),
        ("255.255.255.255", true),
        ("240.0.0.1", true),
        ("2606:4700:4700::1111", false),
        ("::1", true),
        ("::", true),
        ("fe80::1", true),
        ("fec0::1", true),
        ("fd00::1", true),
        ("fc00::1", true),
        ("ff02::1", true),
        ("::ffff:127.0.0.1", true),
        ("::ffff:8.8.8.8", false),
        ("::127.0.0.1", true),
        ("64:ff9b::7f00:1", true),
        ("64:ff9b::808:808", false),
        ("64:ff9b:1::808:808", true),
        ("2002:7f00:1::", true),
        ("2002:808:808::1", false),
        ("2001:db8::1", true),
        ("2001::1", true),
        ("100::1", true),
    ] {
        let parsed: IpAddr = address.parse().unwrap();
        assert_eq!(is_private(parsed), private, "{address}");
    }
}

#[test]
fn an_authority_is_narrowed_capability_by_capability() {
    let all = Authority::unlimited();
    let by = Narrowing {
        read: Some(words("docs/**")),
        write: Some(Vec::new()),
        http: Some(words("https://a.org")),
        env: Some(words("LANG")),
        secrets: Some(Vec::new()),
        exec: Some(vec!["cargo test".into()]),
        tools: None,
    };
    let narrow = all.clone().narrowed(&by).unwrap();
    assert_eq!(narrow.read.as_ref().unwrap().layers.len(), 1);
    assert_eq!(narrow.write, None);
    assert!(narrow.http.as_ref().unwrap().allows("GET", "https", "b.org", 443).is_none());
    assert!(narrow.env.as_ref().unwrap().allows("LANG"));
    assert!(!narrow.env.as_ref().unwrap().allows("HOME"));
    assert!(!narrow.secrets.as_ref().unwrap().allows("github"));
    assert!(!narrow.exec.as_ref().unwrap().allows(&words("cargo build")));
    // What is not there is not won.
    assert_eq!(Authority::default().narrowed(&by).unwrap(), Authority::default());
    assert_eq!(all.clone().narrowed(&Narrowing::default()).unwrap(), all);
    assert_eq!(all.intersect(&narrow).intersect(&all), narrow.intersect(&all));
    let broken = Narrowing { http: Some(words("ftp://x")), ..Narrowing::default() };
    assert!(all.narrowed(&broken).is_err());
}

#[test]
fn what_can_change_or_tell_something_is_not_harmless() {
    let read = PathScope::default();
    let harmless =
        Authority { read: Some(read), env: Some(NameScope::default()), ..Default::default() };
    assert!(harmless.is_harmless());
    for (name, authority) in [
        ("write", Authority { write: Some(PathScope::default()), ..harmless.clone() }),
        ("http", Authority { http: Some(HttpScope::default()), ..harmless.clone() }),
        ("secrets", Authority { secrets: Some(NameScope::default()), ..harmless.clone() }),
        ("exec", Authority { exec: Some(ExecScope::default()), ..harmless.clone() }),
    ] {
        assert!(!authority.is_harmless(), "{name}");
    }
}

#[test]
fn what_is_taken_away_is_away_whatever_lets_it_pass() {
    let names = NameScope { except: words("git/push other/*"), ..NameScope::of(&words("*")) };
    assert!(names.allows("git/log"));
    assert!(!names.allows("git/push"));
    assert!(!names.narrowed(Some(&words("other/x"))).allows("other/x"), "narrowing gives nothing");

    let http =
        HttpScope { layers: Vec::new(), except: vec!["POST https://a.org".parse().unwrap()] };
    assert_eq!(http.allows("GET", "https", "a.org", 443), Some(Reach::Anywhere));
    assert_eq!(http.allows("POST", "https", "a.org", 443), None);

    let exec = ExecScope { layers: Vec::new(), except: vec!["git push **".parse().unwrap()] };
    let allows = |text: &str| exec.allows(&words(text));
    assert!(allows("git log"));
    for denied in ["git push", "git push --force", "/usr/bin/git push origin"] {
        assert!(!allows(denied), "{denied}");
    }
}

#[test]
fn what_one_takes_away_is_away_for_both() {
    let all = NameScope::default();
    let some = NameScope { except: words("a"), ..NameScope::default() };
    let other = NameScope { except: words("b"), ..NameScope::default() };
    assert!(!all.intersect(&some).allows("a"));
    assert!(!some.intersect(&other).allows("a") && !some.intersect(&other).allows("b"));
    let post: HttpRule = "POST https://a.org".parse().unwrap();
    let http = HttpScope { layers: Vec::new(), except: vec![post] };
    assert_eq!(HttpScope::default().intersect(&http), http);
    let exec = ExecScope { layers: Vec::new(), except: vec!["rm **".parse().unwrap()] };
    assert_eq!(exec.intersect(&ExecScope::default()), exec);
}

#[test]
fn a_denied_command_is_denied_with_options_and_by_its_path() {
    for (pattern, argv, excluded) in [
        ("git log *", "git log --all", true),
        ("git log *", "git log", false),
        ("git log", "git log x", false),
        ("/bin/rm **", "/bin/rm x", true),
        ("/bin/rm **", "rm x", false),
        ("rm **", "/bin/rm -r x", true),
    ] {
        let pattern: ArgvPattern = pattern.parse().unwrap();
        assert_eq!(pattern.excludes(&words(argv)), excluded, "{pattern} {argv}");
    }
}

#[test]
fn patterns_of_names_that_may_mean_the_same_meet() {
    for (one, other, meet) in [
        ("git/log", "git/*", true),
        ("git/*", "git/log", true),
        ("git/log", "git/show", false),
        ("git*", "gi*", true),
        ("git/*", "code/*", false),
        ("*/search", "code/*", true),
    ] {
        assert_eq!(names_meet(one, other), meet, "{one} {other}");
        assert_eq!(names_meet(other, one), meet, "{other} {one}");
    }
}
