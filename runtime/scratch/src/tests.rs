#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

/// What lies in a place.
fn names(place: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn folders_of_a_process_lie_together_and_go_with_the_last() {
    let temp = tempfile::tempdir().unwrap();
    let shared = Mutex::new(Weak::new());
    let one = Scratch::below(temp.path(), &shared).unwrap();
    let two = Scratch::below(temp.path(), &shared).unwrap();
    assert_eq!(names(temp.path()).len(), 1);
    assert_eq!(one.path().parent(), two.path().parent());
    assert_eq!(one.path().metadata().unwrap().mode() & 0o777, 0o700);
    fs::write(one.path().join("file"), "text").unwrap();
    // They are in use.
    assert_eq!(sweep_in(temp.path()), []);
    let kept = two.path().to_owned();
    drop(one);
    assert!(kept.is_dir());
    drop(two);
    assert_eq!(names(temp.path()), Vec::<String>::new());
    // And begin anew.
    let three = Scratch::below(temp.path(), &shared).unwrap();
    assert!(three.path().is_dir());
}

#[test]
fn one_that_was_taken_away_by_others_is_made_again() {
    let temp = tempfile::tempdir().unwrap();
    let shared = Mutex::new(Weak::new());
    let one = Scratch::below(temp.path(), &shared).unwrap();
    fs::remove_dir_all(one.path().parent().unwrap()).unwrap();
    let two = Scratch::below(temp.path(), &shared).unwrap();
    assert!(two.path().is_dir());
    drop(one);
    assert!(two.path().is_dir());
}

#[test]
fn what_a_process_left_is_taken_away_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    let mark = std::str::from_utf8(MARK).unwrap();
    let alive = Scratch::below(temp.path(), &Mutex::new(Weak::new())).unwrap();
    for (path, text) in [
        // What a killed process left: nobody holds its lock.
        ("baton-scratch-dead/.baton-scratch", mark),
        ("baton-scratch-dead/a/b/file", "text"),
        // What people called so, and a name that is not ours.
        ("baton-scratch-own/file", ""),
        ("baton-scratch-other/.baton-scratch", "mine"),
        ("baton-notes/.baton-scratch", mark),
        ("other/.baton-scratch", mark),
    ] {
        fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        fs::write(at(path), text).unwrap();
    }
    // Links lead to what is somebody else's.
    let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
    link(at("other"), at("baton-scratch-link")).unwrap();
    fs::create_dir(at("baton-scratch-trap")).unwrap();
    link(at("other/.baton-scratch"), at("baton-scratch-trap/.baton-scratch")).unwrap();
    link(at("other"), at("baton-scratch-dead/a/link")).unwrap();
    let before = names(temp.path());
    let swept = sweep_in(temp.path());
    assert_eq!(swept.len(), 1, "{swept:?}");
    assert_eq!(swept.first().unwrap().path, at("baton-scratch-dead"));
    assert!(swept.first().unwrap().bytes >= 4);
    let gone = |name: &&String| name.as_str() != "baton-scratch-dead";
    assert_eq!(names(temp.path()), before.iter().filter(gone).cloned().collect::<Vec<_>>());
    assert!(at("other/.baton-scratch").exists() && alive.path().is_dir());
    assert_eq!(sweep_in(temp.path()), []);
}
