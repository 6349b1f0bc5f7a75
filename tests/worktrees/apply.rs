//! What `baton apply` does and says.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::place::Place;

#[test]
fn a_task_is_applied_once_and_its_worktree_goes() {
    let place = Place::new();
    place.run(&["line shared.txt 2 me; new a/b.txt me; gone old.txt".to_owned()]);
    let run = place.project.last_run();
    let before = place.files();
    let checked = place.say(&["apply", "last/1", "--check", "--json"]);
    assert_eq!((checked.exit, &checked.lines[0]["state"]), (0, &json!("fits")), "{checked:?}");
    assert_eq!(checked.lines[0]["worktree"]["removed"], false);
    assert_eq!(place.files(), before);

    let kept = place.say(&["apply", "last/1", "--keep", "--json"]);
    let name = format!("{run}-1");
    let path = place.project.path("home/worktrees").canonicalize().unwrap().join(&name);
    assert_eq!(
        kept.lines[0],
        json!({
            "task": format!("{run}/1"), "state": "applied",
            "files": [
                { "kind": "added", "path": "a/b.txt" },
                { "kind": "deleted", "path": "old.txt" },
                { "kind": "modified", "path": "shared.txt" },
            ],
            "conflicts": [],
            "worktree": {
                "path": path, "branch": format!("baton/{name}"), "removed": false,
                "reason": "as you asked",
            },
        })
    );
    assert_eq!(place.project.read("root/a/b.txt"), "new by me\n");
    assert!(!place.project.path("root/old.txt").exists());

    let again = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(again.lines[0]["state"], "already-applied");
    assert_eq!(again.lines[0]["worktree"]["removed"], true);
    assert_eq!(place.remains(), [] as [&str; 0]);
    let last = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(
        (&last.lines[0]["state"], &last.lines[0]["worktree"]),
        (&json!("already-applied"), &json!(null))
    );
}

#[test]
fn what_tells_other_programs_what_to_do_is_applied_only_when_a_person_says_so() {
    let place = Place::new();
    place.run(&["new .github/workflows/x.yml me; new a.txt me".to_owned()]);
    let before = place.files();
    assert_eq!(place.say(&["apply", "last/1", "--check"]).exit, 0, "looking is free");
    let refused = place.say(&["apply", "last/1"]);
    assert_eq!(refused.exit, 3, "{refused:?}");
    assert_eq!(place.files(), before, "nothing of it was written");
    assert_eq!(place.say(&["apply", "last/1", "--yes"]).exit, 0);
    assert_eq!(place.project.read("root/.github/workflows/x.yml"), "new by me\n");
}

/// What a journal says of its root is anybody's word, and so is what is to be written there.
#[test]
fn what_a_run_of_somebody_else_made_is_applied_only_when_a_person_says_so() {
    let place = Place::new();
    place.run(&["new Makefile me; new a.txt me".to_owned()]);
    let before = place.files();
    place.project.write("other/.config/baton/config.toml", "");
    let apply = |more: &[&str]| {
        let mut command = place.project.command(&[&["apply", "last/1"], more].concat());
        command.env("HOME", place.project.path("other")).output().unwrap()
    };
    assert_eq!(apply(&["--check"]).status.code(), Some(0), "looking is free");
    let refused = apply(&[]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(3), "{told}");
    let root = place.project.path("root").canonicalize().unwrap();
    for part in ["was not started by you", root.to_str().unwrap(), "Makefile, a.txt", "--yes"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(place.files(), before, "nothing of it was written");
    assert_eq!(apply(&["--yes"]).status.code(), Some(0));
    assert_eq!(place.project.read("root/Makefile"), "new by me\n");
}

#[test]
fn what_is_in_the_way_is_told_and_nothing_is_written() {
    let place = Place::new();
    place.run(&[
        "line shared.txt 2 agent; new untracked.txt agent; line mine.txt 1 agent".to_owned()
    ]);
    let before = place.files();
    for flags in [&["apply", "last/1"][..], &["apply", "last/1", "--no-3way"]] {
        let output = place.project.output(flags);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.starts_with("error[B0044]: the changes of run_"), "{told}");
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains("mine.txt: "), "{shown}");
        assert_eq!(place.files(), before);
    }
    // Without the conflict the untracked file is in the way.
    place.git(&["checkout", "--quiet", "mine.txt"]);
    let said = place.say(&["apply", "last/1", "--json"]);
    let conflicts = said.lines[0]["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{said:?}");
    assert_eq!(
        (&conflicts[0]["path"], &conflicts[0]["kind"]),
        (&json!("untracked.txt"), &json!("untracked"))
    );
    assert_eq!(place.project.read("root/untracked.txt"), "nobody knows me\n");
}

#[test]
fn a_branch_that_moved_on_is_merged_with() {
    let place = Place::new();
    place.run(&["line shared.txt 2 agent".to_owned()]);
    let shared = place.project.read("root/shared.txt");
    place.project.write("root/shared.txt", shared.replace("line 70\n", "mine\n"));
    place.git(&["commit", "--quiet", "--message", "second", "shared.txt"]);
    place.git(&["mv", "shared.txt", "moved.txt"]);
    let applied = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(applied.lines[0]["files"][0]["path"], "moved.txt", "{applied:?}");
    let moved = place.project.read("root/moved.txt");
    assert_eq!(
        moved,
        shared.replace("line 70\n", "mine\n").replace("line 2\n", "line 2 by agent\n")
    );
}

#[test]
fn changes_of_a_task_that_failed_can_be_applied() {
    let place = Place::new();
    let said = place.run(&["new a.txt me; fail".to_owned()]);
    assert_eq!(said.lines[0]["failed_tasks"], 1, "{said:?}");
    let applied = place.say(&["apply", "last/1", "--json"]);
    assert_eq!((applied.exit, &applied.lines[0]["state"]), (0, &json!("applied")), "{applied:?}");
    assert_eq!(place.project.read("root/a.txt"), "new by me\n");
}

#[test]
fn commits_of_an_agent_are_kept() {
    let place = Place::new();
    place.run(&["line shared.txt 2 me; commit".to_owned()]);
    let applied = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(applied.lines[0]["state"], "applied");
    assert_eq!(applied.lines[0]["worktree"]["removed"], false);
    assert_eq!(place.remains().len(), 1);
}

#[test]
fn the_base_can_be_named() {
    let place = Place::new();
    place.git(&["commit", "--quiet", "--all", "--message", "second"]);
    place.agents(&["line mine.txt 1 agent".to_owned()]);
    let base = ["--base", "HEAD~1"];
    let said = place.say(&[&Place::run_arguments()[..], &base].concat());
    assert_eq!(said.exit, 0, "{said:?}");
    let first = place.project.journal("last")[0].to_string();
    assert!(first.contains(&place.git(&["rev-parse", "HEAD~1"])), "{first}");
    let applied = place.say(&["apply", "last/1", "--json"]);
    let hunk = &applied.lines[0]["conflicts"][0]["hunks"][0];
    assert_eq!(hunk["yours"], "my work\n", "{applied:?}");
    let said = place.say(&[&Place::run_arguments()[..], &["--base", "none"]].concat());
    assert_eq!(said.exit, 2);
    assert!(said.stderr.starts_with("error[B0001]: there is no commit `none`"), "{}", said.stderr);
}

#[test]
fn what_cannot_be_applied_is_said() {
    let place = Place::new();
    place.run(&["hold nothing".to_owned()].map(|_| "look".to_owned()));
    for (arguments, code) in [
        (&["apply", "last/1"][..], "B0043"),
        (&["apply", "--all", "last"], "B0043"),
        (&["apply", "last"], "B0001"),
        (&["apply", "last/7"], "B0009"),
        (&["apply", "none/1"], "B0009"),
    ] {
        let said = place.say(arguments);
        assert_eq!(said.exit, 2, "{said:?}");
        assert!(said.stderr.starts_with(&format!("error[{code}]")), "{}", said.stderr);
    }
}

/// Killed again and again at other moments, it comes to its end, and nothing is lost.
#[test]
fn a_killed_apply_is_completed_by_the_next() {
    let place = Place::new();
    place.run(&["many 60; line shared.txt 2 agent; gone old.txt".to_owned()]);
    let before = place.files();
    let mut was_half_written = false;
    for step in 1_u32.. {
        let mut child = place.project.spawn(&["apply", "last/1", "--keep"]);
        // At moments close to each other, and however slow the machine is, once not at all.
        sleep(Duration::from_millis((50 * u64::from(step)) << step.saturating_sub(20)));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let files = place.files();
        for (path, content) in &before {
            let is_patched = path.ends_with("shared.txt") || path.ends_with("old.txt");
            assert!(is_patched || files.get(path) == Some(content), "{path:?}");
        }
        was_half_written |= place.project.path("root/.git/baton-apply/plan.json").exists();
        if status.signal().is_none() {
            assert!(status.success());
            break;
        }
    }
    let applied = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(
        (applied.exit, &applied.lines[0]["state"]),
        (0, &json!("already-applied")),
        "{applied:?}"
    );
    for number in 1..=60 {
        assert_eq!(place.project.read(&format!("root/many/{number}")), format!("{number}\n"));
    }
    assert!(place.project.read("root/shared.txt").contains("line 2 by agent\n"));
    assert_eq!(place.files().len(), before.len() + 60 - 1, "no file on its way is left");
    let left: Vec<String> = fs::read_dir(place.project.path("root/.git"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("baton"))
        .collect();
    assert_eq!(left, [] as [&str; 0], "half written in between: {was_half_written}");
}

#[test]
fn what_a_killed_apply_left_is_told_by_the_doctor_and_completed() {
    let place = Place::new();
    place.run(&["line shared.txt 2 agent".to_owned()]);
    let run = place.project.last_run();
    // The record of a process that was killed before its first file.
    let record = place.project.path("root/.git/baton-apply");
    fs::create_dir(&record).unwrap();
    let old = place.project.read("root/shared.txt");
    let new = old.replace("line 2\n", "line 2 by agent\n");
    fs::write(record.join("old-0"), &old).unwrap();
    fs::write(record.join("new-0"), &new).unwrap();
    let list = json!({
        "task": format!("{run}/1"),
        "changes": [{ "path": "shared.txt", "old": "file", "new": "file" }],
    });
    fs::write(record.join("plan.json"), list.to_string()).unwrap();
    let top = place.project.path("root").canonicalize().unwrap();
    let told = place.say(&["doctor", "--json"]).lines.remove(0);
    assert_eq!(told["unfinished"], json!([{ "repository": top, "task": format!("{run}/1") }]));
    let checked = place.say(&["apply", "last/1", "--check"]);
    assert!(checked.stderr.contains("half written"), "{checked:?}");
    assert_eq!(place.project.read("root/shared.txt"), old);
    let applied = place.say(&["apply", "last/1", "--json"]);
    assert_eq!(applied.lines[0]["state"], "already-applied", "{applied:?}");
    assert!(applied.stderr.contains("they are complete now: shared.txt"), "{}", applied.stderr);
    assert_eq!(place.project.read("root/shared.txt"), new);
}
