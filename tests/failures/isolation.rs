//! Concurrency, isolation, permissions and limits (F50 to F64).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use baton_test_llm::{Hold, Reply, Seen};
use serde_json::{Value, json};

use crate::place::{MODEL, Place, body, ended, kill_9, until};
use crate::resume::repository;

/// Every answer is kept back until it is released.
fn held() -> (Place, Hold) {
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| Reply::text(seen.by("user")).held(&late));
    (place, hold)
}

/// How many of so many agents are at work at once with a cap; all of them end.
fn wave(agents: &str, more: &[&str], expected: usize) {
    let (place, hold) = held();
    let fixed = ["run", "many.js", "--args-json", agents, "--agent", MODEL, "--yes", "--json"];
    let child = place.spawn(&[&fixed[..], more].concat());
    until("a wave", || place.server.now() == expected);
    // Whoever would start beyond the cap would have by then.
    std::thread::sleep(std::time::Duration::from_millis(150));
    assert_eq!((place.server.now(), place.server.requests()), (expected, expected), "one wave");
    hold.release();
    let last = ended(child);
    last.done();
    assert_eq!(last.list().len().to_string(), agents);
    assert!(place.server.most() <= expected, "never more than {expected}");
}

#[test]
fn f50_six_agents_with_a_cap_of_six_are_one_wave() {
    wave("6", &["--concurrency", "6"], 6);
}

#[test]
fn f51_the_cap_of_agents_at_work_can_be_set_and_its_default_is_documented() {
    // Whatever number of cores there is.
    wave("20", &[], 16);
    wave("20", &["--concurrency", "20"], 20);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/script/SCRIPTS.md");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("16 whatever the number of cores (`--concurrency`)"), "{page}");
    let place = Place::of_programs();
    let (help, ..) = place.text(&["run", "--help"]);
    let concurrency = help.split("--concurrency <N>").nth(1).unwrap();
    assert!(concurrency.lines().take(4).any(|line| line.contains("16")), "{concurrency}");
}

#[test]
fn f52_with_a_cap_of_three_never_more_than_three_agents_run() {
    wave("7", &["--concurrency", "3"], 3);
    // Also where a resume starts them, and where agents call for more of them in between.
    let (place, hold) = held();
    let start =
        ["run", "many.js", "--args-json", "7", "--agent", MODEL, "--yes", "--concurrency", "3"];
    let child = place.spawn(&start);
    until("three", || place.server.now() == 3);
    kill_9(child);
    until("none", || place.server.now() == 0);
    let child = place.spawn(&["resume", "last", "--json"]);
    until("three or more", || place.server.now() >= 3);
    hold.release();
    ended(child).done();
    assert_eq!(place.server.most(), 3, "never more than 3");
}

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

/// A worker that edits where it works, as its prompt says.
const EDITOR: &str = r#"#!/bin/sh
here=$(dirname "$0")
task=$(cat)
prompt=$(printf '%s' "$task" | sed 's/.*"prompt":"\([^"]*\)".*/\1/')
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

#[test]
fn f57_a_definition_with_tools_for_reading_cannot_write() {
    let place = Place::new(|seen: &Seen| match seen.turns {
        0 => Reply::call("write_file", json!({ "path": "made.txt", "text": "made" }))
            .and_call("edit_file", json!({ "path": "a.txt", "old": "one", "new": "two" }))
            .and_call("exec", json!({ "argv": ["touch", "made.txt"] })),
        _ => Reply::text("done"),
    });
    place.project.write("root/a.txt", "one\n");
    place.project.write(
        ".claude/agents/reader.md",
        "---\nname: reader\ndescription: Reads.\ntools: Read, Grep, Glob\n---\nYou read.\n",
    );
    let flow = |kind: &str| {
        place.project.write(
            "flow.js",
            format!(
                "export const meta = {{ name: 'flow', description: 'Writes.', baton: {{ write: ['**'], exec: ['touch **'] }} }}
return await agent('Make it.', {kind})
"
            ),
        );
        place.object(&[
            "run",
            "flow.js",
            "--agent",
            MODEL,
            "--root",
            "root",
            "--extensions",
            "--yes",
            "--json",
            "--grant",
            "write=**",
            "--grant",
            "exec=touch **",
        ])
    };
    flow("{ agentType: 'reader' }").done();
    let log = place.server.log();
    for tool in ["write_file", "edit_file", "exec"] {
        assert!(!log[0].offers(tool), "{tool} is not offered: {:?}", log[0].tools);
    }
    assert!(log[0].offers("read_file"), "{:?}", log[0].tools);
    assert_eq!(log[1].results, 3, "each was refused, and told so");
    assert_eq!(
        (place.project.read("root/a.txt"), place.project.path("root/made.txt").exists()),
        ("one\n".into(), false)
    );
    // The same calls of an agent without that definition do write.
    flow("{}").done();
    assert!(place.project.path("root/made.txt").exists());
}

#[test]
fn f60_a_cap_on_memory_can_be_set_and_the_error_names_it() {
    let place = Place::of_programs();
    place.project.write(
        "grow.js",
        "export const meta = { name: 'grow', description: 'Holds numbers.' }
const all = []
for (let i = 0; i < 30; i++) all.push(new Array(100000).fill(i + 0.5))
return all.length
",
    );
    let run = |bytes: &str| place.object(&["run", "grow.js", "--yes", "--json", "--limit", bytes]);
    let small = run("workflow.memory_bytes=16777216");
    assert_eq!((small.state(), small.exit), ("failed", 4), "{}", small.shown);
    let message = small.shown["error"]["message"].as_str().unwrap();
    for part in ["16777216", "workflow.memory_bytes", "--limit"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    let large = run("workflow.memory_bytes=134217728");
    large.done();
    assert_eq!(large.shown["output"], 30);
}

#[test]
fn f62_the_text_of_a_stack_is_the_same_on_replay() {
    let (place, hold) = held();
    let flow = "function deep(n) { if (n === 0) throw new Error('broken'); return deep(n - 1) }
let stack
try { deep(7) } catch (error) { stack = error.stack }
const first = await agent(`Explain: ${stack}`)
return { first, stack, second: await agent(`Again: ${stack}`) }";
    let child = place.spawn(&place.flow(flow, &[]));
    until("the first agent", || place.server.requests() == 1);
    kill_9(child);
    hold.release();
    let last = place.resume("last", &[]);
    last.done();
    let log = place.server.log();
    assert_eq!(log.len(), 3);
    assert_eq!(log[0].by("user"), log[1].by("user"));
    let stack = last.shown["output"]["stack"].as_str().unwrap();
    assert!(stack.contains("deep (flow.js:2:"), "{stack}");
    assert_eq!(log[2].by("user"), format!("Again: {stack}"));
}

#[test]
fn f63_damage_is_found_by_name_and_stays_in_its_run() {
    let (place, hold) = held();
    hold.release();
    let runs: Vec<String> = ["first", "second canary value", "third"]
        .iter()
        .map(|word| {
            let last = place.object(&place.flow(&format!("return await agent('{word}')"), &[]));
            last.done();
            last.run()
        })
        .collect();
    assert_eq!(place.text(&["journal", "--verify"]).2, 0);
    // A bit turns over on the disk, in a record of the second run.
    let home = place.project.path("home");
    let mut damaged = 0;
    for name in ["journal.db", "journal.db-wal"] {
        let path = home.join(name);
        let Ok(mut bytes) = fs::read(&path) else { continue };
        let word = b"second canary value";
        let places: Vec<usize> = (0..bytes.len().saturating_sub(word.len()))
            .filter(|at| bytes[*at..].starts_with(word))
            .collect();
        for at in places {
            bytes[at] ^= 1;
            damaged += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(damaged > 0, "nothing was damaged");
    let (shown, told, exit) = place.text(&["journal", "--verify"]);
    assert_eq!(exit, 1, "{shown}{told}");
    let said = format!("{shown}{told}");
    assert!(said.contains(&runs[1]), "it names the run: {said}");
    assert!(!said.contains(&runs[0]) && !said.contains(&runs[2]), "and no other: {said}");
    let broken = place.text(&["journal", &runs[1]]);
    assert_ne!(broken.2, 0, "never read as data: {broken:?}");
    for run in [&runs[0], &runs[2]] {
        assert_eq!(place.text(&["journal", run]).2, 0);
        assert_eq!(place.text(&["show", run]).2, 0);
    }
    // Work goes on beside it. A run whose steps nobody schedules any more is found as well.
    let (other, hold) = held();
    let child = other.spawn(&["run", "many.js", "--args-json", "2", "--agent", MODEL, "--yes"]);
    until("two agents", || other.server.now() == 2);
    let suspended = other.newest();
    kill_9(child);
    let (shown, ..) = other.text(&["doctor"]);
    assert!(
        shown.contains(&format!("{suspended} has no living owner: `baton resume {suspended}`")),
        "{shown}"
    );
    hold.release();
    other.resume(&suspended, &[]).done();
    assert!(!other.text(&["doctor"]).0.contains("no living owner"));
    place.many(2, &[]).done();
}

#[test]
fn f64_the_state_can_be_read_from_outside_at_any_moment() {
    let (place, hold) = held();
    let states = |run: &str| {
        let row = place.row(run);
        let (shown, ..) = place.text(&["ls"]);
        let line = shown.lines().find(|line| line.contains(run)).unwrap().to_owned();
        assert_eq!(place.text(&["show", run]).2, 0);
        assert_eq!(place.text(&["tree", run]).2, 0);
        (row["state"].as_str().unwrap().to_owned(), row["owned"].as_bool().unwrap(), line)
    };
    let child =
        place.spawn(&["run", "many.js", "--args-json", "2", "--agent", MODEL, "--yes", "--json"]);
    until("two agents", || place.server.now() == 2);
    let run = place.newest();
    let (state, owned, live) = states(&run);
    assert_eq!((state.as_str(), owned), ("running", true));
    assert!(live.contains("● running"), "{live}");
    let journal = place.project.journal(&run);
    assert_eq!(body(&journal[0]).0, "run-started");
    assert_eq!(body(&journal[0]).1["format"], 1, "a versioned format");
    assert!(journal.len() >= 4, "it is on record while it goes on");
    kill_9(child);
    let (state, owned, crashed) = states(&run);
    assert_eq!((state.as_str(), owned), ("running", false));
    assert!(crashed.contains("‖ interrupted"), "{crashed}");
    until("nobody asks", || place.server.now() == 0);
    let child = place.spawn(&["resume", &run, "--json"]);
    until("two agents", || place.server.now() == 2);
    let paused = crate::place::stop(child);
    assert_eq!((paused.state(), paused.exit), ("paused", 130));
    let (state, owned, paused) = states(&run);
    assert_eq!((state.as_str(), owned), ("paused", false));
    assert!(paused.contains("‖ paused"), "{paused}");
    hold.release();
    place.resume(&run, &[]).done();
    let (state, _, done) = states(&run);
    assert_eq!(state, "done");
    let words: BTreeSet<String> = [live, crashed, paused, done]
        .iter()
        .map(|line| line.split_whitespace().skip(2).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(words.len(), 4, "live, crashed, paused and done look different: {words:?}");
}

#[test]
fn f58_allowed_tools_ask_nobody_and_rules_reach_every_agent() {
    // Three models, one of them in a nested workflow, each calls an allowed tool forty times.
    let place = Place::new(|seen: &Seen| match seen.results {
        0..40 => Reply::call("exec", json!({ "argv": ["true"] })),
        40 => Reply::call("exec", json!({ "argv": ["false"] })),
        _ => Reply::text("done"),
    });
    place.project.write("root/a.txt", "one");
    place.project.write(
        ".claude/workflows/inner.js",
        "export const meta = { name: 'inner', description: 'Works.', baton: { exec: ['true', 'false'] } }
return await agent('inner', { baton: { tools: ['exec'] } })
",
    );
    place.project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'Works.', baton: { exec: ['true', 'false'] } }
const options = { baton: { tools: ['exec'] } }
return await parallel([() => agent('one', options), () => agent('two', options), () => workflow('inner')])
",
    );
    // Nobody is at the terminal: whoever would ask could not go on.
    let last = place.object(&[
        "run",
        "flow.js",
        "--agent",
        MODEL,
        "--root",
        "root",
        "--extensions",
        "--yes",
        "--json",
        "--grant",
        "exec=true",
    ]);
    last.done();
    assert_eq!(last.list().len(), 3);
    assert!(last.list().iter().all(|value| value == "done"), "{}", last.shown);
    let journal = place.project.journal(&last.run());
    let denied: Vec<&Value> = journal
        .iter()
        .map(body)
        .filter(|(kind, _)| *kind == "denied")
        .map(|(_, value)| value)
        .collect();
    // What is granted was never asked about, and what is not was refused to each of the three alike.
    assert_eq!(denied.len(), 3, "{denied:?}");
    assert!(denied.iter().all(|one| one["denial"]["code"] == "exec-not-granted"), "{denied:?}");
    let mut who: Vec<&str> = denied.iter().map(|one| one["task"].as_str().unwrap()).collect();
    who.sort_unstable();
    assert_eq!(who, ["1", "2", "3/1"]);
    let calls = place
        .tasks(&last.run())
        .iter()
        .filter(|task| task["kind"] == "tool" && task["state"] == "done")
        .count();
    assert_eq!(calls, 120);
}

#[test]
fn f59_a_message_to_a_living_agent_is_delivered_once_to_that_agent() {
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| match seen.turns {
        0 => Reply::call("read_file", json!({ "path": "a.txt" })).held(&late),
        1 => Reply::call("read_file", json!({ "path": "a.txt" })),
        _ => Reply::text("done"),
    });
    place.project.write("root/a.txt", "one");
    let child = place.spawn(&[
        "run",
        "many.js",
        "--args-json",
        "2",
        "--root",
        "root",
        "--agent",
        MODEL,
        "--yes",
        "--json",
    ]);
    until("two agents", || place.server.now() == 2);
    let run = place.newest();
    let (_, told, exit) = place.text(&["send", &format!("{run}/1"), "mind the gap"]);
    assert_eq!(exit, 0, "{told}");
    hold.release();
    let last = ended(child);
    last.done();
    assert_eq!(
        (place.tasks(&run).len(), place.server.requests()),
        (2, 6),
        "no second copy of anybody"
    );
    for seen in place.server.log() {
        let times = seen.prompt().matches("mind the gap").count();
        let first =
            seen.said.iter().any(|said| said.role == "user" && said.text.starts_with("Task 0."));
        assert_eq!(times, usize::from(first && seen.turns > 0), "{:?}", seen.said);
    }
    // Killed and gone on with, it is not told again.
    let messages =
        place.project.journal(&run).iter().filter(|record| body(record).0 == "messaged").count();
    assert_eq!(messages, 1);
}

#[test]
fn f61_each_limit_is_met_by_a_guest_and_holds() {
    let place = Place::of_programs();
    let (shown, told, exit) = place.text(&["doctor", "--limits", "--json"]);
    assert_eq!(exit, 0, "{shown}{told}");
    let value: Value = serde_json::from_str(&shown).unwrap();
    let limits = value["limits"].as_array().unwrap();
    let held: BTreeSet<&str> = limits
        .iter()
        .filter(|limit| limit["holds"] == true)
        .map(|limit| limit["name"].as_str().unwrap())
        .collect();
    assert!(limits.iter().all(|limit| limit["holds"] != false), "{shown}");
    for world in ["workflow", "agent", "tool"] {
        for field in ["fuel", "memory_bytes", "table_elements", "instances", "memories", "tables"] {
            let name = format!("{world}.{field}");
            assert!(held.contains(name.as_str()), "{name} is not shown: {held:?}");
        }
    }
    assert!(held.len() >= 46, "{} limits: {held:?}", held.len());
    // Nothing of it is left in the project.
    assert!(!place.project.path("home").exists() && place.text(&["ls"]).0.is_empty());
    // The table names every limit, also those that no guest here can meet.
    let doctor = place.project.object(&["doctor", "--json"]);
    assert_eq!(doctor["limits"].as_array().unwrap().len(), limits.len());
}
