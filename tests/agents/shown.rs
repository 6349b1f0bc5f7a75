//! What people see of agents: conversations, costs, pauses, and what they can do about them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use baton_test_llm::{Fault, Hold, Refusal, Reply, Seen};
use baton_test_support::until;
use serde_json::{Value, json};

use crate::support::{MODEL, Place};

const FLOW: &str =
    "export const meta = { name: 'flow', description: 'Reads.', phases: [{ title: 'Read' }] }
phase('Read')
return await agent('What does a.txt say?', { label: 'reader' })
";

/// An agent that reads a file, and hands in what it says.
fn reader(hold: Option<Hold>) -> Place {
    let place = Place::new(move |seen: &Seen| match seen.turns {
        0 => Reply::text("Let me \x1b[31mlook.")
            .and_thinking("It asks for a file.")
            .and_call("read_file", json!({ "path": "a.txt" }))
            .usage(1_200, 40),
        _ => {
            let handed_in = json!({ "summary": "It greets.", "output": "hello" });
            let reply = Reply::call("submit", handed_in).usage(1_400, 30).cached(1_000, 0);
            match &hold {
                Some(hold) => reply.held(hold),
                None => reply,
            }
        }
    });
    place.project.write("flow.js", FLOW);
    place.project.write("root/a.txt", "hello\nfrom a file\n");
    place
}

const RUN: [&str; 7] = ["run", "flow.js", "--root", "root", "--agent", MODEL, "--yes"];

fn text(place: &Place, arguments: &[&str]) -> String {
    let output = place.output(arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(place: &Place, arguments: &[&str]) -> Vec<Value> {
    text(place, arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is not next in:\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

/// What a process says from now to its end, with its exit code.
fn ended(mut child: Child) -> (String, String, i32) {
    let (mut out, mut err) = (String::new(), String::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut out).unwrap();
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut err).unwrap();
    }
    (out, err, child.wait().unwrap().code().unwrap())
}

#[test]
fn the_conversation_and_its_cost_are_shown_and_exported() {
    let place = reader(None);
    assert_eq!(text(&place, &RUN), "hello\n");

    let shown = text(&place, &["show", "last/1"]);
    in_order(
        &shown,
        &[
            "used       1 agent · 2.6k in (1.0k cached) · 70 out · $",
            "▸ attempt 1\n",
            "● call 1  anthropic:claude-haiku-4-5  1.2k in · 40 out · $",
            "system ",
            "tools ",
            "user       What does a.txt say?",
            "assistant  Let me [31mlook.",
            "thinking   It asks for a file.",
            r#"calls      read_file {"path":"a.txt"}"#,
            "● call 2  anthropic:claude-haiku-4-5  1.4k in (1.0k cached) · 30 out · $",
            "result     read_file: ",
            "calls      submit {",
            "summary    It greets.",
            "output     \"hello\"",
        ],
    );
    assert!(!shown.contains('\x1b'), "{shown:?}");
    assert!(shown.contains("shown by --full"), "{shown}");
    assert!(!text(&place, &["show", "last/1", "--full"]).contains("shown by --full"));

    let all = lines(&place, &["show", "last/1", "--transcript", "jsonl"]);
    let kinds: Vec<&str> = all.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "task",
            "attempt",
            "call",
            "system",
            "message",
            "message",
            "message",
            "tool-call",
            "usage",
            "call",
            "tool-result",
            "tool-call",
            "usage",
            "ended"
        ],
    );
    let cost = |line: &Value| line["usage"]["cost_usd"].as_f64().unwrap();
    let calls: f64 = all.iter().filter(|line| line["type"] == "usage").map(cost).sum();
    assert!(calls > 0.0 && (calls - cost(all.last().unwrap())).abs() < 1e-9, "{calls}");
    assert_eq!(all[7]["input"], json!({ "path": "a.txt" }));
    assert_eq!(lines(&place, &["show", "last", "--transcript", "jsonl"]).len() - all.len(), 1);

    let markdown = text(&place, &["show", "last/1", "--transcript", "md"]);
    in_order(&markdown, &["# run_", "### Call 1: ", "**Calls read\\_file**", "## Result"]);
    let refused = place.output(&["show", "last", "--transcript", "md"]);
    assert_eq!(refused.status.code(), Some(2));

    let run = place.project.object(&["show", "last", "--json"]);
    let totals = &run["totals"];
    assert_eq!(totals["models"][0]["backend"], MODEL);
    assert_eq!(totals["models"][0]["calls"], 2);
    assert_eq!(totals["phases"][0]["phase"], "Read");
    for part in ["metered", "estimated", "claimed"] {
        let expected = if part == "metered" { cost(&run) } else { 0.0 };
        assert!((totals[part]["cost_usd"].as_f64().unwrap() - expected).abs() < 1e-9, "{totals}");
    }
    assert_eq!(run["usage"]["input_tokens"], 2_600);
    let shown = text(&place, &["show", "last"]);
    in_order(&shown, &["known by   metered: 2.6k in", "phase      Read: ", "2 calls, 2.6k in"]);
}

#[test]
fn those_who_follow_see_what_is_said_while_it_goes_on() {
    let hold = Hold::default();
    let place = reader(Some(hold.clone()));
    let run = place.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the second call", || place.server.requests() == 2);
    let mut follower =
        place.command(&["show", "-f", "last/1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(follower.stdout.take().unwrap()).lines().map(Result::unwrap);
    let seen: Vec<String> = said.by_ref().take_while(|line| !line.contains("call 2 of ")).collect();
    assert!(seen.iter().any(|line| line.contains("Let me [31mlook.")), "{seen:?}");
    // What the call may cost is held back, and shown.
    let shown = text(&place, &["show", "last/1"]);
    assert!(shown.contains("the call under way takes up to "), "{shown}");
    assert!(text(&place, &["ls"]).contains("1.2k tokens"), "tokens count as soon as a call ends");
    hold.release();
    let rest: Vec<String> = said.collect();
    assert!(rest.iter().any(|line| line.contains("calls      submit")), "{rest:?}");
    assert!(rest.last().unwrap().contains("ended · It greets."), "{rest:?}");
    assert!(follower.wait().unwrap().success(), "it ends with the task");
    assert_eq!(ended(run).2, 0);
}

#[test]
fn the_flag_that_a_pause_names_suffices_for_the_next_call() {
    let place = reader(None);
    let mut arguments = RUN.to_vec();
    arguments.extend(["--json", "--max-cost", "0.01"]);
    let (mut result, mut code) = place.object(&arguments);
    let mut told = 0;
    while code == 4 {
        told += 1;
        assert!(told <= 3, "{result}");
        let pause = &result["pause"];
        assert_eq!((&pause["reason"], &pause["cap"]), (&json!("cap"), &json!("cost")), "{result}");
        let hint = result["error"]["hint"].as_str().unwrap();
        let flag = pause["flag"].as_str().unwrap().to_owned();
        assert!(hint.contains(&flag), "{hint}");
        let run = result["run"].as_str().unwrap().to_owned();
        assert_eq!(place.project.object(&["show", &run, "--json"])["pause"], *pause);
        let shown = text(&place, &["show", &run]);
        in_order(&shown, &["paused ", "the cap on cost is reached", "the next call takes up to $"]);
        let before = place.server.requests();
        let (name, value) = flag.split_once(' ').unwrap();
        (result, code) = place.object(&["resume", &run, "--json", name, value]);
        assert!(place.server.requests() > before, "it made room for a call");
    }
    assert_eq!((code, &result["output"]), (0, &json!("hello")), "{result}");
    assert!(told > 0, "the cap was never reached");
}

#[test]
fn a_run_that_waits_for_a_provider_is_told_to_ask_again() {
    let over = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&over);
    let place = Place::new(move |_: &Seen| {
        if mended.load(Ordering::SeqCst) {
            return Reply::text("done").usage(10, 1);
        }
        Reply::fault(Fault::Refuses(Refusal::RateLimited)).header("retry-after", "3000")
    });
    let waiting = place
        .command(&["run", "many.js", "--args-json", "3", "--agent", MODEL, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let paused = || {
        let output = place.project.output(&["ls", "--json"]);
        let shown = String::from_utf8(output.stdout).unwrap();
        let row: Value = serde_json::from_str(shown.lines().next()?).unwrap();
        (row["state"] == "paused").then_some(row)
    };
    until("the pause", || paused().is_some());
    let row = paused().unwrap();
    assert_eq!((&row["owned"], &row["pause"]["provider"]), (&json!(true), &json!("anthropic")));
    assert_eq!(
        (&row["pause"]["outage"], &row["paused"]),
        (&json!("quota"), &json!("quota: anthropic"))
    );
    assert!(row["pause"]["until"].is_string(), "{row}");
    let head = text(&place, &["tree", "last"]);
    assert!(head.lines().next().unwrap().contains("anthropic: quota until "), "{head}");

    // It cannot be given caps from here, and it finds the provider as it was.
    let refused = place.output(&["resume", "last", "--max-cost", "1"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let asked = place.output(&["resume", "last"]);
    let told = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(4), "{told}");
    in_order(&told, &["error[B0042]: run_", "the quota of anthropic is used up, until ", "(in "]);

    over.store(true, Ordering::SeqCst);
    let asked = place.output(&["resume", "last"]);
    let told = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(0), "{told}");
    assert!(told.contains("goes on in the process that drives it"), "{told}");
    let (_, told, code) = ended(waiting);
    assert_eq!(code, 0, "{told}");
    in_order(
        &told,
        &[
            " waits: anthropic: quota",
            "‖ paused: anthropic: quota until ",
            "; it goes on by itself then, Ctrl-C leaves it paused",
            "▸ resumed by tester",
        ],
    );
    assert_eq!(told.matches(" waits: anthropic").count(), 2, "once for each outage:\n{told}");
}
