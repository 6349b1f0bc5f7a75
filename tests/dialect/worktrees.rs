//! Agents with a git worktree of their own.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::case::{Ended, cases, script, steps, text};
use crate::place::{Place, WORKER};

/// Runs git in the granted directory and gives what it said.
fn git(place: &Place, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Tester", "-c", "user.email=tester@example.org"])
        .args(arguments)
        .current_dir(place.path("root"))
        .env("HOME", place.path("person"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository with one commit, and beside it an untracked and an ignored file. Returns the commit.
fn repository(place: &Place) -> String {
    place.write("root/a.txt", "old\n");
    place.write("root/.gitignore", "ignored.txt\n");
    git(place, &["init", "--quiet", "--initial-branch=main"]);
    git(place, &["add", "."]);
    git(place, &["commit", "--quiet", "--message", "first"]);
    place.write("root/untracked.txt", "");
    place.write("root/ignored.txt", "");
    git(place, &["rev-parse", "HEAD"])
}

/// The arguments of a run in the repository.
const RUN: [&str; 8] = ["run", "case.js", "--yes", "--json", "--root", "root", "--agent", WORKER];

fn branches(place: &Place) -> Vec<String> {
    let all = git(place, &["branch", "--format=%(refname:short)"]);
    all.lines().filter(|branch| *branch != "main").map(ToOwned::to_owned).collect()
}

fn worktrees(place: &Place) -> usize {
    git(place, &["worktree", "list"]).lines().count() - 1
}

cases! {
    /// What an isolated agent changes is not in the checkout; its worktree is kept, and shown.
    D56_changes_are_kept_apart: steps(|place| {
        repository(place);
        place.write("case.js", text("return await agent('edit a.txt', { isolation: 'worktree' })"));
        let ended = Ended::of(place, place.say(&RUN));
        assert_eq!(ended.report["output"], "edit a.txt", "{}", ended.said.stderr);
        assert_eq!(fs::read_to_string(place.path("root/a.txt")).unwrap(), "old\n");
        assert_eq!(git(place, &["status", "--porcelain"]), "?? untracked.txt");
        assert_eq!((worktrees(place), branches(place).len()), (1, 1));
        let listed = git(place, &["worktree", "list"]);
        let kept = listed.lines().nth(1).unwrap().split(' ').next().unwrap();
        let changed = fs::read_to_string(Path::new(kept).join("a.txt")).unwrap();
        assert_eq!(changed, "old\nchanged\n");
        let told = ended.place.journal(ended.run()).iter().any(|r| r.to_string().contains(kept));
        assert!(told, "the path is in the record: {kept}");
        assert!(ended.said.stderr.contains(kept), "{}", ended.said.stderr);
    });

    /// An unchanged worktree is removed, with its branch.
    D56_unchanged_is_removed: steps(|place| {
        repository(place);
        place.write("case.js", text("return await agent('quick', { isolation: 'worktree' })"));
        assert_eq!(place.say(&RUN).report()["output"], "quick");
        assert_eq!((worktrees(place), branches(place)), (0, Vec::new()));
    });

    /// The base is the commit that was checked out when the run began, and is recorded.
    D57_base_is_the_commit_at_the_start: steps(|place| {
        let base = repository(place);
        place.write("case.js", text(
            "await agent('hold it')\nreturn await agent('look around', { isolation: 'worktree' })",
        ));
        let mut run = place.start(&RUN);
        run.until(|| place.calls().len() == 1);
        place.write("root/later.txt", "");
        git(place, &["add", "later.txt"]);
        git(place, &["commit", "--quiet", "--message", "second"]);
        place.open("it");
        let report = run.end().report();
        assert_eq!(report["output"], ".gitignore a.txt", "{report}");
        let first = place.journal(report["run"].as_str().unwrap())[0].to_string();
        assert!(first.contains(&base), "{base}: {first}");
    });

    /// Untracked and ignored files are not in the worktree.
    D58_only_what_is_tracked: steps(|place| {
        repository(place);
        place.write("case.js", text(
            "return [await agent('look here'), await agent('look there', { isolation: 'worktree' })]",
        ));
        let output = place.say(&RUN).report()["output"].clone();
        assert_eq!(output, json!([".gitignore a.txt ignored.txt untracked.txt", ".gitignore a.txt"]));
    });

    /// Without a repository the call rejects, and nothing is done in place.
    D59_no_repository: steps(|place| {
        place.write("root/a.txt", "old\n");
        place.write("case.js", text("return await caught(agent('edit a.txt', { isolation: 'worktree' }))"));
        let ended = Ended::of(place, place.say(&RUN));
        assert_eq!(ended.report["output"]["name"], "WorkflowIsolationError", "{}", ended.report);
        assert_eq!(fs::read_to_string(place.path("root/a.txt")).unwrap(), "old\n");
        assert_eq!(place.calls(), [] as [String; 0]);
    });

    /// Where no worktree can be made the call rejects, and nothing is done in place.
    D59_no_worktree: steps(|place| {
        repository(place);
        place.write("case.js", text(
            "await agent('hold it')\nreturn await caught(agent('edit a.txt', { isolation: 'worktree' }))",
        ));
        let mut run = place.start(&RUN);
        run.until(|| place.calls().len() == 1);
        fs::remove_dir_all(place.path("root/.git")).unwrap();
        place.open("it");
        let report = run.end().report();
        assert_eq!(report["output"]["name"], "WorkflowIsolationError", "{report}");
        assert_eq!(fs::read_to_string(place.path("root/a.txt")).unwrap(), "old\n");
        assert_eq!(place.calls(), ["hold it"]);
    });

    /// No two calls share a branch, in one run or several.
    D60_branches_are_never_reused: steps(|place| {
        repository(place);
        place.write("case.js", text(
            "return await parallel([1, 2, 3].map(() => () => agent('edit a.txt', { isolation: 'worktree' })))",
        ));
        for round in 1..=2 {
            assert_eq!(place.say(&RUN).report()["output"], json!(vec!["edit a.txt"; 3]));
            assert_eq!((branches(place).len(), worktrees(place)), (3 * round, 3 * round));
        }
    });

    /// An isolated call that ended is reused: no second worktree appears.
    D160_reuse_of_isolated_calls: steps(|place| {
        repository(place);
        place.write("case.js", text("return await agent('edit a.txt', { isolation: 'worktree' })"));
        let first = place.say(&RUN).report();
        let second = place.say(&[&RUN[..], &["--reuse", first["run"].as_str().unwrap()]].concat()).report();
        assert_eq!(second["output"], first["output"]);
        assert_eq!((place.calls().len(), branches(place).len()), (1, 1));
        // Isolated or not is another request.
        place.write("case.js", text("return await agent('edit a.txt')"));
        place.say(&[&RUN[..], &["--reuse", first["run"].as_str().unwrap()]].concat());
        assert_eq!(place.calls().len(), 2);
    });

    /// Other words for `isolation` reject, and name the one there is.
    D61_isolation_words: script(r#"
return [await caught(agent('say a', { isolation: 'remote' })),
  await caught(agent('say a', { isolation: 'Worktree' })), await caught(agent('say a', { isolation: true }))]"#)
        .caught("/0", "WorkflowIsolationError", &["remote", "worktree"])
        .caught("/1", "WorkflowIsolationError", &["Worktree"])
        .caught("/2", "WorkflowIsolationError|TypeError", &["isolation"]).calls(0);
}
