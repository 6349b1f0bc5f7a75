//! Nothing is carried over the border between what is granted and what is not.

use super::*;

fn hidden() -> (Tree, Granted) {
    let tree = Tree::of(&[
        "out/a/x.txt",
        "out/a/secret/key",
        "out/plain/y.txt",
        "out/linked/z.txt",
        "docs/b.md",
        "private/p.txt",
    ]);
    tree.link("out/linked/l", "../a/x.txt");
    tree.link("out/to-private", "../private");
    let files = tree.files(&["docs/*.md"], &["out/**", "!out/a/secret/**", "!out/a/secret"]);
    (tree, files)
}

#[test]
fn a_directory_moves_only_with_all_that_is_in_it() {
    let (tree, files) = hidden();
    assert_eq!(said(files.rename("out/plain", "out/moved")), "ok");
    // Elsewhere its hidden part would not be hidden.
    assert_eq!(said(files.rename("out/a", "out/b")), "outside NotPermitted");
    // Its links would mean something else.
    assert_eq!(said(files.rename("out/linked", "out/moved/linked")), "outside NotPermitted");
    // What was not hidden would be: it could not be reached again.
    assert_eq!(said(files.rename("out/moved", "out/a/secret")), "outside NotPermitted");
    assert!(tree.root().join("out/a/secret/key").exists());
    assert!(tree.root().join("out/linked/l").exists());
}

#[test]
fn what_is_hidden_is_neither_moved_nor_linked_nor_overwritten() {
    let (tree, files) = hidden();
    for (from, to) in [
        ("private/p.txt", "out/p.txt"),
        ("out/to-private/p.txt", "out/p.txt"),
        ("out/a/secret/key", "out/key"),
        ("out/plain/y.txt", "private/y.txt"),
        ("out/plain/y.txt", "out/to-private/y.txt"),
        ("out/plain/y.txt", "out/a/secret/key"),
        ("docs/b.md", "out/b.md"),
        ("out/plain/y.txt", "docs/b.md"),
    ] {
        for found in [said(files.rename(from, to)), said(files.files.hard_link(at(from), at(to)))] {
            assert!(found.starts_with("outside"), "{from} {to}: {found}");
        }
    }
    for path in ["private/p.txt", "out/a/secret/key", "docs/b.md", "out/plain/y.txt"] {
        assert_eq!(fs::read_to_string(tree.root().join(path)).unwrap(), path);
    }
}

#[test]
fn links_point_only_to_what_is_granted() {
    let (tree, files) = hidden();
    for (target, place, expected) in [
        ("a/x.txt", "out/l1", "ok"),
        ("./plain", "out/l2", "ok"),
        ("../docs/b.md", "out/l3", "ok"),
        ("later/x", "out/l4", "ok"),
        ("../../docs/b.md", "out/plain/l5", "ok"),
        ("..", "out/plain/l6", "ok"),
        ("..", "out/bad", "outside NotPermitted"),
        ("../docs", "out/bad", "outside NotPermitted"),
        ("../private/p.txt", "out/bad", "outside NotPermitted"),
        ("../private", "out/bad", "outside NotPermitted"),
        ("../docs/other.txt", "out/bad", "outside NotPermitted"),
        ("a/secret/key", "out/bad", "outside NotPermitted"),
        ("../../outside", "out/bad", "outside NotPermitted"),
        ("/etc/passwd", "out/bad", "outside NotPermitted"),
        ("to-private/p.txt", "out/bad", "outside NotPermitted"),
        // Up again, through what may be replaced later.
        ("plain/../a/x.txt", "out/bad", "outside NotPermitted"),
        ("later/../../private", "out/bad", "outside NotPermitted"),
        ("", "out/bad", "NoEntry"),
        ("x", "private/l", "outside NotPermitted"),
        ("x", "out/l1", "Exist"),
    ] {
        assert_eq!(said(files.files.soft_link(target, at(place))), expected, "{place} -> {target}");
    }
    assert!(!tree.root().join("out/bad").is_symlink());
    assert_eq!(
        said(files.rename("out/l1", "out/plain/l1")),
        "ok",
        "`out/plain/a/x.txt` may be made"
    );
    // `../docs/b.md` would be `docs/b.md` seen from another place.
    assert_eq!(said(files.rename("out/plain/l5", "out/l5")), "outside NotPermitted");
    // One that was there before cannot be moved to where it would count.
    assert_eq!(said(files.rename("out/to-private", "out/other")), "outside NotPermitted");
}

#[test]
fn one_link_is_not_led_out_by_another_that_is_made_later() {
    let tree = Tree::of(&["out/d/x.txt"]);
    let files = tree.files(&[], &["out/**"]);
    assert_eq!(said(files.files.soft_link("d/x.txt", at("out/l"))), "ok");
    assert_eq!(said(files.files.remove_file(at("out/d/x.txt"))), "ok");
    assert_eq!(said(files.files.remove_directory(at("out/d"))), "ok");
    assert_eq!(said(files.files.soft_link("../..", at("out/d"))), "outside NotPermitted");
    // On the way to what is granted, and not granted itself.
    assert_eq!(said(files.files.soft_link("..", at("out/d"))), "outside NotPermitted");
    assert_eq!(said(files.files.soft_link("../out", at("out/d"))), "ok");
    assert_eq!(said(files.write("out/x.txt", "x")), "ok");
    assert_eq!(files.read("out/l").unwrap(), "x");
}
