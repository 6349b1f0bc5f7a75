#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::kept::{DRAFT, LIST, record};
use super::step::{STAGE, forward};
use super::{complete, order, unfinished, write};
use crate::isolation::apply::ApplyError;
use crate::isolation::apply::look::{Content, Look, look_here};
use crate::isolation::apply::plan::{Change, Plan};
use crate::isolation::git::{Git, Repository};

fn file(text: &str) -> Option<Content> {
    Some(Content::File { bytes: text.into(), executable: false })
}

fn script(text: &str) -> Option<Content> {
    Some(Content::File { bytes: text.into(), executable: true })
}

fn link(target: &str) -> Option<Content> {
    Some(Content::Link(target.into()))
}

/// Every kind of change.
fn changes() -> Vec<Change> {
    let change = |path: &str, old, new| Change { path: path.into(), old, new };
    vec![
        change("edited", file("old"), file("new")),
        change("made/deep/er", None, file("new")),
        change("gone/deep/er", file("old"), None),
        change("mode", file("same"), script("same")),
        change("link", link("a"), link("b")),
        change("becomes-link", file("old"), link("edited")),
        change("folder", None, file("was a folder")),
        change("folder/inner", file("old"), None),
        change("file", file("was a file"), None),
        change("file/inner", None, file("new")),
    ]
}

/// A working tree as it is before the changes.
fn tree() -> (tempfile::TempDir, Repository) {
    let temp = tempfile::tempdir().unwrap();
    let (top, own) = (temp.path().join("top"), temp.path().join("own"));
    fs::create_dir(&own).unwrap();
    for change in changes() {
        if let Some(old) = &change.old {
            put(&top.join(change.path), old);
        }
    }
    let repository = Repository {
        git: Git::new(&top),
        top,
        common: own.clone(),
        index: own.join("index"),
        objects: own.clone(),
        own,
        prefix: String::new(),
    };
    (temp, repository)
}

fn put(path: &Path, content: &Content) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match content {
        Content::Link(target) => symlink(std::ffi::OsStr::from_bytes(target), path).unwrap(),
        Content::File { bytes, executable } => {
            fs::write(path, bytes).unwrap();
            let mode = if *executable { 0o755 } else { 0o644 };
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
    }
}

/// Files and links below a folder.
fn files(top: &Path) -> BTreeMap<PathBuf, Content> {
    let mut files = BTreeMap::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match look_here(&path).unwrap() {
                Look::Is(content) => {
                    files.insert(path.strip_prefix(top).unwrap().to_owned(), content);
                }
                _ => folders.push(path),
            }
        }
    }
    files
}

fn wanted() -> BTreeMap<PathBuf, Content> {
    changes().into_iter().filter_map(|change| Some((change.path.into(), change.new?))).collect()
}

fn plan() -> Plan {
    Plan { task: "run_A/1".into(), changes: changes(), files: Vec::new() }
}

#[test]
fn a_plan_is_written_and_leaves_nothing_behind() {
    let (_temp, repository) = tree();
    let written = write(&repository, plan()).unwrap();
    assert_eq!(files(&repository.top), wanted());
    assert_eq!((written.paths.len(), written.left), (changes().len(), None));
    assert_eq!(fs::read_dir(&repository.own).unwrap().count(), 0);
    assert!(!repository.top.join("gone").exists(), "empty folders are nothing to git");
}

/// Killed after any number of steps, and in the middle of any.
#[test]
fn what_was_half_written_is_completed() {
    let steps = order(&changes());
    for done in 0..=steps.len() {
        for middle in ["", "made", "exchanged", "cut"] {
            let (_temp, repository) = tree();
            record(&repository, "run_A/1", &changes()).unwrap();
            for index in &steps[..done] {
                forward(&repository.top, &changes()[*index], *index).unwrap();
            }
            if let Some(index) = steps.get(done) {
                let change = &changes()[*index];
                let full = repository.top.join(&change.path);
                let stage = full.with_file_name(format!("{STAGE}{index}"));
                match (middle, &change.old, &change.new) {
                    ("made", _, Some(new)) => put(&stage, new),
                    ("cut", _, Some(Content::File { .. })) => put(&stage, &file("ne").unwrap()),
                    ("exchanged", Some(old), new) => {
                        fs::remove_file(&full).unwrap();
                        put(&stage, old);
                        new.iter().for_each(|new| put(&full, new));
                    }
                    _ => {}
                }
            }
            assert_eq!(unfinished(&repository).unwrap().as_deref(), Some("run_A/1"));
            let written = complete(&repository).unwrap().unwrap();
            assert_eq!(written.left, None, "{done} {middle}");
            assert_eq!(files(&repository.top), wanted(), "{done} {middle}");
            assert_eq!(fs::read_dir(&repository.own).unwrap().count(), 0);
            assert_eq!(complete(&repository).unwrap(), None);
        }
    }
}

#[test]
fn a_record_that_was_cut_is_none() {
    let (_temp, repository) = tree();
    let before = files(&repository.top);
    let draft = repository.own.join(DRAFT);
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join(LIST), "{").unwrap();
    assert_eq!(unfinished(&repository).unwrap(), None);
    assert_eq!(files(&repository.top), before);
    write(&repository, plan()).unwrap();
    assert_eq!(files(&repository.top), wanted());
}

#[test]
fn a_file_that_somebody_changed_since_is_theirs_and_both_versions_are_kept() {
    let (_temp, repository) = tree();
    record(&repository, "run_A/1", &changes()).unwrap();
    fs::write(repository.top.join("edited"), "mine").unwrap();
    let written = complete(&repository).unwrap().unwrap();
    let left = written.left.unwrap();
    assert_eq!(left.paths, ["edited"]);
    assert_eq!(fs::read(left.saved.join("old-0")).unwrap(), b"old");
    assert_eq!(fs::read(left.saved.join("new-0")).unwrap(), b"new");
    let mut expected = wanted();
    expected.insert("edited".into(), file("mine").unwrap());
    assert_eq!(files(&repository.top), expected);
    assert_eq!(unfinished(&repository).unwrap(), None);
}

/// What was exchanged is what somebody wrote in that very moment: it goes back.
#[test]
fn what_was_written_between_look_and_exchange_goes_back() {
    let (_temp, repository) = tree();
    record(&repository, "run_A/1", &changes()).unwrap();
    let stage = repository.top.join(format!("{STAGE}0"));
    fs::write(repository.top.join("edited"), "new").unwrap();
    fs::write(&stage, "mine").unwrap();
    let written = complete(&repository).unwrap().unwrap();
    assert_eq!(written.left.unwrap().paths, ["edited"]);
    assert_eq!(fs::read(repository.top.join("edited")).unwrap(), b"mine");
    assert!(!stage.exists());
}

#[test]
fn a_failure_in_the_middle_takes_all_back() {
    let (_temp, repository) = tree();
    let before = files(&repository.top);
    let mut plan = plan();
    // No file system takes such a name.
    let path = format!("z/{}", "x".repeat(300));
    plan.changes.push(Change { path, old: None, new: file("new") });
    let failed = write(&repository, plan).unwrap_err();
    assert!(matches!(failed, ApplyError::File { .. }), "{failed}");
    assert_eq!(files(&repository.top), before);
    assert_eq!(fs::read_dir(&repository.own).unwrap().count(), 0);
}
