#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::os::unix::fs::symlink;

use super::super::places::Place;
use super::*;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for file in files {
            let path = tree.at(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn scan(&self, path: &str, deep: bool) -> (Vec<String>, Vec<String>) {
        let fence = Some(self.0.path().to_owned());
        let found =
            scan(&Folder { path: self.at(path), place: Place::Project, fence, plugin: None }, deep);
        let shown = |path: &Path| path.strip_prefix(self.0.path()).unwrap().display().to_string();
        (
            found.files.iter().map(|path| shown(path)).collect(),
            found
                .skipped
                .iter()
                .map(|skipped| format!("{}: {}", shown(&skipped.path), skipped.reason))
                .collect(),
        )
    }
}

#[test]
fn files_come_by_path_and_folders_are_named_or_entered() {
    let tree = Tree::new(&["w/b.js", "w/a.js", "w/deep/er/c.js"]);
    let (files, skipped) = tree.scan("w", false);
    assert_eq!(files, ["w/a.js", "w/b.js"]);
    assert_eq!(skipped, ["w/deep: a folder: only files directly in this one are looked at"]);
    let (files, skipped) = tree.scan("w", true);
    assert_eq!(files, ["w/a.js", "w/b.js", "w/deep/er/c.js"]);
    assert_eq!(skipped, Vec::<String>::new());
    assert_eq!(tree.scan("absent", true), (Vec::new(), Vec::new()));
}

#[test]
fn no_link_leads_out() {
    let tree = Tree::new(&["w/a.js", "secret.js", "other/x.js"]);
    symlink(tree.at("secret.js"), tree.at("w/out.js")).unwrap();
    symlink("../other", tree.at("w/folder")).unwrap();
    symlink("a.js", tree.at("w/within.js")).unwrap();
    symlink("none.js", tree.at("w/dangling.js")).unwrap();
    symlink(".", tree.at("w/loop")).unwrap();
    let (files, skipped) = tree.scan("w", true);
    assert_eq!(files, ["w/a.js", "w/within.js"]);
    assert_eq!(
        skipped,
        [
            "w/dangling.js: a link that leads nowhere",
            "w/folder: a link that leads out of its folder is not followed",
            "w/out.js: a link that leads out of its folder is not followed",
        ]
    );
}

#[test]
fn the_folder_itself_must_lie_in_its_project() {
    let outside = Tree::new(&["x.js"]);
    let tree = Tree::new(&["real/a.js"]);
    symlink(outside.0.path(), tree.at("w")).unwrap();
    symlink("real", tree.at("inside")).unwrap();
    symlink("nowhere", tree.at("torn")).unwrap();
    let (files, skipped) = tree.scan("w", true);
    assert_eq!(files, Vec::<String>::new());
    assert_eq!(skipped, ["w: a link that leads out of the project is not followed"]);
    assert_eq!(tree.scan("inside", false).0, ["inside/a.js"]);
    assert_eq!(tree.scan("torn", false).1, ["torn: a link that leads nowhere"]);
    // What a person linked themselves is followed.
    let mine = Folder { path: tree.at("w"), place: Place::User, fence: None, plugin: None };
    assert_eq!(scan(&mine, false).files, [tree.at("w/x.js")]);
}

#[test]
fn entries_and_depth_are_bounded() {
    let names: Vec<String> = (0..=ENTRIES_MAX).map(|n| format!("w/{n:05}.js")).collect();
    let tree = Tree::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (files, skipped) = tree.scan("w", false);
    assert_eq!(files.len(), ENTRIES_MAX);
    assert_eq!(skipped, ["w: only the first 2000 entries are looked at"]);

    let within = format!("w/{}in.md", "d/".repeat(DEPTH_MAX - 1));
    let beyond = format!("w/{}out.md", "d/".repeat(DEPTH_MAX));
    let tree = Tree::new(&[&within, &beyond]);
    let (files, skipped) = tree.scan("w", true);
    assert_eq!(files, [within]);
    assert_eq!(skipped.len(), 1);
    assert!(skipped[0].ends_with("d: folders are looked into 8 deep"), "{skipped:?}");
}

#[test]
fn files_are_read_up_to_their_limit() {
    let tree = Tree::new(&["four"]);
    assert_eq!(read(&tree.at("four"), 4).unwrap(), b"four");
    match read(&tree.at("four"), 3).unwrap_err() {
        Unread::TooLarge { size, max } => assert_eq!((size, max), (4, 3)),
        Unread::Io(error) => panic!("{error}"),
    }
    let pipe = tree.at("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    for path in [pipe, tree.at(""), tree.at("none")] {
        assert!(matches!(read(&path, 4), Err(Unread::Io(_))), "{path:?}");
    }
}
