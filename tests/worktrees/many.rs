//! Many agents that edit one repository at once.

use baton_test_support::kill_9;

use crate::place::{Place, numbered};

/// Twenty agents: eighteen with a place of their own, two with the place of the first.
fn prompts() -> Vec<String> {
    let edit = |number: usize| {
        let line = if number > 18 { 4 } else { number * 4 };
        format!("line shared.txt {line} {number}; new made/{number}.txt {number}")
    };
    (1..=20).map(edit).collect()
}

/// The files as they are when the first eighteen are applied.
fn assert_applied(place: &Place) {
    let mut shared: Vec<String> = numbered().lines().map(ToOwned::to_owned).collect();
    for number in 1..=18 {
        let line = number * 4;
        shared[line - 1] = format!("line {line} by {number}");
        let made = place.project.read(&format!("root/made/{number}.txt"));
        assert_eq!(made, format!("new by {number}\n"));
    }
    assert_eq!(place.project.read("root/shared.txt"), shared.join("\n") + "\n");
    for number in 19..=20 {
        assert!(!place.project.path(&format!("root/made/{number}.txt")).exists());
    }
}

#[test]
fn twenty_agents_edit_at_once_and_patches_are_applied_in_order() {
    let place = Place::new();
    let (files, kept) = (place.files(), place.kept_by_git());
    let said = place.run(&prompts());
    assert_eq!((said.exit, said.lines[0]["state"].as_str()), (0, Some("done")), "{said:?}");
    assert_eq!(place.files(), files, "nothing of the person's was touched");
    assert_eq!(place.kept_by_git(), kept);
    assert_eq!(place.worktrees(&[]).len(), 20);

    let checked = place.say(&["apply", "--all", "last", "--check", "--json"]);
    assert_eq!(checked.lines.len(), 20);
    assert!(checked.lines.iter().all(|line| line["state"] == "fits"), "each by itself fits");
    assert_eq!(place.files(), files);

    let applied = place.say(&["apply", "--all", "last", "--json"]);
    assert_eq!(applied.exit, 1, "{}", applied.stderr);
    assert!(applied.stderr.starts_with("error[B0044]"), "{}", applied.stderr);
    let run = place.project.last_run();
    for (index, line) in applied.lines.iter().enumerate() {
        let number = index + 1;
        assert_eq!(line["task"], format!("{run}/{number}"), "in order");
        if number <= 18 {
            assert_eq!(line["state"], "applied", "{line}");
            assert_eq!(line["worktree"]["removed"], true, "{line}");
        } else {
            assert_eq!(line["state"], "conflicts", "{line}");
            let conflict = &line["conflicts"][0];
            assert_eq!(
                (&conflict["path"], &conflict["kind"]),
                (&"shared.txt".into(), &"content".into())
            );
            let hunk = &conflict["hunks"][0];
            assert_eq!((hunk["line"].as_u64(), hunk["lines"].as_u64()), (Some(4), Some(1)));
            assert_eq!(hunk["yours"], "line 4 by 1\n");
            assert_eq!(hunk["patch"], format!("line 4 by {number}\n"));
        }
    }
    assert_applied(&place);
    let after = place.files();
    for (path, content) in &files {
        assert!(path.ends_with("shared.txt") || after.get(path) == Some(content), "{path:?}");
    }
    assert_eq!(place.kept_by_git(), kept, "the index and branches are the person's");
    let left: Vec<_> = place.worktrees(&[]).iter().map(|one| one["task"].clone()).collect();
    assert_eq!(left, [format!("{run}/19"), format!("{run}/20")]);

    let again = place.say(&["apply", "--all", "last", "--json"]);
    let states: Vec<&str> =
        again.lines.iter().map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states, [vec!["already-applied"; 18], vec!["conflicts"; 2]].concat());
    assert_eq!(place.files(), after);
}

#[test]
fn what_a_killed_run_leaves_is_listed_and_a_resume_finishes_it() {
    let place = Place::new();
    let (files, kept) = (place.files(), place.kept_by_git());
    // Ten hold after their edit, ten before it.
    let prompts: Vec<String> =
        prompts()
            .into_iter()
            .enumerate()
            .map(|(index, edit)| {
                if index % 2 == 0 { format!("{edit}; hold it") } else { format!("hold it; {edit}") }
            })
            .collect();
    let child = place.start_holding(&prompts, 20);
    let live = place.worktrees(&["--clean=all"]);
    assert_eq!(live.len(), 20);
    assert!(live.iter().all(|one| one["live"] == true && one["action"] == "kept"), "{live:?}");
    kill_9(child);

    let listed = place.worktrees(&[]);
    let mut names: Vec<String> =
        listed.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(place.remains(), names, "nothing is there that the doctor does not list");
    assert_eq!(names.len(), 20);
    let changed = listed.iter().filter(|one| one["changed"] == true).count();
    assert_eq!(changed, 10, "{listed:?}");
    assert!(listed.iter().all(|one| one["live"] == false), "{listed:?}");
    assert_eq!((place.files(), place.kept_by_git()), (files, kept));

    place.project.write("gate-it", "");
    let said = place.say(&["resume", "last", "--json"]);
    assert_eq!((said.exit, said.lines[0]["state"].as_str()), (0, Some("done")), "{said:?}");
    let applied = place.say(&["apply", "--all", "last", "--json"]);
    assert_eq!(applied.lines.len(), 20);
    assert_applied(&place);
    // The two that do not fit are saved and taken away.
    let cleaned = place.worktrees(&["--clean=all"]);
    assert!(cleaned.iter().all(|one| one["action"] == "removed"), "{cleaned:?}");
    assert_eq!(place.remains(), [] as [&str; 0]);
    assert_eq!(place.git(&["worktree", "list"]).lines().count(), 1);
}
