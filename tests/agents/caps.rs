//! Caps hold for agents at work together, and raising one repeats nothing.

use baton_test_llm::{Reply, Seen};
use serde_json::Value;

use crate::support::{Place, body, places, tasks};

/// What one answer costs: 10,000 tokens at $1 and 4,000 at $5 a million.
const ANSWER_MICRO_USD: u64 = 30_000;

fn micro_usd(usd: &Value) -> u64 {
    baton_core::spec::micro_usd(usd.as_f64().unwrap_or_else(|| panic!("{usd}")))
}

fn dear() -> Place {
    Place::new(|seen: &Seen| Reply::text(seen.by("user")).usage(10_000, 4_000))
}

/// The largest sum of what was spent and held at any moment, by the journal.
fn most_held(journal: &[Value]) -> u64 {
    let cost = |usage: &Value| usage["cost_micro_usd"].as_u64().unwrap_or_default();
    let (mut spent, mut most) = (0, 0);
    let mut held = std::collections::BTreeMap::new();
    for record in journal {
        let (kind, value) = body(record);
        let task = value["task"].to_string();
        match kind {
            "asked" => {
                held.insert(task, cost(&value["reserve"]));
            }
            "turned" => {
                held.remove(&task);
                spent += cost(&value["usage"]);
            }
            _ => {}
        }
        most = most.max(spent + held.values().sum::<u64>());
    }
    most
}

#[test]
fn agents_at_work_together_never_pass_a_cap_on_money() {
    let place = dear();
    let (result, code) = place.many(64, &["--concurrency", "64", "--max-cost", "0.50"]);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    let run = result["run"].as_str().unwrap().to_owned();
    let journal = place.project.journal(&run);
    assert!(most_held(&journal) <= 500_000, "{}", most_held(&journal));
    let spent = micro_usd(&result["usage"]["cost_usd"]);
    assert!(spent <= 500_000, "{spent}");
    assert_eq!(spent, ANSWER_MICRO_USD * place.server.requests() as u64);
    assert!(spent >= 300_000, "it stopped long before the cap: {spent}");
    // It says what is missing, and a cap that suffices.
    let pause = &result["pause"];
    assert_eq!((pause["reason"].as_str(), pause["cap"].as_str()), (Some("cap"), Some("cost")));
    let hint = result["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--max-cost"), "{hint}");
    // A higher cap goes on and repeats nothing.
    let served = place.server.requests();
    let (result, code) = place.object(&["resume", &run, "--json", "--max-cost", "5"]);
    assert_eq!((result["state"].as_str(), code), (Some("done"), 0), "{result}");
    assert_eq!(place.server.requests(), 64, "{served} before");
    assert!(place.asked().values().all(|times| *times == 1));
    assert_eq!(result["output"].as_array().unwrap().len(), 64);
    assert_eq!(micro_usd(&result["usage"]["cost_usd"]), 64 * ANSWER_MICRO_USD);
}

#[test]
fn a_cap_that_fits_nothing_pauses_before_the_first_call() {
    let place = dear();
    let (result, code) = place.many(3, &["--max-cost", "0.01"]);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    assert_eq!(place.server.requests(), 0);
    let run = result["run"].as_str().unwrap().to_owned();
    let (result, _) = place.object(&["resume", &run, "--json", "--max-cost", "1"]);
    assert_eq!(result["state"], "done", "{result}");
}

#[test]
fn every_amount_of_a_run_has_its_flag() {
    // 10,000 tokens in and 4,000 out for each of four agents, one after the other. They are asked for
    // together: as agents they start together or not at all.
    for (flag, value, served) in [
        ("--max-tokens", "45000", 2),
        ("--max-input-tokens", "20500", 2),
        ("--max-output-tokens", "21000", 2),
        ("--max-agents", "2", 0),
    ] {
        let place = dear();
        let (result, code) = place.many(4, &["--concurrency", "1", flag, value]);
        assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{flag} {result}");
        assert_eq!(place.server.requests(), served, "{flag}");
        let run = result["run"].as_str().unwrap().to_owned();
        let (result, _) = place.object(&["resume", &run, "--json", flag, "1000000"]);
        assert_eq!(result["state"], "done", "{flag} {result}");
        assert_eq!(place.server.requests(), 4, "{flag}");
    }
}

#[test]
fn the_cap_of_a_phase_lets_other_phases_go_on() {
    let place = dear();
    place.project.write(
        "phases.js",
        "export const meta = { name: 'phases', description: 'Two phases.' }
const both = phase => [0, 1, 2].map(i => () => agent(`${phase} ${i}`, { phase }))
return await parallel([...both('Review'), ...both('Fix')])
",
    );
    let start = [
        "run",
        "phases.js",
        "--agent",
        crate::support::MODEL,
        "--yes",
        "--json",
        "--concurrency",
        "1",
        "--phase-cap",
        "Review:agents=1",
    ];
    let (result, code) = place.object(&start);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    assert_eq!(result["pause"]["phase"], "Review", "{result}");
    assert_eq!(place.server.requests(), 3, "none of the phase, three of the other");
    let run = result["run"].as_str().unwrap().to_owned();
    let (result, _) = place.object(&["resume", &run, "--json", "--phase-cap", "Review:agents=3"]);
    assert_eq!(result["state"], "done", "{result}");
    assert_eq!(place.server.requests(), 6);
}

#[test]
fn the_cap_of_a_task_pauses_in_the_middle_of_it_and_it_goes_on_where_it_was() {
    let place = Place::new(|seen: &Seen| match seen.turns {
        turns @ 0..3 => {
            let input = serde_json::json!({ "path": format!("{turns}.txt") });
            Reply::call("read_file", input).usage(10_000, 10)
        }
        _ => Reply::text("read all").usage(10_000, 10),
    });
    for number in 0..3 {
        place.project.write(&format!("root/{number}.txt"), format!("file {number}"));
    }
    let (result, code) = place.many(1, &["--root", "root", "--task-cap", "input-tokens=25000"]);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    assert!(result["pause"]["task"].is_string(), "{result}");
    let before = place.server.requests();
    assert!((1..4).contains(&before), "{before}");
    // What was paid is told, although no agent has ended.
    let told = result["usage"]["input_tokens"].as_u64();
    assert_eq!(told, Some(10_000 * before as u64), "{result}");
    let run = result["run"].as_str().unwrap().to_owned();
    let more = ["resume", &run, "--json", "--task-cap", "input-tokens=200000"];
    let (result, _) = place.object(&more);
    assert_eq!(
        (result["state"].as_str(), &result["output"][0]),
        (Some("done"), &"read all".into())
    );
    assert_eq!(place.server.requests(), 4, "no call was made twice");
    let journal = place.project.journal(&run);
    assert_eq!(places(&journal, "asked").len(), places(&journal, "turned").len());
    assert_eq!(tasks(&journal, "completed").len(), 1);
}

#[test]
fn a_budget_of_a_script_refuses_and_does_not_pause() {
    let place = dear();
    place.project.write(
        "budget.js",
        "export const meta = { name: 'budget', description: 'Spends all it has.' }
const results = []
while (budget.remaining() > 0) results.push(await agent(`Task ${results.length}.`))
return results.length
",
    );
    let (result, code) = place.object(&[
        "run",
        "budget.js",
        "--agent",
        crate::support::MODEL,
        "--yes",
        "--json",
        "--budget",
        "10000",
    ]);
    assert_eq!((result["state"].as_str(), code), (Some("done"), 0), "{result}");
    assert_eq!(result["output"], 3, "4,000 a call: the third one passes 10,000");
}
