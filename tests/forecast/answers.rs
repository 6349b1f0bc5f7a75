//! What models answered: numbers of findings, rounds and attempts as such tasks have them.

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::provider;

/// The answer to a task of one of the workflows.
pub fn answer(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    provider::reply(seen, &asked, structured(&asked))
}

/// A result with a shape, where the task asks for one.
fn structured(asked: &str) -> Option<Value> {
    let begins = |words: &str| asked.starts_with(words);
    let has = |words: &str| asked.contains(words);
    let finding =
        |title: &str, line: u32| json!({ "title": title, "file": "src/export.rs", "line": line });
    Some(match asked {
        _ if begins("Find bugs in the change") => json!({ "findings": [
            finding("off by one at the week's end", 40), finding("the zone is ignored", 52),
            finding("an error is swallowed", 71), finding("the cache is never cleared", 90),
        ] }),
        _ if begins("Find performance") => {
            json!({ "findings": [finding("a query per row", 12), finding("the file is read twice", 33)] })
        }
        _ if begins("Find security") => {
            json!({ "findings": [finding("the path is not checked", 18)] })
        }
        _ if begins("Try to refute") => {
            json!({ "real": !has("twice"), "why": "The lines say so." })
        }
        _ if begins("Round 1") && has("front") => json!({ "bugs": [
            { "file": "web/list.ts", "what": "the list flickers" },
            { "file": "web/form.ts", "what": "the date is lost" },
            { "file": "web/nav.ts", "what": "back goes nowhere" },
        ] }),
        _ if begins("Round 1") => json!({ "bugs": [
            { "file": "api/list.rs", "what": "the last page is empty" },
            { "file": "web/form.ts", "what": "the date is lost" },
        ] }),
        _ if begins("Round 2") && has("front") => {
            json!({ "bugs": [{ "file": "web/modal.ts", "what": "escape does nothing" }] })
        }
        _ if begins("Round 2") => {
            json!({ "bugs": [{ "file": "api/list.rs", "what": "the last page is empty" }] })
        }
        _ if begins("Round") => json!({ "bugs": [] }),
        _ if begins("Plan the sections") => {
            json!({ "sections": ["Before you begin", "Build", "Ship", "Watch", "Roll back"] })
        }
        _ if begins("Which areas") => json!({ "areas": ["accounts", "billing", "reports"] }),
        _ if begins("What is open") => {
            let count = [("accounts", 3), ("billing", 2), ("reports", 4)];
            let count = count.iter().find(|(area, _)| has(area)).map_or(0, |(_, count)| *count);
            let questions: Vec<String> = (1..=count).map(|n| format!("question {n}")).collect();
            json!({ "questions": questions })
        }
        _ if begins("Check the page") => {
            let bad = has("install.md") || has("api.md");
            json!({ "ok": !bad, "problems": if bad { json!(["a dead link"]) } else { json!([]) } })
        }
        _ if begins("As the") => {
            // All designs read the same here: judges differ by who they are.
            let by = [("user", 7), ("operator", 8), ("author", 6)];
            let score = by.iter().find(|(who, _)| has(who)).map_or(5, |(_, score)| *score);
            json!({ "score": score, "why": "It fits." })
        }
        _ if begins("Check the parser") => json!({ "passed": true }),
        _ if begins("Check the printer") => {
            json!({ "passed": has("attempt 3"), "complaint": "a test fails" })
        }
        _ if begins("Check the cache") => {
            json!({ "passed": has("attempt 2"), "complaint": "it leaks" })
        }
        _ if begins("Triage") => {
            json!({ "severity": "normal", "why": "There is a way around it." })
        }
        _ if begins("Look for the cause") => {
            json!({ "leads": ["the clock", "the week's first day"] })
        }
        _ if begins("What is the") => json!({ "answer": "as agreed", "confident": !has("owner") }),
        _ => return None,
    })
}
