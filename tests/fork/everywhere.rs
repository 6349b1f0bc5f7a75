//! A run of fifty tasks is forked at every one of them.

use std::collections::{BTreeMap, BTreeSet};

use baton_core::ids::TaskPath;
use serde_json::{Value, json};

use crate::support::{Bench, MODEL};

/// Two fan-outs, a pipeline of two steps, a nested workflow, commands and files that are read: fifty
/// tasks of one run.
const FIFTY: &str = r#"export const meta = {
  name: 'fifty', description: 'Fifty tasks.', baton: { exec: ['/bin/echo **'] },
}
const page = await baton.readText('page.md')
phase('Fan out')
const first = await parallel(Array.from({ length: 20 }, (_, n) => () => agent(`first ${n} of ${page}`)))
phase('Pipeline')
const second = await pipeline(
  first.slice(0, 8),
  (found) => agent(`look at ${found}`),
  (seen) => agent(`judge ${seen}`),
)
phase('Nested')
const third = await workflow({ scriptPath: 'child.js' }, 6)
const said = []
for (let n = 0; n < 5; n++) said.push((await baton.exec(['/bin/echo', `step ${n}`])).stdout.trim())
phase('End')
const last = await agent(`sum up ${second.length} and ${third.length} and ${said.length}`)
return { first, second, third, said, last }
"#;

/// Six agents, and one after them.
const CHILD: &str = r#"export const meta = { name: 'child', description: 'Some of it.' }
const all = await parallel(Array.from({ length: args }, (_, n) => () => agent(`below ${n}`)))
all.push(await agent('below all'))
return all
"#;

fn fifty() -> (Bench, String) {
    let bench = Bench::with_provider();
    bench.project.write("fifty.js", FIFTY);
    bench.project.write("child.js", CHILD);
    // What echo does may be done again; that it may not is tried elsewhere.
    let policy = "[grant]\nexec = [\"/bin/echo **\"]\n[tools.exec]\neffect = \"repeatable\"\n";
    bench.project.write("baton.toml", policy);
    let arguments = ["run", "fifty.js", "--root", "root", "--agent", MODEL, "--yes", "--json"];
    let whole = bench.ran(&[&arguments[..], &["--extensions"]].concat());
    assert_eq!(whole.state(), "done", "{whole:?}");
    let run = whole.run().to_owned();
    (bench, run)
}

/// Task paths of a run with the number of the record that ended each, and the prompts of agents.
struct Record {
    ends: BTreeMap<TaskPath, u64>,
    prompts: BTreeMap<TaskPath, String>,
    kinds: BTreeMap<TaskPath, String>,
}

fn record(bench: &Bench, run: &str) -> Record {
    let mut known =
        Record { ends: BTreeMap::new(), prompts: BTreeMap::new(), kinds: BTreeMap::new() };
    for record in bench.project.journal(run) {
        let body = &record["body"];
        let path = || body["task"].as_str().unwrap().parse::<TaskPath>().unwrap();
        match record["kind"].as_str().unwrap() {
            "spawned" => {
                let work = body["work"].as_object().unwrap();
                let (kind, work) = work.iter().next().unwrap();
                known.kinds.insert(path(), kind.clone());
                if let Some(prompt) = work["spec"]["prompt"].as_str() {
                    known.prompts.insert(path(), prompt.to_owned());
                }
            }
            "completed" => {
                known.ends.insert(path(), record["seq"].as_u64().unwrap());
            }
            _ => {}
        }
    }
    known
}

#[test]
fn the_prefix_costs_nothing_and_the_rest_is_as_the_data_says() {
    let (bench, run) = fifty();
    let known = record(&bench, &run);
    assert_eq!(known.ends.len(), 50);
    let whole = bench.project.object(&["show", &run, "--json"]);
    for (task, end) in &known.ends {
        let place = format!("{run}/{task}");
        let fork = bench.fork(&[&place, "--yes"]);
        assert_eq!(fork.state(), "done", "{task}: {}", fork.told);
        assert_eq!(fork.shown["forked_from"], json!(run));
        assert_eq!(*fork.output(), whole["result"]["done"]["output"], "{task}");
        // Agents whose ends were recorded before that of the task are not asked again, all others are.
        let again = |path: &&TaskPath| known.ends[*path] >= *end || path.is_within(task);
        let expected: BTreeSet<&String> =
            known.prompts.keys().filter(again).map(|path| &known.prompts[path]).collect();
        let asked: BTreeSet<&String> = fork.calls.iter().collect();
        assert_eq!(asked, expected, "forked at {task} ({})", known.kinds[task]);
        assert_eq!(fork.calls.len() as u64, fork.agents(), "each is asked and counted once");
        assert_eq!(fork.calls.len(), expected.len(), "{task}");
        // The same answers: there is nothing to tell apart.
        let (code, difference) = bench.diff(&run, fork.run());
        assert_eq!((code, &difference["equal"]), (0, &json!(true)), "{task}: {difference}");
    }
}

#[test]
fn an_edited_output_is_the_only_change_but_for_what_rests_on_it() {
    let (bench, run) = fifty();
    // One of the fan-out that the pipeline does not take up.
    let place = format!("{run}/13");
    let fork = bench.fork(&[&place, "--edit-output", r#""something else""#, "--reuse"]);
    assert_eq!(fork.state(), "done", "{}", fork.told);
    assert_eq!(fork.calls, Vec::<String>::new(), "nothing rests on it");
    assert_eq!(fork.output()["first"][12], "something else");
    assert_eq!(
        bench.changes(&run, fork.run()),
        ["changed 13: output, summary", "run: output"],
        "{}",
        bench.diff(&run, fork.run()).1
    );
    // One that it does take up: both steps of its line are done again, and nothing else.
    let place = format!("{run}/2");
    let fork = bench.fork(&[&place, "--edit-output", r#""other""#, "--reuse"]);
    let mut calls = fork.calls.clone();
    calls.sort_unstable();
    assert_eq!(calls, ["judge look at other", "look at other"]);
    bench.reproduces(fork.run());
    let changes = bench.changes(&run, fork.run());
    assert_eq!(changes.iter().filter(|line| line.contains("prompt")).count(), 2, "{changes:?}");
    assert_eq!(changes.len(), 4, "{changes:?}");
}

#[test]
fn every_run_of_it_reproduces() {
    let (bench, run) = fifty();
    let shown = bench.reproduces(&run);
    assert_eq!(shown["workflows"].as_array().map(Vec::len), Some(2));
    let commands: u64 = shown["workflows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["commands"].as_u64().unwrap())
        .sum();
    assert_eq!(shown["commands"], json!(commands));
    assert!(commands > 50, "{shown}");
    // A nested workflow is done again as a whole, or goes on inside.
    let nested: Vec<Value> =
        bench.tasks(&run).into_iter().filter(|t| t["kind"] == "workflow").collect();
    let child = nested[0]["task"].as_str().unwrap().to_owned();
    let whole = bench.fork(&[&child, "--yes"]);
    assert_eq!(whole.calls.iter().filter(|call| call.starts_with("below")).count(), 7);
    let inside = bench.fork(&[&format!("{child}/7"), "--yes"]);
    assert_eq!(inside.calls.iter().filter(|call| call.starts_with("below")).count(), 1);
    for fork in [whole, inside] {
        bench.reproduces(fork.run());
    }
}
