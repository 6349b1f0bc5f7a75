//! Money that nobody agreed to (F30 to F36).

use baton_test_llm::{Api, Reply, Seen};
use baton_test_support::Terminal;
use serde_json::{Value, json};

use crate::place::{MODEL, Place};

/// Each answer costs three cents: 10,000 tokens at $1 and 4,000 at $5 a million.
fn dear() -> Place {
    Place::new(|seen: &Seen| Reply::text(seen.by("user")).usage(10_000, 4_000))
}

const ANSWER_USD: f64 = 0.03;

#[test]
fn f30_the_plan_has_bounds_models_and_a_price_and_the_cap_is_hard() {
    let place = dear();
    let body =
        "return await parallel(Array.from({ length: 46 }, (_, i) => () => agent(`Task ${i}.`)))";
    let start = place.flow(body, &[]);
    let (plan, told, exit) = place.text(&[
        "plan",
        "flow.js",
        "--agent",
        "anthropic:claude-opus-4-6",
        "--max-cost",
        "0.20",
    ]);
    assert_eq!(exit, 0, "{told}");
    for part in
        ["46 agents", "anthropic:claude-opus-4-6", "per million tokens", "$0.20", "likely $"]
    {
        assert!(plan.contains(part), "{part} is not in:\n{plan}");
    }
    let forecast =
        place.project.object(&["plan", "flow.js", "--agent", MODEL, "--json"])["forecast"].clone();
    assert_eq!(forecast["agents"], json!({ "low": 46, "likely": 46, "high": 46 }), "{forecast}");
    let (low, high) = (
        forecast["cost_usd"]["low"].as_f64().unwrap(),
        forecast["cost_usd"]["high"].as_f64().unwrap(),
    );
    assert!(0.0 < low && low < high, "{forecast}");
    assert_eq!(place.server.requests(), 0, "a plan asks nobody");
    // Without an answer nothing starts; with a cap it ends there.
    assert_eq!(place.text(&["run", "flow.js", "--agent", MODEL]).2, 3);
    let capped = place.object(&[&start[..], &["--max-cost", "0.20"]].concat());
    assert_eq!((capped.state(), capped.exit), ("paused", 4), "{}", capped.shown);
    assert!(capped.shown["usage"]["cost_usd"].as_f64().unwrap() <= 0.20);
    assert!((1..=6).contains(&place.server.requests()), "{}", place.server.requests());
}

#[test]
fn f34_caps_on_agents_and_money_hold_in_every_mode() {
    let nested = |place: &Place| {
        place.project.write(
            ".claude/workflows/inner.js",
            "export const meta = { name: 'inner', description: 'Many more.' }
return await parallel(Array.from({ length: 71 }, (_, i) => () => agent(`Inner ${args} ${i}.`)))
",
        );
        place.project.write(
            "outer.js",
            "export const meta = { name: 'outer', description: 'Nests.' }
return await parallel([() => workflow('inner', 1), () => workflow('inner', 2)])
",
        );
        place.project.write("inputs.jsonl", "71\n71\n");
    };
    let caps = [(["--max-cost", "0.20"], 6), (["--max-agents", "6"], 6)];
    let modes: [&[&str]; 4] = [
        &["run", "many.js", "--args-json", "142"],
        &["run", "outer.js"],
        &["run", "many.js", "--args-json", "142", "--concurrency", "64"],
        &["run", "many.js", "--args-json", "105", "--no-continue", "--budget", "1M"],
    ];
    for (cap, most) in caps {
        // A cap on agents lets nothing of a fan-out start, however many may work at once.
        for mode in modes.into_iter().take(if cap[0] == "--max-cost" { 4 } else { 2 }) {
            let place = dear();
            nested(&place);
            let start = [mode, &["--agent", MODEL, "--yes", "--json"][..], &cap].concat();
            let first = place.object(&start);
            assert_eq!((first.state(), first.exit), ("paused", 4), "{start:?} {}", first.shown);
            let served = place.server.requests();
            assert!(served <= most, "{start:?}: {served} served");
            let spent = first.shown["usage"]["cost_usd"].as_f64().unwrap();
            assert!((spent - ANSWER_USD * served as f64).abs() < 1e-9, "{spent}");
            assert!(cap[0] == "--max-agents" || spent <= 0.20, "{spent}");
        }
        // One after the other: as many as the cap lets through.
        let place = dear();
        let flow = "const all = []\nwhile (all.length < 142) all.push(await agent(`Task ${all.length}.`))\nreturn all";
        let first = place.object(&place.flow(flow, &cap));
        // Of money the most that a call may cost is held back first.
        let least = if cap[0] == "--max-cost" { 4 } else { most };
        assert_eq!(first.state(), "paused", "{}", first.shown);
        let served = place.server.requests();
        assert!((least..=most).contains(&served), "{}", first.shown);
        // A resume that raises nothing spends nothing more.
        let again = place.resume(&first.run(), &[]);
        assert_eq!((again.state(), again.exit), ("paused", 4), "{}", again.shown);
        assert_eq!(place.server.requests(), served);

        // The runs of a batch have the cap each.
        let place = dear();
        nested(&place);
        let start = ["run", "many.js", "--each", "inputs.jsonl", "--agent", MODEL, "--yes"];
        let (shown, told, exit) = place.text(&[&start[..], &cap].concat());
        assert_ne!(exit, 0, "{told}");
        let lines: Vec<Value> =
            shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.len() == 2 && lines.iter().all(|line| line["state"] == "paused"), "{shown}");
        assert!(place.server.requests() <= 2 * most);

        // Agents that are programs, whose calls nobody sees.
        if cap[0] == "--max-agents" {
            let place = Place::of_programs();
            let flow = "return await parallel(Array.from({ length: 325 }, (_, i) => () => agent(`do ${i}`)))";
            let first = place.object(&place.work(flow, &cap));
            assert_eq!((first.state(), first.exit), ("paused", 4), "{}", first.shown);
            assert!(place.calls().len() <= most, "{}", place.calls().len());
        }
    }
}

#[test]
fn f35_no_answer_is_no_consent() {
    // Nobody is there.
    let place = dear();
    let start = ["run", "many.js", "--args-json", "9", "--agent", MODEL];
    let (_, told, exit) = place.text(&start);
    assert_eq!(exit, 3, "{told}");
    assert!(told.contains("error[B0006]"), "{told}");
    assert_eq!(place.server.requests(), 0);
    // Somebody is there, and hits return, says no, or leaves.
    for answer in ["\n", "n\n", "\u{4}", ""] {
        let place = dear();
        let mut terminal = Terminal::start(&place.command(&start), (100, 24));
        terminal
            .until("the question", |screen| screen.contains("[y / N") || screen.contains("[y/N"));
        let exit = if answer.is_empty() {
            terminal.goes_away()
        } else {
            terminal.types(answer);
            terminal.ends().0
        };
        assert!(exit != 0 && (answer.is_empty() || exit == 3), "{answer:?}: {exit}");
        assert_eq!(place.server.requests(), 0, "{answer:?}");
        assert!(place.text(&["ls"]).0.is_empty(), "there is no run: {answer:?}");
    }
}

#[test]
fn f36_every_prompt_begins_with_what_all_share() {
    let place = dear();
    place
        .project
        .write("root/CLAUDE.md", format!("Rules of the house.\n{}", "Be short.\n".repeat(400)));
    let flow =
        "return await parallel(Array.from({ length: 12 }, (_, i) => () => agent(`Task ${i}.`)))";
    place.object(&place.flow(flow, &["--root", "root"])).done();
    let log = place.server.log();
    assert_eq!(log.len(), 12);
    let shared = |seen: &Seen| (seen.json["system"].clone(), seen.json["tools"].clone());
    assert!(log[0].by("system").contains("Rules of the house."), "{}", log[0].by("system"));
    assert!(
        log.iter().all(|seen| shared(seen) == shared(&log[0])),
        "the same for all, byte for byte"
    );
    assert!(log.iter().all(|seen| seen.api == Api::Anthropic && seen.said[0].role == "system"));
    // What differs comes last: the task.
    for seen in &log {
        assert_eq!(seen.said.len(), 2, "{:?}", seen.said);
        assert!(seen.said[1].text.starts_with("Task "), "{:?}", seen.said);
        assert!(!seen.by("system").contains("Task "));
    }
}

/// A script that finds so much and then has each finding checked by so many.
fn fan_out(findings: usize, checks: usize) -> String {
    format!(
        "const found = await agent('Find.')
const all = await parallel(Array.from({{ length: {findings} * {checks} }}, (_, i) => () => agent(`Check ${{i}}.`)))
return [found, ...all]"
    )
}

#[test]
fn f31_a_fan_out_of_355_that_passes_the_bound_pauses_before_it() {
    let place = dear();
    let first = place.object(&place.flow(&fan_out(354, 1), &["--max-agents", "15"]));
    assert_eq!((first.state(), first.exit), ("paused", 4), "{}", first.shown);
    assert_eq!(place.server.requests(), 1, "nothing of the fan-out started");
    let pause = &first.shown["pause"];
    assert_eq!(
        (&pause["cap"], &pause["limit"], &pause["spent"]),
        (&json!("agents"), &json!(15), &json!(1))
    );
    assert_eq!(
        (&pause["needs"], &pause["flag"]),
        (&json!(354), &json!("--max-agents 355")),
        "its exact size"
    );
    let message = first.shown["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("354 agents would start together, and 1 of 15 have started"),
        "{message}"
    );
    let row = place.row(&first.run());
    assert_eq!((&row["state"], &row["pause"]["needs"]), (&json!("paused"), &json!(354)));
    // Two resumes that approve nothing start nothing.
    for _ in 0..2 {
        assert_eq!(place.resume(&first.run(), &[]).exit, 4);
    }
    assert_eq!(place.server.requests(), 1);
    // Approved, each of them starts once.
    let last = place.resume(&first.run(), &["--max-agents", "355"]);
    last.done();
    assert_eq!((place.server.requests(), last.list().len()), (355, 355));
}

#[test]
fn f32_547_planned_checks_stop_at_the_cap_on_money_and_keep_what_finished() {
    // As agents: the fan-out is known before anything of it starts.
    let place = dear();
    let first = place.object(&place.flow(&fan_out(182, 3), &["--max-agents", "180"]));
    assert_eq!(
        (&first.shown["pause"]["needs"], place.server.requests()),
        (&json!(546), 1),
        "{}",
        first.shown
    );
    // As money: it stops at the sum, and what finished stays.
    let place = dear();
    let first = place.object(&place.flow(&fan_out(182, 3), &["--max-cost", "1.50"]));
    assert_eq!((first.state(), first.exit), ("paused", 4), "{}", first.shown);
    let pause = &first.shown["pause"];
    assert_eq!((&pause["cap"], &pause["limit"]), (&json!("cost"), &json!(1.5)));
    let served = place.server.requests();
    let spent = first.shown["usage"]["cost_usd"].as_f64().unwrap();
    assert!(spent <= 1.5 && (20..=50).contains(&served), "{spent} for {served}");
    let run = first.run();
    assert_eq!(place.count(&run, "done"), served);
    // A higher sum goes on with the others, and stops there again.
    let more = place.resume(&run, &["--max-cost", "2.50"]);
    assert_eq!((more.state(), more.exit), ("paused", 4), "{}", more.shown);
    assert!(place.server.requests() > served, "{}", more.shown);
    assert!(more.shown["usage"]["cost_usd"].as_f64().unwrap() <= 2.5, "{}", more.shown);
    assert!(place.asked().values().all(|times| *times == 1), "nothing twice");
}

#[test]
fn f33_420_checkers_are_counted_before_the_first_of_them() {
    // Fourteen reviewers fit the bound; what they find does not.
    let place = dear();
    let flow = "phase('Review')
const reviews = await parallel(Array.from({ length: 14 }, (_, i) => () => agent(`Review ${i}.`)))
phase('Check')
return await parallel(reviews.flatMap((_, i) => Array.from({ length: 30 }, (_, n) => () => agent(`Check ${i} ${n}.`))))";
    let first = place.object(&place.flow(flow, &["--max-agents", "60"]));
    assert_eq!(first.exit, 4, "{}", first.shown);
    assert_eq!((&first.shown["pause"]["needs"], place.server.requests()), (&json!(420), 14));
    // The same with a bound for the phase alone.
    let place = dear();
    let first = place.object(&place.flow(flow, &["--phase-cap", "Check:agents=60"]));
    let pause = &first.shown["pause"];
    assert_eq!((&pause["needs"], &pause["phase"]), (&json!(420), &json!("Check")), "{pause}");
    assert_eq!(place.server.requests(), 14);
    assert_eq!(pause["flag"], "--phase-cap 'Check:agents=420'");
}

#[test]
fn f36_the_share_of_start_up_is_shown() {
    // Twelve small agents: 4,770 tokens to begin with, 1,950 for the work itself.
    let place = Place::new(|seen: &Seen| match seen.turns {
        0 => Reply::call("read_file", json!({ "path": "a.txt" })).usage(4_770, 20).cached(1_000, 0),
        _ => Reply::text("done").usage(1_950, 20),
    });
    place.project.write("root/a.txt", "one");
    let flow =
        "return await parallel(Array.from({ length: 12 }, (_, i) => () => agent(`Task ${i}.`)))";
    let last = place.object(&place.flow(flow, &["--root", "root"]));
    last.done();
    let (shown, ..) = place.text(&["show", &last.run()]);
    assert!(
        shown
            .contains("57.2k in (70 % of all) in the first calls of 12 agents, 12.0k of it cached"),
        "{shown}"
    );
    let startup = &place.project.object(&["show", &last.run(), "--json"])["totals"]["startup"];
    let expected = json!({ "agents": 12, "input_tokens": 57_240, "cached_tokens": 12_000 });
    assert_eq!(*startup, expected);
}
