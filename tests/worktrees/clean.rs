//! What the doctor says of worktrees, and takes away.

use baton_test_support::kill_9;
use serde_json::json;

use crate::place::Place;

#[test]
fn unchanged_ones_go_and_changed_ones_are_saved_first() {
    let place = Place::new();
    let prompts = ["hold it", "new a.txt 2; hold it", "line shared.txt 3 3; commit; hold it"];
    let child = place.start_holding(&prompts.map(ToOwned::to_owned), 3);
    kill_9(child);
    let run = place.project.last_run();
    let one = place.worktrees(&[]).remove(1);
    let name = format!("{run}-2");
    let path = place.project.path("home/worktrees").canonicalize().unwrap().join(&name);
    let top = place.project.path("root").canonicalize().unwrap();
    assert_eq!(
        one,
        json!({
            "name": name, "run": run, "task": format!("{run}/2"), "run_state": "running",
            "live": false, "path": path, "branch": format!("baton/{name}"), "repository": top,
            "changed": true, "files": 1, "commits": false, "locks": [], "problem": null,
            "action": null, "reason": null, "saved": null,
        })
    );

    let cleaned = place.worktrees(&["--clean"]);
    let actions: Vec<_> = cleaned.iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["removed", "kept", "kept"]);
    assert_eq!(place.remains().len(), 2);

    let files = place.files();
    let cleaned = place.worktrees(&["--clean=all"]);
    assert!(cleaned.iter().all(|one| one["action"] == "removed"), "{cleaned:?}");
    assert_eq!((place.remains(), place.files()), (Vec::new(), files));
    assert!(cleaned[0]["saved"].as_str().unwrap().ends_with(&format!("patches/{name}.patch")));
    assert!(place.worktrees(&[]).is_empty());

    // What was saved can be applied, committed or not.
    for task in ["last/2", "last/3"] {
        let applied = place.say(&["apply", task, "--json"]);
        assert_eq!(
            (applied.exit, &applied.lines[0]["state"]),
            (0, &json!("applied")),
            "{applied:?}"
        );
        assert_eq!(applied.lines[0]["worktree"], json!(null));
    }
    assert_eq!(place.project.read("root/a.txt"), "new by 2\n");
    assert!(place.project.read("root/shared.txt").contains("line 3 by 3\n"));
}

#[test]
fn what_is_on_record_is_not_saved_again() {
    let place = Place::new();
    place.run(&["new a.txt 1".to_owned()]);
    let one = place.worktrees(&["--clean=all"]).remove(0);
    assert_eq!(one["action"], "removed");
    assert!(one["saved"].as_str().unwrap().starts_with("sha256:"), "{one}");
    assert!(!place.project.path("home/patches").exists());
    let applied = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(applied.lines[0]["state"], "applied");
}

#[test]
fn a_worktree_of_a_person_or_of_another_state_directory_is_none_of_ours() {
    let place = Place::new();
    let own = place.project.path("own");
    place.git(&["worktree", "add", "--quiet", "-b", "own", own.to_str().unwrap()]);
    place.git(&["branch", "baton/mine"]);
    place.git(&["branch", "baton/run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF-1"]);
    place.run(&["new a.txt 1".to_owned()]);
    let worktrees = place.worktrees(&["--clean=all"]);
    assert_eq!(worktrees.len(), 1, "{worktrees:?}");
    assert!(own.join("shared.txt").exists());
    let branches = place.git(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]);
    let branches: Vec<&str> = branches.lines().collect();
    assert_eq!(branches, ["baton/mine", "baton/run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF-1", "main", "own"]);
}

#[test]
fn people_are_told_in_a_line_each() {
    let place = Place::new();
    place.run(&["new a.txt 1".to_owned(), "line shared.txt 1 2; fail".to_owned()]);
    let output = place.project.output(&["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let run = place.project.last_run();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(&run)).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, task) in lines.iter().zip(1..) {
        assert!(line.starts_with('!'), "{line}");
        assert!(line.contains(&format!("{run}/{task}: run done, 1 file changed, ")), "{line}");
        assert!(line.contains("saved in sha256:"), "{line}");
    }
}
