//! The journal: what is durable when, and what a run that goes on has seen before.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use baton_test_support::{kill_9, signal};
use serde_json::{Value, json};

use crate::case::{Ended, cases, script, steps, text};
use crate::place::{Place, WORKER};

/// Tasks of a run that are done.
fn finished(place: &Place, run: &str) -> usize {
    place.tree(run).iter().filter(|task| task["state"] == "done").count()
}

/// Writes an agent that says what the journal has of its run when it starts.
fn reader(place: &Place) {
    let script = format!(
        "#!/bin/sh\ncat > /dev/null\nhere={0}\n\
         '{1}' journal \"$BATON_RUN\" --json --home '{2}' > \"$here/seen-${{BATON_TASK##*/}}\"\n\
         printf '{{\"output\":\"read\"}}'\n",
        place.path("").display(),
        env!("CARGO_BIN_EXE_baton"),
        place.path("home").display(),
    );
    let path = place.path("reader.sh");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

cases! {
    /// Three equal calls give three results, and the same three after a kill.
    D149_equal_calls: steps(|place| {
        place.write("case.js", text(r#"
const votes = await parallel([1, 2, 3].map(() => () => agent('vote')))
await agent('hold it', { label: votes.join() })
return votes"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes"];
        let run = place.killed(&start, || place.calls().len() == 4);
        let seen = place.tree(&run)[3]["label"].clone();
        place.open("it");
        let votes = place.say(&["resume", &run, "--json"]).report()["output"].clone();
        let votes: Vec<&str> = votes.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        assert_eq!(votes.iter().collect::<BTreeSet<_>>().len(), 3, "{votes:?}");
        assert_eq!(seen, votes.join(","));
        assert_eq!(place.counts()["vote"], 3);
    });

    /// An agent that was cut off has its result under the same call.
    D151_new_attempts: steps(|place| {
        place.write("case.js", text("return [await agent('hold it'), await agent('then')]"));
        let start = ["run", "case.js", "--agent", WORKER, "--yes"];
        let run = place.killed(&start, || place.calls().len() == 1);
        place.open("it");
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"], json!(["hold it", "then"]));
        let tree = place.tree(&run);
        assert_eq!(tree.len(), 2);
        assert_eq!((&tree[0]["attempts"], &tree[1]["attempts"]), (&json!(2), &json!(1)));
    });

    /// A run that is stopped with 50 of 59 calls done has 9 to go.
    D152_stop_and_resume: steps(|place| {
        place.write("case.js", text(r#"
const all = Array.from({ length: 59 }, (_, i) => i < 50 ? `quick ${i}` : `hold ${i}`)
return (await parallel(all.map((prompt) => () => agent(prompt)))).length"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--json"];
        let mut run = place.start(&start);
        run.until(|| place.calls().len() == 59);
        let id = place.runs()[0].clone();
        run.until(|| finished(place, &id) == 50);
        signal("-INT", run.child.id());
        // Two signals at once are one. The second does not wait for the agents.
        run.tells("parking");
        signal("-INT", run.child.id());
        let said = run.end();
        assert!(said.exit == 130 || said.exit == -1, "{said:?}");
        for gate in 50..59 {
            place.open(&gate.to_string());
        }
        place.forget_calls();
        let report = place.say(&["resume", &id, "--json"]).report();
        assert_eq!(report["output"], 59);
        assert_eq!(place.calls().len(), 9, "{:?}", place.calls());
    });

    /// The number of finished calls never goes down.
    D153_finished_calls_stay: steps(|place| {
        place.write("case.js", text(
            "return await parallel([1, 2, 3, 4].map((i) => () => agent(i < 3 ? `quick ${i}` : `hold ${i}`)))",
        ));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--json"];
        let run = place.killed(&start, || {
            place.calls().len() == 4 && finished(place, &place.runs()[0]) == 2
        });
        assert_eq!(finished(place, &run), 2);
        place.open("3");
        let mut again = place.start(&["resume", &run, "--json"]);
        again.until(|| {
            let count = finished(place, &run);
            assert!(count >= 2, "{count}");
            count == 3
        });
        kill_9(again.child);
        assert_eq!(finished(place, &run), 3);
        place.open("4");
        assert_eq!(place.say(&["resume", &run, "--json"]).report()["state"], "done");
        assert_eq!(finished(place, &run), 4);
    });

    /// A run goes on in another process and from another directory.
    D154_resume_from_elsewhere: steps(|place| {
        place.write("scripts/case.js", text("return [await agent('hold it'), await workflow('child')]"));
        place.write(".baton/workflows/child.js", crate::case::workflow("child", "return 'child'"));
        place.write("elsewhere/readme", "");
        let start = ["run", "scripts/case.js", "--agent", WORKER, "--yes"];
        let run = place.killed(&start, || place.calls().len() == 1);
        place.open("it");
        fs::remove_dir_all(place.path("scripts")).unwrap();
        fs::remove_dir_all(place.path(".baton")).unwrap();
        let arguments = ["resume", &run, "--json"];
        let mut command = place.command(&arguments);
        command.current_dir(place.path("elsewhere"));
        let report = place.start_command(command, &arguments).end().report();
        assert_eq!(report["output"], json!(["hold it", "child"]), "{report}");
    });

    /// A start is durable before its process is there, a value before the script sees it.
    D156_order_of_writes: steps(|place| {
        reader(place);
        place.write("case.js", text(
            "const first = await agent('one')\nlog('saw it')\nreturn [first, await agent('two')]",
        ));
        let start = ["run", "case.js", "--agent", "command:./reader.sh", "--yes", "--json"];
        let report = place.say(&start).report();
        assert_eq!(report["output"], json!(["read", "read"]));
        let seen = |task: &str| -> Vec<Value> {
            let lines = fs::read_to_string(place.path(&format!("seen-{task}"))).unwrap();
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let kinds = |records: &[Value]| -> Vec<String> {
            records.iter().map(|r| r["kind"].as_str().unwrap().to_owned())
                .filter(|kind| ["spawned", "started", "completed", "reported"].contains(&kind.as_str()))
                .collect()
        };
        assert_eq!(kinds(&seen("1")), ["spawned", "started"]);
        let second = seen("2");
        assert_eq!(kinds(&second), ["spawned", "started", "completed", "reported", "spawned", "started"]);
        let value = second.iter().find(|r| r["kind"] == "completed").unwrap();
        assert_eq!(value["body"]["outcome"]["done"]["output"], "read");
    });

    /// Every call that was asked for has an end with its cause when the run has ended.
    D157_every_call_has_an_end: script(r#"
const first = [agent('crash now'), agent('fine')]
agent('hold left')
const waiting = Array.from({ length: 5 }, () => agent('hold too'))
await Promise.all(first)
throw new Error('end')"#)
        .worker().flags(&["--concurrency", "3"]).fails("script-error", &["end"])
        .also(|ended| {
            let journal = ended.journal();
            let of = |kind: &str| -> BTreeSet<String> {
                journal.iter().filter(|r| r["kind"] == kind).map(|r| r["body"]["task"].to_string()).collect()
            };
            assert_eq!(of("spawned").len(), 8);
            assert_eq!(of("spawned"), of("completed"));
            for task in ended.agents() {
                assert!(task["state"] == "done" || task["failure"]["code"].is_string(), "{task}");
            }
            assert_eq!(journal.last().unwrap()["kind"], "finished");
        });

    /// What was `null` or rejected is the same after a kill, and nothing of it runs again.
    D158_outcomes_after_a_kill: steps(|place| {
        place.write("case.js", text(r#"
const all = [await agent('crash now'), await caught(agent('odd', { schema: { type: 'object', required: ['x'] } })),
  await caught(agent('a', { agentType: 'nobody' })), await caught(agent(7)), await agent('fine')]
await agent('hold it', { label: JSON.stringify(all).slice(0, 4000) })
return all"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes"];
        let run = place.killed(&start, || place.calls().contains(&"hold it".to_owned()));
        let seen: Value =
            serde_json::from_str(place.tree(&run).last().unwrap()["label"].as_str().unwrap()).unwrap();
        place.open("it");
        let before = place.counts();
        let ended = Ended::of(place, place.say(&["resume", &run, "--json"]));
        assert_eq!(ended.report["output"], seen, "{}", ended.report);
        assert_eq!(seen[0], Value::Null);
        assert_eq!(seen[1]["name"], "WorkflowSchemaError");
        let mut after = place.counts();
        assert_eq!(after.insert("hold it".into(), 1), Some(2));
        assert_eq!(after, before);
    });

    /// Nothing of a failed run is run again by `resume`: what it delivered stands.
    D158_resume_changes_nothing: script("return [await agent('flaky a')]")
        .worker().done(json!([null]))
        .also(|ended| {
            let again = ended.place.say(&["resume", ended.run(), "--json"]);
            assert_eq!(again.report()["output"], json!([null]), "{again:?}");
            assert_eq!(ended.place.calls().len(), 1);
        });
}
