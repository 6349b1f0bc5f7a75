//! What agents may do, and what they are told (F57 to F59).

use baton_test_llm::{Hold, Reply, Seen};
use serde_json::{Value, json};

use crate::place::{MODEL, Place, body, ended, kill_9, places, until};

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
fn f58_a_denial_that_comes_later_reaches_agents_at_work() {
    denied_at_work(false);
}

#[test]
fn f58_a_denial_that_came_while_it_worked_stays_for_whoever_goes_on() {
    denied_at_work(true);
}

#[test]
fn f58_a_command_at_work_is_ended_when_it_is_denied() {
    for (rules, code) in [
        // Nobody knows what it did.
        ("", "narrowed"),
        ("[tools.exec]\neffect = \"repeatable\"\n", "exec-not-granted"),
    ] {
        let place = Place::new(|_: &Seen| Reply::text("done"));
        place.project.write("baton.toml", rules);
        place.project.write("root/a.txt", "one");
        place.project.write(
            "flow.js",
            "export const meta = { name: 'flow', description: 'Works.', baton: { write: ['**'], exec: ['sh **'] } }
const argv = ['sh', '-c', 'touch began; while :; do sleep 1; done']
return [await baton.tool('exec', { argv }).then(() => 'ended', (error) => error.code)]
",
        );
        let child = place.spawn(&[
            "run",
            "flow.js",
            "--root",
            "root",
            "--extensions",
            "--yes",
            "--json",
            "--grant",
            "exec=sh **",
            "--grant",
            "write=**",
        ]);
        until("a command at work", || place.project.path("root/began").exists());
        place.project.write("baton.toml", format!("{rules}[deny]\nexec = [\"sh **\"]\n"));
        let last = ended(child);
        last.done();
        assert_eq!(last.list(), &vec![code], "{rules}");
        let (why, ..) = place.text(&["why", &format!("{}/1", last.run())]);
        let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(why.contains("policy denies now what it had: exec=sh **"), "{why}");
    }
}

/// The rules become narrower while three agents work, and the process that drives them may be killed then.
fn denied_at_work(killed: bool) {
    // Two models and one in a nested workflow, each in the middle of its work when the rules change.
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| {
        let tools = Reply::call("exec", json!({ "argv": ["true"] }))
            .and_call("read_file", json!({ "path": "a.txt" }));
        match seen.turns {
            0 => tools,
            1 => tools.held(&late),
            _ => Reply::text("done"),
        }
    });
    // Commands that may be repeated: a killed agent goes on.
    let rules = "[tools.exec]\neffect = \"repeatable\"\n";
    place.project.write("baton.toml", rules);
    place.project.write("root/a.txt", "precious");
    place.project.write(
        ".claude/workflows/inner.js",
        "export const meta = { name: 'inner', description: 'Works.', baton: { read: ['**'], exec: ['true'] } }
return await agent('inner', { baton: { tools: ['exec'] } })
",
    );
    place.project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'Works.', baton: { read: ['**'], exec: ['true'] } }
const options = { baton: { tools: ['exec'] } }
const before = await baton.readText('a.txt')
const all = await parallel([() => agent('one', options), () => agent('two', options), () => workflow('inner')])
const after = await baton.readText('a.txt').catch((error) => error.code)
return [before, after, ...all]
",
    );
    let arguments = [
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
    ];
    let child = place.spawn(&arguments);
    until("three models in the middle", || {
        place.server.log().iter().filter(|seen| seen.turns == 1).count() == 3
    });
    let run = place.newest();
    // Nothing is saved of what cannot be read; then an editor is done.
    place.project.write("baton.toml", "[deny]\nexec = [\"tr");
    let deny = "[deny]\nexec = [\"true\"]\nread = [\"a.txt\"]\n";
    place.project.write("baton.toml", format!("{rules}{deny}"));
    let denied = || {
        let journal = place.project.journal(&run);
        journal.iter().map(body).filter(|(kind, _)| *kind == "denials-added").count()
    };
    until("the denial on record", || denied() == 1);
    let child = if killed {
        // The record holds for whoever goes on with it, and needs no further word of a person.
        kill_9(child);
        place.spawn(&["resume", &run, "--json"])
    } else {
        child
    };
    hold.release();
    let last = ended(child);
    last.done();
    assert_eq!(last.list(), &vec!["precious", "out-of-scope", "done", "done", "done"]);
    assert_eq!(denied(), 1, "it is said once");
    // Each of the three was served before and refused after. What they were served was in no request that
    // was answered: whoever was killed asks for it again, and is refused it.
    let times = if killed { 6 } else { 3 };
    let journal = place.project.journal(&run);
    let refused = journal.iter().map(body).filter(|(kind, _)| *kind == "denied");
    let mut refused: Vec<&str> =
        refused.map(|(_, value)| value["denial"]["code"].as_str().unwrap()).collect();
    refused.sort_unstable();
    assert_eq!(refused, [vec!["exec-not-granted"; times], vec!["out-of-scope"; times]].concat());
    let tools = |task: &&Value| task["kind"] == "tool" && task["state"] == "done";
    assert_eq!(place.tasks(&run).iter().filter(tools).count(), 3);
    let ends: Vec<Seen> = place.server.log().into_iter().filter(|seen| seen.turns == 2).collect();
    assert_eq!(ends.len(), 3);
    for seen in ends {
        let served = seen.by("tool").matches("precious").count();
        assert_eq!(served, usize::from(!killed), "{:?}", seen.said);
    }
    // A fork of it begins before the denial, and is held to it all the same.
    let other = place.object(&["fork", &run, "--at", "2", "--yes", "--json"]);
    other.done();
    let forked = place.project.journal(&other.run());
    assert_eq!(places(&forked, "denials-added").len(), 1);
    assert!(place.tasks(&other.run()).iter().all(|task| task["kind"] != "tool"));
    // What it was denied is part of the record that reproduces.
    let (replayed, told, exit) = place.text(&["replay", &run]);
    assert_eq!(exit, 0, "{replayed}{told}");
    let (why, ..) = place.text(&["journal", &run]);
    assert!(why.contains("baton.toml:5") && why.contains("read=a.txt, exec=true"), "{why}");
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
