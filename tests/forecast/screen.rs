//! What a forecast says to people: on the screen, and after the run.

use baton_test_support::Terminal;
use serde_json::json;

use crate::answers::answer;
use crate::place::{MODEL, Place};

/// A command on a terminal of its own, with more in its environment.
fn on_terminal(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let mut command = place.command(arguments);
    Terminal::start(command.envs(environment.iter().copied()).env("TERM", "dumb"), (160, 50))
}

fn place() -> Place {
    let place = Place::new(&[], answer);
    place.project.write("flow.js", include_str!("flows/fan-out.js"));
    place
}

#[test]
fn a_run_is_held_against_its_forecast() {
    let place = place();
    let flags = ["run", "flow.js", "--agent", MODEL, "--yes", "--max-agents", "7"];
    let plain = place.object(&[&flags[..], &["--json"]].concat());
    assert!(plain.get("forecast").is_none(), "with --yes there is none: {plain}");
    let report = place.object(&[&flags[..], &["--json", "--forecast"]].concat());
    assert_eq!(
        report["forecast"]["agents"],
        json!({ "low": 7, "likely": 7, "high": 7 }),
        "{report}"
    );
    assert_eq!(report["forecast"]["basis"]["runs"], 1);
    let run = report["run"].as_str().unwrap();
    let shown = place.object(&["show", run, "--json"]);
    assert_eq!(shown["forecast"], report["forecast"]);
    let text = place.text(&["show", run]);
    assert!(text.contains("7 agents (forecast 7)"), "{text}");
    let text = place.text(&[&flags[..], &["--forecast", "--plain"]].concat());
    assert!(text.contains("Forecast") && text.contains("7 agents (forecast 7)"), "{text}");
}

#[test]
fn a_plan_says_what_it_will_come_to_and_which_cap_stops_it() {
    let place = place();
    let text = place.text(&["plan", "flow.js", "--agent", MODEL, "--max-agents", "5"]);
    let lines = [
        "Six reviewers, one summary.",
        "phases Review → Summary",
        "· 7 agents",
        "Review: 6 agents",
        "from 8 dry runs with made-up answers; tokens of prompts by o200k_base",
        "it will pass the cap of 5 agents (7)",
    ];
    for line in lines {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(place.server.requests(), 0);
    assert!(!place.project.path("home/journal.db").exists());
}

const QUESTION: &str = "Grant this and start?";

/// A script that can read, so that its forecast is not made unasked.
const READER: &str =
    "export const meta = { name: 'reader', description: 'Reads.', baton: { read: ['**'] } }
const pages = await baton.glob('**/*.md')
return await parallel(pages.map((page) => () => agent(`Read ${page}`)))
";

#[test]
fn before_a_run_a_person_sees_the_forecast_the_source_and_other_caps() {
    let place = place();
    place.project.write("root/a.md", "# A\n");
    place.project.write("reader.js", READER);
    let arguments = [
        "run",
        "reader.js",
        "--agent",
        MODEL,
        "--extensions",
        "--root",
        "root",
        "--max-agents",
        "9",
    ];
    let mut terminal = on_terminal(&place, &arguments, &[("PAGER", "sed s/^/paged:/")]);
    terminal.writes("f = forecast", 1);
    assert!(!terminal.text().contains("from 8 dry runs"), "nobody let it read yet");
    terminal.enters("f");
    terminal.writes(QUESTION, 2);
    let told = terminal.text();
    assert!(told.contains("from 8 dry runs") && told.contains("1 agent"), "{told}");
    terminal.enters("s");
    terminal.writes("paged:return await parallel", 1);
    terminal.writes(QUESTION, 3);
    terminal.enters("c");
    terminal.writes("caps as flags", 1);
    terminal.enters("--max-agents 0x");
    terminal.writes("invalid value", 1);
    terminal.writes(QUESTION, 4);
    terminal.enters("c");
    terminal.writes("caps as flags", 2);
    terminal.enters("--max-agents 3 --max-cost 2");
    terminal.writes("3 agents, $2.00", 1);
    terminal.writes(QUESTION, 5);
    terminal.enters("y");
    let (code, text) = terminal.says();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 agent (forecast 1)"), "{text}");
    let run = place.project.last_run();
    let shown = place.object(&["show", &run, "--json"]);
    assert_eq!(shown["caps"]["agents"], 3, "{shown}");
    assert_eq!(shown["forecast"]["agents"]["high"], 1, "{shown}");
}

#[test]
fn no_answer_is_no_and_what_reads_nothing_is_forecast_at_once() {
    let place = place();
    let run = ["run", "flow.js", "--agent", MODEL];
    for answer in ["", "n"] {
        let mut terminal = on_terminal(&place, &run, &[]);
        terminal.writes(QUESTION, 1);
        assert!(terminal.text().contains("7 agents"), "{}", terminal.text());
        terminal.enters(answer);
        let (code, text) = terminal.says();
        assert_eq!(code, 3, "{answer}: {text}");
    }
    let mut terminal = on_terminal(&place, &[&run[..], &["--no-forecast"]].concat(), &[]);
    terminal.writes(QUESTION, 1);
    assert!(!terminal.text().contains("dry runs"), "{}", terminal.text());
    // The end of what a person types.
    terminal.enters("\u{4}");
    assert_eq!(terminal.says().0, 3);
    assert_eq!(place.server.requests(), 0);
}

#[test]
fn on_a_narrow_terminal_no_word_is_broken() {
    let place = place();
    let mut command = place.command(&["run", "flow.js", "--agent", MODEL]);
    let mut terminal = Terminal::start(command.env("TERM", "dumb"), (80, 50));
    terminal.writes(QUESTION, 1);
    terminal.writes("s = source]", 1);
    let told = terminal.text();
    assert!(told.lines().all(|line| line.trim_end().chars().count() <= 80), "{told}");
    let long = "from 8 dry runs with made-up answers; tokens of prompts by o200k_base";
    let words: Vec<&str> = told.split_whitespace().collect();
    assert!(words.join(" ").contains(long), "{told}");
    terminal.enters("n");
    assert_eq!(terminal.says().0, 3);
}

#[test]
fn a_plan_asks_before_it_reads() {
    let place = place();
    place.project.write("root/a.md", "# A\n");
    place.project.write("reader.js", READER);
    let arguments = ["plan", "reader.js", "--agent", MODEL, "--extensions", "--root", "root"];
    for (answer, words) in [("y", "from 8 dry runs"), ("", "no forecast: reading was not granted")]
    {
        let mut terminal = on_terminal(&place, &arguments, &[]);
        terminal.writes("in the sandbox, for a forecast?", 1);
        terminal.enters(answer);
        let (code, text) = terminal.says();
        assert!(code == 0 && text.contains(words), "{answer}: {text}");
    }
}
