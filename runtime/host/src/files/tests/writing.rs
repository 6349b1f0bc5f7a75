//! Writing files whole.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use baton_core::digest::Digest;

use super::*;

fn written(tree: &Tree, path: &str) -> String {
    fs::read_to_string(tree.root().join(path)).unwrap()
}

/// Names of everything in a directory of the tree.
fn names(tree: &Tree, path: &str) -> Vec<String> {
    let entries = fs::read_dir(tree.root().join(path)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn files(tree: &Tree, layer: GlobLayer, limits: FileLimits) -> ScopedFiles {
    let scope = PathScope { layers: vec![layer] };
    Root::open(&tree.root()).unwrap().scoped(&scope, &limits).unwrap()
}

fn all(tree: &Tree) -> ScopedFiles {
    files(tree, GlobLayer::default(), FileLimits::default())
}

#[test]
fn new_files_and_those_in_place_of_others() {
    let tree = Tree::of(&["a", "kept/b"]);
    let files = all(&tree);
    for (path, created) in [("a", false), ("new", true), ("kept/c", true), ("x/y/z/new", true)] {
        let done = files.write(path, b"text", None).unwrap();
        assert_eq!((done.created, done.digest), (created, Digest::of(b"text")), "{path}");
        assert_eq!(written(&tree, path), "text");
    }
    assert_eq!(names(&tree, ""), ["a", "kept", "new", "x"], "nothing else is left behind");
    assert_eq!(names(&tree, "kept"), ["b", "c"]);
}

#[test]
fn a_file_keeps_its_permissions_and_others_keep_what_they_opened() {
    let tree = Tree::of(&["run.sh"]);
    let path = tree.root().join("run.sh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let before = fs::metadata(&path).unwrap();
    let opened = fs::File::open(&path).unwrap();
    all(&tree).write("run.sh", b"new", None).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(after.permissions().mode() & 0o777, 0o755);
    assert_ne!(before.ino(), after.ino(), "it took the other's place");
    assert_eq!(std::io::read_to_string(opened).unwrap(), "run.sh");
}

#[test]
fn what_is_not_as_expected_stays() {
    let tree = Tree::of(&["a"]);
    let files = all(&tree);
    let error = files.write("a", b"new", Some(&Digest::of(b"other"))).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (FileErrorKind::Io, "changed"));
    assert_eq!(written(&tree, "a"), "a");
    files.write("a", b"new", Some(&Digest::of(b"a"))).unwrap();
    assert_eq!(written(&tree, "a"), "new");
    let error = files.write("none", b"new", Some(&Digest::of(b"a"))).unwrap_err();
    assert_eq!(error.code, "not-found");
}

#[test]
fn links_are_followed_within_the_scope() {
    let tree = Tree::of(&["real/file", "hidden/file"]);
    tree.link("to-file", "real/file");
    tree.link("to-dir", "real");
    tree.link("to-hidden", "hidden/file");
    tree.link("to-hidden-dir", "hidden");
    tree.link("nowhere", "not/there");
    tree.link("outside", tree.holder.path());
    tree.link("up", "../escaped");
    let layer = GlobLayer { exclude: vec!["hidden/**".into()], ..GlobLayer::default() };
    let files = files(&tree, layer, FileLimits::default());
    files.write("to-file", b"1", None).unwrap();
    assert_eq!(written(&tree, "real/file"), "1");
    assert!(fs::symlink_metadata(tree.root().join("to-file")).unwrap().is_symlink());
    files.write("to-dir/other", b"2", None).unwrap();
    assert_eq!(written(&tree, "real/other"), "2");
    for (path, code) in [
        ("to-hidden", "out-of-scope"),
        ("to-hidden-dir/file", "out-of-scope"),
        ("to-hidden-dir/new", "out-of-scope"),
        ("to-hidden-dir/new/new", "out-of-scope"),
        ("hidden/new", "out-of-scope"),
        ("nowhere", "link-dangling"),
        ("outside/new", "link-outside"),
        ("outside", "link-outside"),
        ("up", "link-outside"),
        ("up/new", "link-outside"),
        ("../new", "parent-part"),
        ("/tmp/new", "absolute-path"),
        ("real", "is-directory"),
        ("real/file/new", "not-directory"),
        ("new/", "trailing-slash"),
    ] {
        let error = files.write(path, b"X", None).unwrap_err();
        assert_eq!(error.code, code, "{path}: {error}");
    }
    assert!(files.write("nowhere/new", b"X", None).is_err(), "a link to nowhere is no directory");
    assert_eq!(names(&tree, "hidden"), ["file"]);
    assert_eq!(written(&tree, "hidden/file"), "hidden/file");
    let beside: Vec<_> = fs::read_dir(tree.holder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing beside the root");
}

#[test]
fn directories_are_made_only_for_files_inside_the_scope() {
    let tree = Tree::new();
    let layer = GlobLayer { include: vec!["out/*.md".into()], ..GlobLayer::default() };
    let files = files(&tree, layer, FileLimits::default());
    assert_eq!(files.write("out/deep/a.md", b"X", None).unwrap_err().code, "out-of-scope");
    assert!(names(&tree, "").is_empty());
    files.write("out/a.md", b"X", None).unwrap();
    assert_eq!(names(&tree, "out"), ["a.md"]);
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let tree = Tree::of(&["a"]);
    let limits = FileLimits { read_bytes: 10, ..FileLimits::default() };
    let files = files(&tree, GlobLayer::default(), limits);
    assert_eq!(files.write("a", &[b'x'; 11], None).unwrap_err().code, "file-too-large");
    assert_eq!(written(&tree, "a"), "a");
    files.write("a", &[b'x'; 10], None).unwrap();
}

#[test]
fn who_reads_meanwhile_sees_one_or_the_other() {
    let tree = Tree::of(&["a"]);
    let files = all(&tree);
    let contents: Vec<Vec<u8>> = (b'a'..=b'z').map(|byte| vec![byte; 1 << 16]).collect();
    files.write("a", &contents[0], None).unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            for _ in 0..200 {
                let bytes = fs::read(tree.root().join("a")).unwrap();
                assert!(contents.contains(&bytes), "{} bytes of no version", bytes.len());
            }
        });
        for content in contents.iter().cycle().take(200) {
            files.write("a", content, None).unwrap();
        }
        reader.join().unwrap();
    });
    assert_eq!(names(&tree, ""), ["a"]);
}
