#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use baton_core::scope::{Authority, GlobLayer, PathScope};

use super::{Access, Barrier, Confinement, Machine, Probe, RootPart, Task};

const ALL: Probe = Probe { landlock: Some(9), network: Some(Barrier::Namespace) };

/// Patterns in layers.
type Layers<'a> = &'a [&'a [&'a str]];

fn scope(layers: Layers<'_>) -> Option<PathScope> {
    let layer = |include: &&[&str]| GlobLayer {
        include: include.iter().map(ToString::to_string).collect(),
        ..GlobLayer::default()
    };
    Some(PathScope { layers: layers.iter().map(layer).collect() })
}

fn confinement(authority: &Authority, machine: &Machine, program: &Path) -> Confinement {
    let task = Task {
        authority,
        root: Some(Path::new("/srv/project")),
        program,
        temporary: Path::new("/tmp/own"),
    };
    Confinement::of(&task, machine, ALL)
}

fn parts(authority: &Authority) -> Vec<(String, bool, Access)> {
    let confinement = confinement(authority, &Machine::default(), Path::new("/bin/true"));
    let parts = confinement.files.unwrap().root.unwrap().parts;
    parts.into_iter().map(|RootPart { path, below, access }| (path, below, access)).collect()
}

#[test]
fn patterns_become_the_directories_they_begin_with() {
    let cases: &[(Layers<'_>, &[(&str, bool)])] = &[
        (&[], &[("", true)]),
        (&[&[]], &[("", true)]),
        (&[&["**"]], &[("", true)]),
        (&[&["*.md"]], &[("", true)]),
        (&[&["a.md"]], &[("a.md", false)]),
        (&[&["docs/**", "src/a/*.rs"]], &[("docs", true), ("src/a", true)]),
        (&[&["./docs//x[12]"]], &[("docs", true)]),
        (&[&["docs/{a,b}/c"], &["**"]], &[("docs", true)]),
        // Layers: only what lies in a place of each.
        (&[&["docs/**"], &["docs/a/**", "src/**"]], &[("docs/a", true)]),
        (&[&["docs/a/**"], &["docs/**"]], &[("docs/a", true)]),
        (&[&["docs/**"], &["docs-of-others/**"]], &[]),
        (&[&["docs/**"], &["docs/a.md"]], &[("docs/a.md", false)]),
        (&[&["a.md"], &["b.md"]], &[]),
        (&[&["**"], &["a/**"], &["a/b/**", "c"]], &[("a/b", true)]),
    ];
    for (layers, expected) in cases {
        let read = Authority { read: scope(layers), ..Authority::default() };
        let expected = |access| -> Vec<(String, bool, Access)> {
            expected.iter().map(|(path, below)| ((*path).to_owned(), *below, access)).collect()
        };
        assert_eq!(parts(&read), expected(Access::Read), "{layers:?}");
        let write = Authority { write: scope(layers), ..Authority::default() };
        assert_eq!(parts(&write), expected(Access::Write), "{layers:?}");
    }
    assert_eq!(parts(&Authority::default()), []);
}

#[test]
fn what_is_taken_away_as_a_whole_is_not_left_as_a_directory() {
    let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let granted = GlobLayer { include: texts(&["src/**", "docs/**"]), ..GlobLayer::default() };
    for (taken, expected) in [
        (&["**"][..], &[][..]),
        (&["**/*"], &[]),
        (&["src/**", "docs/**"], &[]),
        (&["src/**"], &["docs/**"]),
        (&["**/.env"], &["src/**", "docs/**"]),
    ] {
        let denied = GlobLayer { exclude: texts(taken), ..GlobLayer::default() };
        let scope = PathScope { layers: vec![granted.clone(), denied] };
        let left = super::left(&scope).map(|left| left.layers[0].include.clone());
        assert_eq!(left.unwrap_or_default(), texts(expected), "{taken:?}");
        let write = Authority { write: Some(scope), ..Authority::default() };
        assert_eq!(parts(&write).len(), expected.len(), "{taken:?}");
    }
    let unless = texts(&["src/a"]);
    let kept = GlobLayer { exclude: texts(&["src/**"]), unless, ..GlobLayer::default() };
    let kept = PathScope { layers: vec![granted, kept] };
    assert_eq!(super::left(&kept), Some(kept));
}

#[test]
fn programs_of_a_person_can_be_read_and_the_home_cannot() {
    let machine = Machine {
        path: Some(
            "/usr/bin:/home/me/.local/bin:relative/bin:/home/me:/:/srv/project/bin:/x/bin".into(),
        ),
        home: Some("/home/me".into()),
    };
    let confinement =
        confinement(&Authority::default(), &machine, Path::new("/home/me/tool/bin/run"));
    let files = confinement.files.unwrap();
    let has = |path: &str, access: Access| {
        files.paths.iter().any(|rule| rule.path == Path::new(path) && rule.access == access)
    };
    for path in [
        "/usr",
        "/home/me/.local/bin",
        "/home/me/.local/lib",
        "/home/me/.rustup",
        "/home/me/.cargo/registry",
        "/home/me/tool/bin/run",
        "/home/me/tool/lib",
        "/x/lib",
    ] {
        assert!(has(path, Access::Read), "{path}");
    }
    assert!(has("/tmp/own", Access::Write));
    assert!(has("/dev/null", Access::Device));
    for rule in &files.paths {
        let path = &rule.path;
        assert!(path.is_absolute(), "{path:?}");
        for closed in
            ["/home/me/.cargo/credentials.toml", "/home/me/.ssh", "/srv/project/bin", "/tmp"]
        {
            assert!(!Path::new(closed).starts_with(path), "{path:?} opens {closed}");
        }
        assert_eq!(rule.access == Access::Write, path == Path::new("/tmp/own"));
    }
}

#[test]
fn a_confinement_asks_for_what_the_machine_has() {
    let http = Authority { http: Authority::unlimited().http, ..Authority::default() };
    for probe in [
        ALL,
        Probe { landlock: None, network: Some(Barrier::UserNamespace) },
        Probe { landlock: Some(4), network: Some(Barrier::Tcp) },
        Probe::default(),
    ] {
        for (authority, closed) in [(&Authority::default(), true), (&http, false)] {
            let task = Task {
                authority,
                root: None,
                program: Path::new("/bin/true"),
                temporary: Path::new("/tmp/own"),
            };
            let confinement = Confinement::of(&task, &Machine::default(), probe);
            assert_eq!(confinement.files.is_some(), probe.landlock.is_some());
            assert_eq!(confinement.network, probe.network.filter(|_| closed));
            let json = serde_json::to_string(&confinement).unwrap();
            assert_eq!(serde_json::from_str::<Confinement>(&json).unwrap(), confinement);
        }
    }
}

#[test]
fn a_person_is_told_what_is_not_enforced() {
    let words = |landlock, network, granted| Probe { landlock, network }.words(granted).join("\n");
    let all = words(Some(9), Some(Barrier::Namespace), false);
    assert!(all.contains("confines commands") && all.contains("have no network"), "{all}");
    assert!(all.contains("`.baton`) are NOT kept from them"), "{all}");
    assert!(all.contains("permissions are NOT hidden"), "{all}");
    assert_eq!(all.matches("NOT").count(), 2, "{all}");
    for (landlock, network, granted, missing) in [
        (None, ALL.network, false, "files are NOT confined"),
        (Some(2), ALL.network, false, "NOT be kept from being cut"),
        (Some(5), ALL.network, false, "NOT safe from signals"),
        (Some(8), ALL.network, false, "can NOT be closed to commands"),
        (Some(9), Some(Barrier::Tcp), false, "UDP, is NOT stopped"),
        (Some(9), None, false, "the network is NOT closed"),
        (Some(9), ALL.network, true, "which hosts they call can NOT be checked"),
    ] {
        let words = words(landlock, network, granted);
        assert!(words.contains(missing), "{missing}: {words}");
    }
}

#[test]
fn paths_that_are_no_text_are_left_out() {
    use std::os::unix::ffi::OsStringExt;
    let odd = PathBuf::from(std::ffi::OsString::from_vec(b"/odd\xff/bin".to_vec()));
    let machine = Machine { path: Some(odd.clone().into()), home: None };
    let confinement = confinement(&Authority::default(), &machine, Path::new("/bin/true"));
    assert!(serde_json::to_string(&confinement).is_ok());
    assert!(confinement.files.unwrap().paths.iter().all(|rule| rule.path != odd));
}
