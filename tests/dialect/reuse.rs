//! `--reuse`: what another run has finished is not done again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::case::{Ended, cases, steps, text};
use crate::place::{COMPONENT, Place, WORKER};

/// The flags of every run here. Its programs work in a directory in which nothing changes.
const RUN: [&str; 8] =
    ["run", "case.js", "--yes", "--json", "--plain", "--root", "root", "--agent"];

/// Writes a script, and the directory that its agents are granted.
fn write(place: &Place, body: &str) {
    place.write("case.js", text(body));
    if !place.path("root").exists() {
        place.write("root/a.txt", "old");
    }
}

/// Runs a script whose body is `body`; with `reuse` given, a run whose results it may take.
/// The worker's calls are those of this run alone.
fn run<'p>(place: &'p Place, body: &str, reuse: Option<&str>, flags: &[&str]) -> Ended<'p> {
    place.forget_calls();
    write(place, body);
    let mut arguments = [&RUN[..], &[WORKER], flags].concat();
    if let Some(run) = reuse {
        arguments.extend(["--reuse", run]);
    }
    let ended = Ended::of(place, place.say(&arguments));
    ended.is("done");
    ended
}

/// Runs `before`, then `after` with the results of it. Returns the number of live calls and both
/// outputs.
fn pair(place: &Place, before: &str, after: &str) -> (usize, Value, Value) {
    let first = run(place, before, None, &[]);
    let second = run(place, after, Some(first.run()), &[]);
    (place.calls().len(), first.report["output"].clone(), second.report["output"].clone())
}

/// Live calls after a change.
fn live(before: &'static str, after: &'static str, expected: usize) -> crate::case::Steps {
    steps(move |place| assert_eq!(pair(place, before, after).0, expected, "{:?}", place.calls()))
}

/// As many calls as the acceptance of reuse asks for; the text of item `i` is in `expression`.
fn pipeline(items: &str, expression: &str) -> String {
    format!("return await pipeline({items}, (item) => agent({expression}))")
}

cases! {
    /// The same script and input again: nothing runs, and the result is equal.
    D141_nothing_to_do: steps(|place| {
        let body = "return [args, await parallel([1, 2, 3].map((i) => () => agent(`vote ${i}`))), await agent('end')]";
        let first = run(place, body, None, &["--input", "[1]"]);
        assert_eq!(place.calls().len(), 4);
        let second = run(place, body, Some(first.run()), &["--input", "[1]"]);
        assert_eq!(place.calls(), [] as [String; 0]);
        assert_eq!(second.report["output"], first.report["output"]);
        let tree = place.say(&["tree", second.run()]).stdout;
        assert!(tree.contains("reused"), "{tree}");
        assert_eq!(second.report["usage"]["output_tokens"], 0);
    });

    /// Of 102 calls two failed: exactly those two run.
    D142_only_what_failed: steps(|place| {
        let body = pipeline("Array.from({ length: 102 }, (_, i) => i)",
            "item === 3 || item === 77 ? `flaky ${item}` : `quick ${item}`");
        let first = run(place, &body, None, &[]);
        assert_eq!(first.report["failed_tasks"], 2);
        let second = run(place, &body, Some(first.run()), &[]);
        let mut calls = place.calls();
        calls.sort();
        assert_eq!(calls, ["flaky 3", "flaky 77"]);
        let output = second.report["output"].as_array().unwrap();
        assert!(output.len() == 102 && output.iter().all(Value::is_string), "{output:?}");
        let tree = place.say(&["tree", second.run()]).stdout;
        assert!(tree.contains("reused") && tree.contains("failed"), "says why not: {tree}");
    });

    /// Another order of starts and ends changes nothing.
    D143_shuffled: steps(|place| {
        let body = |items: &str| pipeline(items, "item % 2 ? `vote ${item}` : `open ${item}`");
        let (live, first, second) = pair(place,
            &body("Array.from({ length: 102 }, (_, i) => i)"),
            &body("Array.from({ length: 102 }, (_, i) => (i * 37 + 5) % 102)"));
        assert_eq!(live, 0, "{:?}", place.calls());
        let at = |output: &Value, i: usize| output[i].clone();
        assert_eq!(at(&second, 0), at(&first, 5));
        assert_eq!(at(&second, 1), at(&first, 42));
    });

    /// A done, B cut off, C and D done: only B runs.
    D144_only_what_never_finished: steps(|place| {
        let body = "return await parallel(['vote a', 'hold b', 'vote c', 'vote d'].map((p) => () => agent(p)))";
        write(place, body);
        let start = [&RUN[..], &[WORKER]].concat();
        let cut = place.killed(&start, || {
            let done = |task: &&Value| task["state"] == "done";
            place.calls().len() == 4 && place.tree(&place.runs()[0]).iter().filter(done).count() == 3
        });
        place.open("b");
        let ended = run(place, body, Some(&cut), &[]);
        assert_eq!(place.calls(), ["hold b"]);
        assert_eq!(ended.report["output"][1], "hold b");
    });

    /// Other labels, phases and stall limits: all hits.
    D145_names_do_not_matter: live(
        "phase('A')\nreturn [await agent('vote 1'), await agent('vote 2', { label: 'x' })]",
        "phase('B')\nreturn [await agent('vote 1', { label: 'y', phase: 'C', stallMs: 5 }), await agent('vote 2', { _x: 1 })]",
        0,
    );

    /// One character of one prompt of 90: that call runs, the others are hits.
    D146_one_prompt: steps(|place| {
        let body = |word: &str| pipeline("Array.from({ length: 90 }, (_, i) => i)",
            &format!("item === 41 ? '{word}' : `quick ${{item}}`"));
        let (live, _, second) = pair(place, &body("quick 41"), &body("quick 4l"));
        assert_eq!((live, &second[41]), (1, &json!("quick 4l")));
        let tree = place.tree(&place.runs()[0]);
        assert_eq!(tree.len(), 90);
        let shown = place.say(&["tree", "last"]).stdout;
        let row = shown.lines().find(|line| line.contains("quick 4l")).unwrap();
        assert!(row.contains("not reused") && row.contains("prompt"), "says why not: {row}");
    });

    /// Other order of the keys of a schema: a hit. Another property: a miss.
    D147_schema_keys: steps(|place| {
        let body = |schema: &str| format!("return await agent('quick', {{ schema: {schema} }})");
        let first = body("{ type: 'object', properties: { answer: { type: 'string' }, b: {} }, required: ['answer'] }");
        let same = body("{ required: ['answer'], properties: { b: {}, answer: { type: 'string' } }, type: 'object' }");
        let other = body("{ type: 'object', properties: { answer: { type: 'string' }, c: {} }, required: ['answer'] }");
        assert_eq!(pair(place, &first, &same).0, 0);
        assert_eq!(pair(place, &first, &other).0, 1);
    });

    /// Another model, effort or agent type: a miss.
    D148_what_matters: steps(|place| {
        place.write(".claude/agents/a.md", "---\nname: a\ndescription: d\n---\nBe one.\n");
        place.write(".claude/agents/b.md", "---\nname: b\ndescription: d\n---\nBe two.\n");
        let body = |options: &str| format!("return await agent('quick', {{ {options} }})");
        for (before, after) in [
            ("model: 'opus'", "model: 'haiku'"),
            ("", "model: 'opus'"),
            ("effort: 'low'", "effort: 'max'"),
            ("agentType: 'a'", "agentType: 'b'"),
            ("", "agentType: 'a'"),
        ] {
            assert_eq!(pair(place, &body(before), &body(after)).0, 1, "{before} → {after}");
            assert_eq!(pair(place, &body(before), &body(before)).0, 0, "{before}");
        }
    });

    /// An edited definition of an agent type is another one.
    D148_edited_definitions: steps(|place| {
        let body = "return await agent('quick', { agentType: 'a' })";
        place.write(".claude/agents/a.md", "---\nname: a\ndescription: d\n---\nBe one.\n");
        let first = run(place, body, None, &[]);
        place.write(".claude/agents/a.md", "---\nname: a\ndescription: d\n---\nBe another.\n");
        run(place, body, Some(first.run()), &[]);
        assert_eq!(place.calls().len(), 1);
    });

    /// Three equal calls take three different results.
    D149_equal_calls_reused: steps(|place| {
        let body = "return await parallel([1, 2, 3].map(() => () => agent('vote')))";
        let (live, first, second) = pair(place, body, body);
        let set = |output: &Value| -> BTreeSet<String> {
            output.as_array().unwrap().iter().map(ToString::to_string).collect()
        };
        assert_eq!((live, set(&first).len()), (0, 3));
        assert_eq!(set(&first), set(&second));
        // A fourth one has none to take.
        let more = run(place, &body.replace("[1, 2, 3]", "[1, 2, 3, 4]"), Some(&place.runs()[1]), &[]);
        assert_eq!(place.calls().len(), 1);
        assert_eq!(set(&more.report["output"]).len(), 4);
    });

    /// A new item in front: one call runs.
    D150_a_call_in_front: steps(|place| {
        let body = |items: &str| pipeline(items, "`vote ${item}`");
        let (live, first, second) = pair(place,
            &body("Array.from({ length: 102 }, (_, i) => i)"),
            &body("[-1, ...Array.from({ length: 102 }, (_, i) => i)]"));
        assert_eq!(place.calls(), ["vote -1"]);
        assert_eq!((live, &second[1], &second[102]), (1, &first[0], &first[101]));
    });

    /// A call that was cut off and made again is a hit like any other.
    D151_second_attempts_are_hits: steps(|place| {
        let body = "return [await agent('hold it'), await agent('vote')]";
        write(place, body);
        let cut = place.killed(&[&RUN[..], &[WORKER]].concat(), || place.calls().len() == 1);
        place.open("it");
        let first = place.say(&["resume", &cut, "--json"]).report();
        let second = run(place, body, Some(&cut), &[]);
        assert_eq!(place.calls(), [] as [String; 0]);
        assert_eq!(second.report["output"], first["output"]);
    });

    /// Input that is written differently but is equal: all hits.
    D161_input_written_otherwise: steps(|place| {
        let body = "return await parallel(args.list.map((x) => () => agent(`vote ${x} ${args.word}`)))";
        let first = run(place, body, None, &["--input", r#"{"list":[1,2],"word":"é"}"#]);
        let second = run(place, body, Some(first.run()),
            &["--input", " { \"word\" : \"\\u00e9\",\n \"list\": [ 1, 2 ] } "]);
        assert_eq!(place.calls(), [] as [String; 0]);
        assert_eq!(second.report["output"], first.report["output"]);
    });

    /// Only comments and names were edited: nothing runs.
    D161_edited_comments: live(
        "const a = await agent('vote 1')\nreturn [a, await agent('vote 2')]",
        "// A comment.\n\nconst first = await agent('vote 1') // another\nreturn [first,\n  await agent('vote 2')]",
        0,
    );

    /// Results that are reused cost nothing of the budget.
    D101_reuse_is_free: steps(|place| {
        let body = "const before = budget.spent()\nawait agent('tokens 30')\nreturn [before, budget.spent(), budget.remaining()]";
        let first = run(place, body, None, &["--budget", "50"]);
        assert_eq!(first.report["output"], json!([0, 30, 20]));
        let second = run(place, body, Some(first.run()), &["--budget", "50"]);
        assert_eq!(second.report["output"], json!([0, 0, 50]));
        assert_eq!(place.calls(), [] as [String; 0]);
    });

    /// With a higher budget the calls that were refused run, the others cost nothing.
    D103_higher_budget: steps(|place| {
        let body = "const all = []\nfor (let i = 0; i < 4; i++) all.push((await caught(agent(`tokens 30 ${i}`))).value ?? 'refused')\nreturn all";
        let first = run(place, body, None, &["--budget", "50"]);
        assert_eq!(first.report["output"], json!(["tokens 30 0", "tokens 30 1", "refused", "refused"]));
        let second = run(place, body, Some(first.run()), &["--budget", "100"]);
        assert_eq!(second.report["output"], json!(["tokens 30 0", "tokens 30 1", "tokens 30 2", "tokens 30 3"]));
        assert_eq!(place.calls(), ["tokens 30 2", "tokens 30 3"]);
    });

    /// Reused calls count against the cap on agents.
    D128_reused_calls_count: steps(|place| {
        let body = "return await Promise.all([1, 2, 3].map(async (i) => (await caught(agent(`vote ${i}`))).name ?? 'ran'))";
        let first = run(place, body, None, &[]);
        let second = run(place, body, Some(first.run()), &["--limit", "run.agents=2"]);
        assert_eq!(second.report["output"], json!(["ran", "ran", "WorkflowAgentCapError"]));
    });

    /// Agents whose files have changed run again, and no others.
    D146_changed_files: steps(|place| {
        for i in 0..6 {
            place.write(&format!("root/{}.txt", i / 3), "old");
        }
        place.write("root/case.js", text("return await parallel([0, 1, 2, 3, 4, 5].map((i) => () =>\n\
            agent(`read ${i < 3 ? 0 : 1}.txt`, { label: `r${i}` })))"));
        let start = ["run", "root/case.js", "--yes", "--json", "--root", "root", "--agent", COMPONENT];
        let first = Ended::of(place, place.say(&start));
        assert_eq!(first.report["output"], json!(["old", "old", "old", "old", "old", "old"]));
        place.write("root/1.txt", "new");
        let second = Ended::of(place, place.say(&[&start[..], &["--reuse", first.run()]].concat()));
        assert_eq!(second.report["output"], json!(["old", "old", "old", "new", "new", "new"]));
        let reused = second.journal().iter()
            .filter(|r| r["kind"] == "completed" && r["body"]["reused_from"].is_string()).count();
        assert_eq!(reused, 3);
        let shown = place.say(&["tree", second.run()]).stdout;
        assert!(shown.contains("1.txt"), "says why not: {shown}");
    });

    /// Of programs nobody knows what they read: any change below the root is one, unless told.
    D146_changed_root: steps(|place| {
        let body = "return await agent('vote 1')";
        let first = run(place, body, None, &[]);
        run(place, body, Some(first.run()), &[]);
        assert_eq!(place.calls().len(), 0, "nothing changed");
        place.write("root/a.txt", "new");
        run(place, body, Some(first.run()), &["--reuse-stale"]);
        assert_eq!(place.calls().len(), 0, "told that it does not matter");
        run(place, body, Some(first.run()), &[]);
        assert_eq!(place.calls().len(), 1);
    });

    /// A run that is not there is no run to reuse.
    D141_reuse_of_nothing: steps(|place| {
        place.write("case.js", text("return 1"));
        let said = place.say(&["run", "case.js", "--yes", "--json", "--reuse", "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF"]);
        assert_ne!(said.exit, 0, "{said:?}");
        assert_eq!(place.runs(), [] as [String; 0]);
    });

    /// Children's calls are reused like the parent's.
    D141_children: steps(|place| {
        place.write(".baton/workflows/child.js",
            crate::case::workflow("child", "return [await agent('vote 1'), await agent(`vote ${args}`)]"));
        let (live, first, second) =
            pair(place, "return await workflow('child', 2)", "log('edited')\nreturn await workflow('child', 2)");
        assert_eq!((live, first), (0, second));
    });
}
