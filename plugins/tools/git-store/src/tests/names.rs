use std::fs;

use super::Made;
use crate::{Id, is_branch_name};

#[test]
fn revisions_are_what_git_takes_them_for() {
    let made = Made::new();
    let first = made.commit("first", &[("a", "1")]);
    made.commit("second", &[("a", "2")]);
    made.git(&["tag", "light"]);
    made.git(&["tag", "-a", "heavy", "-m", "a tag"]);
    made.git(&["checkout", "--quiet", "-b", "topic/one", &first]);
    made.commit("aside", &[("b", "1")]);
    made.git(&["checkout", "--quiet", "main"]);
    made.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "topic/one"]);
    made.git(&["update-ref", "refs/remotes/origin/main", &first]);
    let revisions = [
        "HEAD",
        "@",
        "main",
        "refs/heads/main",
        "heads/main",
        "topic/one",
        "light",
        "heavy",
        "tags/heavy",
        "origin/main",
        "HEAD~1",
        "HEAD^",
        "HEAD^2",
        "HEAD~",
        "@~1^1",
        "main^0",
        "heavy^{commit}",
        &first,
        &first[..8],
        &first[..4],
    ];
    for packed in [false, true] {
        if packed {
            made.git(&["pack-refs", "--all"]);
            made.git(&["gc", "--quiet"]);
        }
        let repository = made.open();
        for revision in revisions {
            let expected = made.git(&["rev-parse", &format!("{revision}^{{commit}}")]);
            assert_eq!(repository.resolve(revision).unwrap().to_string(), expected, "{revision}");
        }
        let names: Vec<String> =
            repository.references("refs/").unwrap().into_iter().map(|one| one.name).collect();
        let expected = made.git(&["for-each-ref", "--format=%(refname)"]);
        assert_eq!(names.join("\n"), expected);
    }
    let repository = made.open();
    for revision in [
        "",
        "absent",
        "HEAD~9",
        "HEAD^3",
        "HEAD^x",
        "../HEAD",
        "refs/../HEAD",
        "ffff",
        "~1",
        "HEAD~99999999999",
    ] {
        assert_eq!(
            repository.resolve(revision).unwrap_err().code,
            "unknown-revision",
            "{revision}"
        );
    }
    let tree = made.git(&["rev-parse", "HEAD^{tree}"]);
    assert_eq!(repository.resolve(&tree).unwrap_err().code, "not-a-commit");
}

#[test]
fn a_reference_is_set_only_from_what_was_expected() {
    let made = Made::new();
    let first = Id::from_hex(&made.commit("first", &[])).unwrap();
    let second = Id::from_hex(&made.commit("second", &[])).unwrap();
    let repository = made.open();
    let name = "refs/heads/new";
    assert!(!repository.set(name, Some(first), second).unwrap());
    assert_eq!(repository.reference(name).unwrap(), None);
    assert!(repository.set(name, None, first).unwrap());
    assert!(!repository.set(name, None, second).unwrap());
    assert!(repository.set(name, Some(first), second).unwrap());
    assert_eq!(made.git(&["rev-parse", "new"]), second.to_string());
    // A packed one counts, too.
    made.git(&["pack-refs", "--all"]);
    assert!(!repository.set(name, None, first).unwrap());
    assert!(repository.set(name, Some(second), first).unwrap());
    // Somebody else is at it.
    fs::write(made.path().join(".git/refs/heads/new.lock"), "").unwrap();
    assert!(!repository.set(name, Some(first), second).unwrap());
    assert_eq!(repository.reference(name).unwrap(), Some(first));
}

#[test]
fn branches_that_are_checked_out_are_known() {
    let made = Made::new();
    made.commit("first", &[("a", "1")]);
    made.git(&["branch", "free"]);
    made.git(&["worktree", "add", "--quiet", "-b", "other", "tree"]);
    let repository = made.open();
    assert_eq!(repository.head().unwrap().as_deref(), Some("refs/heads/main"));
    let checked_out = |name: &str| repository.is_checked_out(name).unwrap();
    assert!(checked_out("refs/heads/main") && checked_out("refs/heads/other"));
    assert!(!checked_out("refs/heads/free"));
}

#[test]
fn names_of_branches_follow_the_rules_of_git() {
    let made = Made::new();
    for name in [
        "main",
        "topic/one",
        "a-b_c.d",
        "ü",
        "",
        "-x",
        "a..b",
        "a.",
        ".a",
        "a/.b",
        "a/",
        "/a",
        "a//b",
        "a b",
        "a~",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "a.lock",
        "a.lock/b",
        "a@{b",
        "HEAD",
        "a\u{7f}",
        "a\nb",
    ] {
        let git = std::process::Command::new("git")
            .args(["check-ref-format", "--branch", name])
            .current_dir(made.path())
            .output()
            .unwrap();
        assert_eq!(is_branch_name(name), git.status.success(), "{name:?}");
    }
    // Git takes this for what is checked out.
    assert!(!is_branch_name("@"));
    assert!(!is_branch_name(&"x".repeat(201)));
}
