//! Sessions of the real agents: messages in them, and their life after that of Baton.

use baton_test_llm::{Hold, Reply, Seen};
use baton_test_support::{kill_9, once, until};
use serde_json::{Value, json};

use crate::support::{Yard, task};
use crate::{claude, codex};

/// Answers with how often the model has answered before; the first time when it is let go.
fn counted(hold: Hold) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    move |seen| match seen.tools.is_empty() {
        true => Reply::text("{\"title\":\"x\"}"),
        false => Reply::text(format!("answer {}", seen.turns + 1)).usage(100, 10).held(&hold),
    }
}

/// Looks at a file first; then answers when it is let go. What an agent did before it was killed is what it
/// can remember: one that never had an answer has nothing to go on with.
fn worked(look: Reply, hold: Hold) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    move |seen| match (seen.tools.is_empty(), seen.results) {
        (true, _) => Reply::text("{\"title\":\"x\"}"),
        (false, 0) => look.clone().usage(100, 10),
        (false, _) => Reply::text("The word is gnat.").usage(100, 10).held(&hold),
    }
}

/// The run, once a record of a kind is in its journal.
fn recorded(yard: &Yard, kind: &str) -> String {
    once(kind, || {
        let (rows, _) = yard.says(&["ls", "--json"]);
        let run = rows.first()?["run"].as_str()?.to_owned();
        let (journal, _) = yard.says(&["journal", &run, "--json"]);
        journal.iter().any(|record| record["kind"] == kind).then_some(run)
    })
}

/// The conversation of the last request that was no aside.
fn last(yard: &Yard) -> String {
    let log = yard.server.log();
    log.iter().rev().find(|seen| !seen.tools.is_empty()).map(Seen::prompt).unwrap_or_default()
}

fn asked(yard: &Yard) -> usize {
    yard.server.log().iter().filter(|seen| !seen.tools.is_empty()).count()
}

/// The agents.
const AGENTS: [&str; 2] = ["claude", "codex"];

/// An agent that is installed, and the hold of its answers.
struct Case {
    agent: &'static str,
    hold: Hold,
    yard: Yard,
    input: Value,
}

/// An agent, if it is installed, with answers that follow from how it looks at a file.
fn case<A>(agent: &'static str, answers: impl Fn(Reply, Hold) -> A) -> Option<Case>
where
    A: Fn(&Seen) -> Reply + Send + Sync + 'static,
{
    let (hold, input) = (Hold::default(), task("Find the gnat."));
    let look = |name: &str, input| answers(Reply::call(name, input), hold.clone());
    let (yard, input) = match agent {
        "claude" => (claude::answered(look("Read", json!({ "file_path": "README.md" })))?, input),
        _ => {
            let answer = look("exec_command", json!({ "cmd": "cat README.md" }));
            (codex::yard(agent, answer)?, codex::with_model(input))
        }
    };
    Some(Case { agent, hold, yard, input })
}

#[test]
fn a_session_is_gone_on_with_after_the_process_was_killed() {
    for Case { agent, hold, yard, input } in
        AGENTS.into_iter().filter_map(|agent| case(agent, worked))
    {
        let child = yard.start(agent, &input);
        let run = recorded(&yard, "session");
        until("it has looked", || asked(&yard) > 1);
        kill_9(child);
        hold.release();
        let (result, told) = yard.says(&["resume", &run, "--yes", "--plain", "--json"]);
        assert_eq!(result[0]["state"], "done", "{agent}: {result:?} {told}");
        let (journal, _) = yard.says(&["journal", &run, "--json"]);
        let log: String = journal.iter().map(|record| format!("{record}\n")).collect();
        assert!(log.contains("goes on with its session"), "{agent}: {log}");
        assert!(!log.contains("begins anew"), "{agent}: {log}");
        let said = last(&yard);
        assert!(said.contains("Find the gnat."), "{agent}: it remembers its task: {said}");
        assert!(said.contains("The work was interrupted"), "{agent}: {said}");
    }
}

#[test]
fn a_message_is_heard_in_the_same_session_before_the_result_is_taken() {
    let answers = |_: Reply, hold: Hold| counted(hold);
    for Case { agent, hold, yard, input } in
        AGENTS.into_iter().filter_map(|agent| case(agent, answers))
    {
        let child = yard.start(agent, &input);
        let run = recorded(&yard, "session");
        until("the model is asked", || asked(&yard) > 0);
        let (told, _) = yard.says(&["send", &format!("{run}/1"), "Look for a wasp.", "--json"]);
        assert_eq!(told[0]["outcome"], json!("obeyed"), "{agent}: {told:?}");
        hold.release();
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        let result: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{agent}: {error}: {words}"));
        assert_eq!(result["output"], "answer 2", "{agent}: {result} {words}");
        let said = last(&yard);
        for part in ["Find the gnat.", "answer 1", "Look for a wasp."] {
            assert!(said.contains(part), "{agent}: no {part} in {said}");
        }
        recorded(&yard, "heard");
    }
}
