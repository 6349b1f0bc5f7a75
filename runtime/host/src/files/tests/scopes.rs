//! What the layers of a scope let pass.

use baton_core::files::FileErrorKind::Denied;
use baton_core::limits::FileLimits;
use baton_core::scope::{GlobLayer, PathScope, Scope};

use super::super::{Root, ScopeError};
use super::{Tree, everything, layer, listed, read, refused, selection, stat};

const TREE: [&str; 8] = [
    ".env",
    ".git/config",
    "README.md",
    "docs/a.md",
    "docs/b.txt",
    "docs/private/c.md",
    "src/lib.rs",
    "src/notes.md",
];

/// Asserts which files of the tree pass, by reading each and by listing all.
#[track_caller]
fn passing(tree: &Tree, layers: &[GlobLayer], expected: &[&str]) {
    let files = tree.layered(layers);
    let mut options = everything();
    options.directories = false;
    assert_eq!(listed(&files, &selection(&[], &[], options)), expected);
    for path in TREE {
        if expected.contains(&path) {
            assert_eq!(read(&files, path).unwrap(), path.as_bytes());
            assert_eq!(stat(&files, path).unwrap().path, path);
        } else {
            refused(read(&files, path), Denied, "out-of-scope");
            refused(stat(&files, path), Denied, "out-of-scope");
        }
    }
}

#[test]
fn a_child_sees_what_its_own_layer_and_its_parents_let_pass() {
    let tree = Tree::of(&TREE);
    let markdown = ["README.md", "docs/a.md", "docs/private/c.md", "src/notes.md"];
    let table: &[(GlobLayer, &[&str], &[&str])] = &[
        (layer(&[], &[]), &[], &TREE),
        (layer(&["**/*.md"], &[]), &[], &markdown),
        (layer(&["**/*.md"], &[]), &["**"], &markdown),
        (layer(&["*.md", "d*.md"], &[]), &[], &["README.md"]),
        (layer(&["docs/**"], &[]), &["**/*.md"], &["docs/a.md", "docs/private/c.md"]),
        (layer(&["docs/**"], &[]), &["src/**"], &[]),
        (layer(&["docs/**"], &["docs/private"]), &["**/*.md"], &["docs/a.md"]),
        (layer(&["docs/**"], &["docs/private/**"]), &["**/c.md"], &[]),
        (layer(&["docs"], &[]), &[], &[]),
        (layer(&[], &["**/PRIVATE/**", "SRC"]), &["**/*.md"], &["README.md", "docs/a.md"]),
        (layer(&["Docs/**"], &[]), &[], &[]),
        (layer(&["README.md", "src/*.rs"], &[]), &["*", "src/*"], &["README.md", "src/lib.rs"]),
    ];
    for (parent, child, expected) in table {
        let scope =
            Scope { read: Some(PathScope { layers: vec![parent.clone()] }), ..Scope::default() };
        let asked: Vec<String> = child.iter().map(ToString::to_string).collect();
        let narrowed = scope.narrowed((!asked.is_empty()).then_some(&asked[..])).read.unwrap();
        passing(&tree, &narrowed.layers, expected);
        // The order of layers does not matter.
        let reversed: Vec<GlobLayer> = narrowed.layers.into_iter().rev().collect();
        passing(&tree, &reversed, expected);
    }
}

#[test]
fn secrets_stay_out_in_any_case_of_letters_and_behind_any_link() {
    let tree = Tree::of(&[
        ".ENV",
        ".Git/config",
        "Server.PEM",
        "app/.env.local",
        "app/ID_RSA.bak",
        "app/main.rs",
        "app/.sSh/known",
    ]);
    tree.link("notes.md", ".ENV");
    tree.link("app/link.rs", "main.rs");
    tree.link("dotgit", ".Git");
    let files = tree.layered(&[GlobLayer::no_secrets()]);
    let all = selection(&[], &[], everything());
    assert_eq!(listed(&files, &all), ["app", "app/link.rs", "app/main.rs"]);
    for path in [
        ".ENV",
        ".env",
        ".Git/config",
        "Server.PEM",
        "app/.env.local",
        "app/ID_RSA.bak",
        "app/.sSh/known",
        "notes.md",
        "dotgit/config",
    ] {
        refused(read(&files, path), Denied, "out-of-scope");
        refused(stat(&files, path), Denied, "out-of-scope");
    }
    for path in [".Git", "app/.sSh", "dotgit"] {
        refused(stat(&files, path), Denied, "out-of-scope");
    }
    assert_eq!(read(&files, "app/link.rs").unwrap(), b"app/main.rs");
}

#[test]
fn what_a_grant_names_passes_although_it_is_excluded() {
    let tree = Tree::of(&[
        ".env",
        ".git/HEAD",
        ".git/objects/ab/cd",
        ".git/config",
        "sub/.git/HEAD",
        "app/secret/a.txt",
        "app/secret/b.txt",
        "app/main.rs",
    ]);
    let unless = |patterns: &[&str]| GlobLayer {
        unless: patterns.iter().map(ToString::to_string).collect(),
        exclude: [GlobLayer::no_secrets().exclude, vec!["app/secret".into()]].concat(),
        ..GlobLayer::default()
    };
    for (patterns, files, open) in [
        (&[".git/**"][..], &[".git/HEAD", ".git/config", ".git/objects/ab/cd"][..], &[".git"][..]),
        (&[".git/HEAD"], &[".git/HEAD"], &[".git"]),
        (&["app/secret/a.txt"], &["app/secret/a.txt"], &["app/secret"]),
        (&[".env"], &[".env"], &[]),
        (&[], &[], &[]),
    ] {
        let mut expected: Vec<&str> = [files, &["app/main.rs"]].concat();
        expected.sort_unstable();
        let scoped = tree.layered(&[unless(patterns)]);
        let mut options = everything();
        options.directories = false;
        assert_eq!(listed(&scoped, &selection(&[], &[], options)), expected, "{patterns:?}");
        for path in [".git", "app/secret", "sub/.git"] {
            let seen = stat(&scoped, path).is_ok();
            assert_eq!(seen, open.contains(&path), "{path} with {patterns:?}");
        }
        for path in [".env", ".git/config", "sub/.git/HEAD", "app/secret/b.txt"] {
            assert_eq!(read(&scoped, path).is_ok(), files.contains(&path), "{path} {patterns:?}");
        }
    }
}

#[test]
fn a_directory_is_seen_where_something_below_it_may_pass() {
    let tree = Tree::of(&TREE);
    let files = tree.layered(&[layer(&["docs/private/*.md", "src/lib.rs"], &[])]);
    for path in ["docs", "docs/private", "src"] {
        assert_eq!(stat(&files, path).unwrap().size, 0);
    }
    // Whether these are there is not told.
    for path in [".git", "docs/a.md", "docs/missing", "docs/private/missing", "missing"] {
        refused(stat(&files, path), Denied, "out-of-scope");
    }
}

#[test]
fn a_path_that_only_a_directory_may_have_tells_nothing_else() {
    let tree = Tree::of(&TREE);
    let files = tree.layered(&[layer(&["**/*.md"], &["docs"])]);
    assert_eq!(stat(&files, "src").unwrap().size, 0);
    for path in ["src/lib.rs", "src/missing", "missing", "docs", "docs/private"] {
        refused(stat(&files, path), Denied, "out-of-scope");
    }
}

#[test]
fn links_to_directories_are_followed_inside_the_scope() {
    let tree = Tree::of(&TREE);
    tree.link("docs/here", ".");
    tree.link("docs/up", "../src");
    tree.link("docs/file-as-directory", "a.md/");
    let files = tree.layered(&[layer(&["docs/**"], &[])]);
    assert_eq!(read(&files, "docs/here/here/a.md").unwrap(), b"docs/a.md");
    refused(read(&files, "docs/up/lib.rs"), Denied, "out-of-scope");
    refused(stat(&files, "docs/up"), Denied, "out-of-scope");
    refused(
        read(&files, "docs/file-as-directory"),
        baton_core::files::FileErrorKind::WrongKind,
        "not-directory",
    );
}

#[test]
fn malformed_scopes_name_the_pattern() {
    let tree = Tree::new();
    let root = Root::open(&tree.root()).unwrap();
    let limits = FileLimits::default();
    let compile = |layer: GlobLayer| {
        let scope = PathScope { layers: vec![GlobLayer::default(), layer] };
        root.scoped(&scope, &limits).map(|_| ()).unwrap_err()
    };
    for bad in ["a[", "secret/", "/etc/**", "../x", "./x", ""] {
        for broken in [layer(&["ok", bad], &[]), layer(&[], &["ok", bad])] {
            match compile(broken) {
                ScopeError::BadPattern { pattern, .. } => assert_eq!(pattern, bad),
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!(
        compile(layer(&["x"; 257], &[])),
        ScopeError::TooManyPatterns { count: 257, limit: 256 }
    );
    assert_eq!(
        compile(layer(&[], &[&"x".repeat(5_000)])),
        ScopeError::PatternTooLong { size: 5_000, limit: 4_096 }
    );
}
