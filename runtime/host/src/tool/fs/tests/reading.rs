//! What can be seen of a tree.

use baton_core::scope::{Authority, Capability};

use super::*;
use crate::tool::fs::Touch;
use crate::tool::fs::walk::Last;

#[test]
fn only_what_the_patterns_name_is_there() {
    let tree = Tree::of(&[
        "docs/a.md",
        "docs/deep/b.md",
        "docs/c.key",
        "docs/private/d.md",
        "src/e.rs",
        "out/f.txt",
        "top.md",
    ]);
    let files = tree.files(&["docs/**", "!**/*.key", "!docs/private/**"], &["out/**"]);
    for (path, expected) in [
        ("docs/a.md", "docs/a.md"),
        ("docs/deep/b.md", "docs/deep/b.md"),
        ("docs/./deep/../a.md", "docs/a.md"),
        ("out/f.txt", "out/f.txt"),
        ("docs/c.key", "outside NoEntry"),
        ("docs/private/d.md", "outside NoEntry"),
        ("src/e.rs", "outside NoEntry"),
        ("top.md", "outside NoEntry"),
        // Whether something is there makes no difference outside, and a difference inside.
        ("src/nothing.rs", "outside NoEntry"),
        ("docs/nothing.md", "NoEntry"),
        ("docs/nothing/x.md", "NoEntry"),
        ("docs/a.md/", "NotDirectory"),
        ("docs/a.md/x", "NotDirectory"),
        ("../outside", "outside NotPermitted"),
        ("docs/../../outside", "outside NotPermitted"),
        ("/etc/passwd", "outside NotPermitted"),
        ("", "NoEntry"),
        ("docs/a\0.md", "Invalid"),
    ] {
        let found = match files.read(path) {
            Ok(text) => text,
            other => said(other),
        };
        assert_eq!(found, expected, "{path}");
    }
    for (path, expected) in
        [("", "docs out"), ("docs", "a.md deep"), ("docs/deep", "b.md"), ("out", "f.txt")]
    {
        assert_eq!(files.names(path).unwrap().join(" "), expected, "{path}");
    }
}

#[test]
fn a_denial_is_told_once_and_says_what_was_tried() {
    let tree = Tree::of(&["docs/a.md"]);
    let files = tree.files(&["docs/**"], &[]);
    for _ in 0..3 {
        assert_eq!(said(files.read("src/a.rs")), "outside NoEntry");
        assert_eq!(said(files.write("docs/a.md", "x")), "outside ReadOnly");
        assert_eq!(said(files.write("src/a.rs", "x")), "outside NotPermitted");
        assert_eq!(said(files.read("e\u{1b}[31mvil")), "outside NoEntry");
    }
    assert_eq!(
        files.tried(),
        ["read src/a.rs", "write docs/a.md", "write src/a.rs", "read e[31mvil"]
    );
    let denials = files.denials.lock().unwrap();
    let kinds: Vec<_> = denials.iter().map(|denial| (denial.capability, &*denial.code)).collect();
    assert_eq!(kinds[0], (Capability::Read, "path-read"));
    assert_eq!(kinds[1], (Capability::Write, "path-write"));
    drop(denials);
    for number in 0..200 {
        assert_eq!(said(files.read(&format!("src/{number}"))), "outside NoEntry");
    }
    assert_eq!(files.tried().len(), baton_core::tool::DENIALS_MAX);
    files.files.renew();
    assert_eq!(said(files.read("src/a.rs")), "outside NoEntry");
    assert_eq!(files.tried().last().unwrap(), "read src/a.rs");
}

#[test]
fn links_are_followed_to_their_real_path() {
    let tree = Tree::of(&["docs/a.md", "docs/deep/b.md", "src/e.rs"]);
    fs::create_dir(tree.holder.path().join("outside")).unwrap();
    fs::write(tree.holder.path().join("outside/secret"), "secret").unwrap();
    tree.link("docs/inside", "a.md");
    tree.link("docs/down", "deep");
    tree.link("docs/up", "../docs/deep/../a.md");
    tree.link("docs/hidden", "../src/e.rs");
    tree.link("docs/out", "../../outside/secret");
    tree.link("docs/absolute", tree.holder.path().join("outside/secret"));
    tree.link("docs/proc", "/proc/self/root");
    tree.link("docs/loop", "loop");
    tree.link("door", "docs/a.md");
    let files = tree.files(&["docs/**"], &[]);
    for (path, expected) in [
        ("docs/inside", "docs/a.md"),
        ("docs/down/b.md", "docs/deep/b.md"),
        ("docs/up", "docs/a.md"),
        ("docs/down/../a.md", "docs/a.md"),
        ("docs/hidden", "outside NoEntry"),
        ("docs/out", "outside NotPermitted"),
        ("docs/absolute", "outside NoEntry"),
        ("docs/proc", "outside NoEntry"),
        ("docs/proc/etc/passwd", "outside NoEntry"),
        ("docs/loop", "Loop"),
        // The link itself is outside, whatever it leads to.
        ("door", "outside NoEntry"),
    ] {
        let found = match files.read(path) {
            Ok(text) => text,
            other => said(other),
        };
        assert_eq!(found, expected, "{path}");
    }
    for (path, expected) in [
        ("docs/inside", "a.md"),
        ("docs/loop", "loop"),
        ("docs/hidden", "outside NotPermitted"),
        ("docs/out", "outside NotPermitted"),
        ("docs/absolute", "outside NotPermitted"),
        ("docs/a.md", "Invalid"),
        ("door", "outside NoEntry"),
    ] {
        let found = match files.files.read_link(at(path)) {
            Ok(target) => target,
            other => said(other),
        };
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn a_directory_is_looked_up_again_each_time() {
    let tree = Tree::of(&["docs/deep/b.md", "docs/deep/c.md"]);
    let files = tree.files(&["docs/**"], &[]);
    let find =
        |path: &str| files.files.find(Touch::Read, "docs/deep", path, Last::Follow).map(|_| ());
    assert_eq!(said(find("b.md")), "ok");
    assert_eq!(said(find("../x")), "outside NotPermitted", "not above the descriptor");
    fs::remove_dir_all(tree.root().join("docs/deep")).unwrap();
    assert_eq!(said(find("b.md")), "NoEntry");
    // Not even a link to the same place takes its place.
    fs::create_dir(tree.root().join("docs/other")).unwrap();
    fs::write(tree.root().join("docs/other/b.md"), "b").unwrap();
    tree.link("docs/deep", "other");
    assert_eq!(said(find("b.md")), "NoEntry");
}

#[test]
fn a_pattern_that_cannot_be_used_grants_nothing() {
    let tree = Tree::of(&[]);
    let authority = Authority { read: scope(&["../**"]), ..Authority::default() };
    let root = Some(Arc::new(Root::open(&tree.root()).unwrap()));
    let grant = ToolGrant {
        root,
        authority: Arc::new(authority),
        environment: Vec::new(),
        secrets: Vec::new(),
        certificates: Arc::default(),
        denied: Arc::new(|_| ()),
    };
    let limits = Limits::default();
    assert!(Files::new(&grant, &Scopes::default(), &limits, &Meter::new(&limits.tool)).is_err());
}
