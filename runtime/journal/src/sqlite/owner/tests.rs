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

#[test]
fn a_file_without_a_lock_is_a_dead_owners_and_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let owners = Owners::create(home.path()).unwrap();
    std::fs::write(home.path().join("owners/gone"), "1").unwrap();
    let living = owners.enrol().unwrap();
    std::fs::write(home.path().join("owners/gone"), "1").unwrap();
    assert_eq!(owners.look("gone").unwrap(), Life::Dead);
    let second = owners.enrol().unwrap();
    assert!(!home.path().join("owners/gone").exists());
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
