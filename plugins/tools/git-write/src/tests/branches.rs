use super::Made;
use crate::{BranchInput, branch};

fn input(name: &str, at: Option<&str>) -> BranchInput {
    BranchInput { name: name.into(), at: at.map(str::to_owned) }
}

#[test]
fn a_branch_is_made_once() {
    let made = Made::new();
    let head = made.git(&["rev-parse", "HEAD"]);
    let first = branch(&made.tree(), &input("fix/one", None)).unwrap();
    assert_eq!(
        (first.branch.as_str(), first.commit.as_str(), first.created),
        ("fix/one", &*head, true)
    );
    assert_eq!(made.git(&["rev-parse", "refs/heads/fix/one"]), head);
    let again = branch(&made.tree(), &input("fix/one", Some("main"))).unwrap();
    assert!(!again.created && again.commit == head);
    assert_eq!(made.git(&["rev-parse", "--abbrev-ref", "HEAD"]), "main");

    made.git(&["commit", "--quiet", "--allow-empty", "-m", "second"]);
    let error = branch(&made.tree(), &input("fix/one", None)).unwrap_err();
    assert_eq!(error.code, "branch-exists");
    assert_eq!(error.detail["commit"], head);
}

#[test]
fn what_is_no_branch_or_revision_is_refused() {
    let made = Made::new();
    for (name, at, code) in [
        ("a..b", None, "invalid-branch"),
        ("../x", None, "invalid-branch"),
        ("", None, "invalid-branch"),
        ("fine", Some("absent"), "unknown-revision"),
    ] {
        assert_eq!(branch(&made.tree(), &input(name, at)).unwrap_err().code, code);
    }
    std::fs::write(made.path().join(".git/refs/heads/held.lock"), "").unwrap();
    assert_eq!(branch(&made.tree(), &input("held", None)).unwrap_err().code, "branch-in-use");
}

#[test]
fn a_branch_is_no_directory_of_others() {
    let made = Made::new();
    made.git(&["branch", "a"]);
    made.git(&["branch", "b/c"]);
    for packed in [false, true] {
        if packed {
            made.git(&["pack-refs", "--all"]);
        }
        for name in ["a/x", "a/x/y", "b", "main/x"] {
            let error = branch(&made.tree(), &input(name, None)).unwrap_err();
            assert_eq!(error.code, "branch-conflict", "{name}");
        }
    }
    assert!(branch(&made.tree(), &input("ab", None)).unwrap().created);
    assert!(branch(&made.tree(), &input("b/d", None)).unwrap().created);
}
