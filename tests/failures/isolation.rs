//! Worktrees of agents (F53 to F56).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::place::{Place, ended, until};

/// Files below the root and what they hold.
fn files(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![place.project.path("root")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with(".git") {
                    folders.push(path);
                }
            } else {
                files.insert(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn git(place: &Place, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(arguments);
    let git = git.current_dir(place.project.path("root"));
    let output = git.env("HOME", place.project.path("person")).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes the root of a place a repository with a commit.
pub fn repository(place: &Place) {
    place.project.write("root/a.txt", "one\n");
    let init = &["init", "--quiet", "--initial-branch=main"][..];
    for arguments in [init, &["add", "."], &["commit", "--quiet", "-m", "first"]] {
        git(place, arguments);
    }
}

/// A worker that edits where it works, as its prompt says.
const EDITOR: &str = r#"#!/bin/sh
here=$(dirname "$0")
task=$(cat)
prompt=$(printf '%s' "$task" | sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "$prompt" >> "$here/calls"
echo "$PWD" >> "$here/places"
ls > "$here/found-$$"
echo "$prompt" > made.txt
echo "$prompt" >> a.txt
case $prompt in
    *hold*) : > "$here/holding"; until [ -e "$here/gate" ]; do sleep 0.02; done ;;
    *fail*) exit 3 ;;
esac
printf '{"output":{"said":"%s"}}' "$prompt"
"#;

fn editors() -> Place {
    let place = Place::of_programs();
    place.project.write("worker.sh", EDITOR);
    place
}

#[test]
fn f53_isolation_that_cannot_be_given_is_refused_and_the_checkout_stays() {
    let flow = "try { return await agent('edit it', { isolation: 'worktree' }) } catch (error) { return `${error.name}: ${error.message}` }";
    // No repository, and one without a commit.
    for commits in ["no repository", "no commit"] {
        let place = editors();
        place.project.write("root/a.txt", "one\n");
        if commits == "no commit" {
            git(&place, &["init", "--quiet"]);
        }
        let before = files(&place);
        let last = place.object(&place.work(flow, &["--root", "root"]));
        last.done();
        let said = last.shown["output"].as_str().unwrap();
        assert!(said.starts_with("WorkflowIsolationError: "), "{commits}: {said}");
        assert!(said.contains("Nothing was run in place"), "{said}");
        assert_eq!(place.calls(), [] as [&str; 0], "{commits}: it was not started");
        assert_eq!(files(&place), before, "{commits}: byte for byte the same");
    }
    // Where it can be given, the checkout stays the same as well.
    let place = editors();
    repository(&place);
    let before = files(&place);
    let last = place.object(&place.work(flow, &["--root", "root"]));
    last.done();
    assert_eq!((place.calls().len(), files(&place)), (1, before));
    let worked = place.project.read("places");
    assert!(!Path::new(worked.trim()).starts_with(place.project.path("root")), "{worked}");
}

/// The worktrees that the doctor lists.
fn worktrees(place: &Place) -> Vec<Value> {
    place.project.object(&["doctor", "--json"])["worktrees"].as_array().unwrap().clone()
}

#[test]
fn f54_names_of_worktrees_are_unique_and_leftovers_never_appear() {
    let place = editors();
    repository(&place);
    let flow = "return await parallel(Array.from({ length: 12 }, (_, i) => () => agent(`edit ${i}`, { isolation: 'worktree' })))";
    place.object(&place.work(flow, &["--root", "root"])).done();
    let old: BTreeSet<String> =
        worktrees(&place).iter().map(|one| one["branch"].as_str().unwrap().to_owned()).collect();
    assert_eq!(old.len(), 12);
    // The folders go, the branches with their commits stay: what a second run must not pick up.
    for branch in &old {
        let path = git(&place, &["worktree", "list", "--porcelain"]);
        assert!(path.contains(branch.as_str()), "{path}");
    }
    place.object(&place.work(flow, &["--root", "root"])).done();
    let all: BTreeSet<String> =
        worktrees(&place).iter().map(|one| one["branch"].as_str().unwrap().to_owned()).collect();
    assert_eq!(all.len(), 24, "none used twice");
    assert!(old.is_subset(&all), "the old ones are still there");
    let places: Vec<String> = place.project.read("places").lines().map(ToOwned::to_owned).collect();
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 24);
    // What each agent found when it began is the commit, and nothing of anybody else.
    let entries = fs::read_dir(place.project.path("")).unwrap();
    let found: Vec<String> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("found-"))
        .map(|entry| fs::read_to_string(entry.path()).unwrap())
        .collect();
    assert!(!found.is_empty() && found.iter().all(|names| names == "a.txt\n"), "{found:?}");
}

#[test]
fn f55_worktrees_begin_at_the_commit_of_the_start_of_the_run() {
    let place = editors();
    repository(&place);
    // A remote branch far behind, and another branch that is not checked out.
    git(&place, &["branch", "behind"]);
    git(&place, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    for number in 0..17 {
        place.project.write("root/a.txt", format!("{number}\n"));
        git(&place, &["commit", "--quiet", "--all", "--message", "more"]);
    }
    let start = git(&place, &["rev-parse", "HEAD"]);
    let flow = "const first = await agent('hold it', { isolation: 'worktree' })
return [first, await agent('and on', { isolation: 'worktree' })]";
    let child = place.spawn(&place.work(flow, &["--root", "root"]));
    until("the first agent", || place.project.path("holding").exists());
    // While it works, the person goes on.
    place.project.write("root/a.txt", "later\n");
    git(&place, &["commit", "--quiet", "--all", "--message", "later"]);
    place.project.write("gate", "");
    ended(child).done();
    for one in worktrees(&place) {
        let branch = one["branch"].as_str().unwrap();
        assert_eq!(git(&place, &["merge-base", branch, "HEAD"]), start, "{one}");
    }
    assert_eq!(worktrees(&place).len(), 2);
    let journal = place.project.journal("last").iter().map(Value::to_string).collect::<String>();
    assert!(journal.contains(&start), "it is on record");
}

#[test]
fn f56_changed_worktrees_are_kept_and_failures_are_visible() {
    let place = editors();
    repository(&place);
    let flow = "const schema = { type: 'object', properties: { said: { type: 'string' } }, required: ['said'] }
const options = { isolation: 'worktree', schema }
const wrong = { isolation: 'worktree', schema: { type: 'object', required: ['other'] } }
const settled = await Promise.allSettled([agent('good', options), agent('fail', options), agent('misfit', wrong)])
return settled.map((one) => one.status === 'fulfilled' ? one.value : one.reason.name)";
    let last = place.object(&place.work(flow, &["--root", "root", "--schema-attempts", "1"]));
    last.done();
    assert_eq!(last.list()[0], json!({ "said": "good" }), "a worktree with a schema works");
    assert_eq!(last.list()[2], "WorkflowSchemaError");
    assert_eq!(last.shown["failed_tasks"], 2);
    let run = last.run();
    let failures: Vec<Value> =
        place.tasks(&run).iter().map(|task| task["failure"]["code"].clone()).collect();
    assert_eq!(
        failures,
        [Value::Null, json!("exit-status"), json!("schema")],
        "every failure is visible"
    );
    // The work of all three is kept, with the files they changed.
    let kept = worktrees(&place);
    assert_eq!(kept.len(), 3, "{kept:?}");
    for one in &kept {
        assert_eq!(one["changed"], true, "{one}");
        let made = Path::new(one["path"].as_str().unwrap()).join("made.txt");
        assert!(made.exists(), "{one}");
    }
    let (shown, ..) = place.text(&["doctor"]);
    assert!(kept.iter().all(|one| shown.contains(one["name"].as_str().unwrap())), "{shown}");
    // Cleaning what is unchanged takes none of them away.
    assert_eq!(place.text(&["doctor", "--clean"]).2, 0);
    assert_eq!(worktrees(&place).len(), 3);
}
