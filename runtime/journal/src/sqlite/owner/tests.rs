#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

fn files(home: &Path) -> usize {
    std::fs::read_dir(home.join("owners")).unwrap().count()
}

#[test]
fn an_owner_lives_until_it_is_dropped() {
    let home = tempfile::tempdir().unwrap();
    let owners = Owners::create(home.path()).unwrap();
    let owner = owners.enrol().unwrap();
    let id = owner.id().to_owned();
    // Asking twice at once must not make two askers take each other for the owner.
    for _ in 0..2 {
        assert_eq!(owners.look(&id).unwrap(), Life::Alive(Some(std::process::id())));
    }
    drop(owner);
    assert_eq!(owners.look(&id).unwrap(), Life::Dead);
    assert_eq!(files(home.path()), 0);
}

/// The name of an owner that is dead.
const GONE: &str = "00112233445566778899aabbccddeeff";

/// A folder that came with somebody else's files.
#[test]
fn nothing_but_files_of_owners_is_ever_removed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("owners");
    let owners = Owners::create(home.path()).unwrap();
    let elsewhere = home.path().join("thesis.tex");
    std::fs::write(&elsewhere, "1").unwrap();
    std::fs::write(folder.join(".bashrc"), "1").unwrap();
    std::fs::write(folder.join("gone"), "1").unwrap();
    std::fs::write(folder.join(&GONE[1..]), "1").unwrap();
    std::fs::write(folder.join(GONE), "more than the number of a process").unwrap();
    std::fs::create_dir(folder.join(GONE.replace('0', "1"))).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join(GONE.replace('0', "2"))).unwrap();
    let owner = owners.enrol().unwrap();
    assert!(!owners.others(Some(owner.id())).unwrap());
    drop(owner);
    assert_eq!(files(home.path()), 6);
    assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), "1");
    // What a hostile journal names is no path.
    assert_eq!(owners.look("../thesis.tex").unwrap(), Life::Dead);
}

#[test]
fn a_folder_that_is_a_link_is_refused_and_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let precious = tempfile::tempdir().unwrap();
    std::fs::write(precious.path().join(GONE), "1").unwrap();
    std::os::unix::fs::symlink(precious.path(), home.path().join("owners")).unwrap();
    let refused = Owners::create(home.path()).unwrap_err();
    assert!(matches!(refused, JournalError::Io { .. }), "{refused:?}");
    assert!(precious.path().join(GONE).exists());
}

#[test]
fn a_file_without_a_lock_is_a_dead_owners_and_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let owners = Owners::create(home.path()).unwrap();
    let gone = home.path().join("owners").join(GONE);
    std::fs::write(&gone, "1").unwrap();
    let living = owners.enrol().unwrap();
    std::fs::write(&gone, "1").unwrap();
    assert_eq!(owners.look(GONE).unwrap(), Life::Dead);
    let second = owners.enrol().unwrap();
    assert!(!gone.exists());
    for owner in [&living, &second] {
        assert_eq!(owners.look(owner.id()).unwrap(), Life::Alive(Some(std::process::id())));
    }
}

/// Every owner cleans up while others enrol: none may lose its lock by that.
#[test]
fn cleaning_takes_no_new_file_for_a_dead_owners() {
    let home = tempfile::tempdir().unwrap();
    let owners = Owners::create(home.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let owner = owners.enrol().unwrap();
                    assert!(matches!(owners.look(owner.id()).unwrap(), Life::Alive(_)));
                }
            });
        }
    });
    assert_eq!(files(home.path()), 0);
}
