//! Plays the faults.

use std::fmt::Write as _;

use baton_core::model::Api;
use baton_models::{ModelError, ModelReply};
use baton_test_llm::{FakeLlm, Refusing, TlsGarbage, TlsUntrusted, UNRESOLVABLE};

use super::cases::{self, Case, End, Fails, Who};
use super::{KEY, SAID, around, client, complete, is_good};

#[tokio::test]
async fn connections_and_bytes() {
    all(cases::transport()).await;
}

#[tokio::test]
async fn refusals() {
    all(cases::refusals()).await;
}

#[tokio::test]
async fn answers() {
    all(cases::answers()).await;
}

/// Every case with every protocol. All that went wrong is told at once; each line of what is
/// printed is one of a table.
async fn all(cases: Vec<Case>) {
    let mut wrong = String::new();
    for case in cases {
        let mut row = format!("| {} | {} |", case.number, case.what);
        let [one, two, three, four, five] = Api::ALL;
        let outcomes = tokio::join!(
            play(&case, one),
            play(&case, two),
            play(&case, three),
            play(&case, four),
            play(&case, five),
        );
        for (api, outcome) in
            Api::ALL.into_iter().zip([outcomes.0, outcomes.1, outcomes.2, outcomes.3, outcomes.4])
        {
            match outcome {
                Ok(said) => {
                    let _ = write!(row, " {said} |");
                }
                Err(what) => {
                    let _ = writeln!(
                        wrong,
                        "{} ({}), {}: {what}",
                        case.number,
                        case.what,
                        api.as_str()
                    );
                }
            }
        }
        eprintln!("{row}");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What it came to, or what was wrong with that.
async fn play(case: &Case, api: Api) -> Result<String, String> {
    let expected = (case.end)(api);
    let ask = async |url: &str| {
        complete(&client(api, url), &around(case.deadline(), case.silence())).await
    };
    let result = match &case.who {
        Who::Plays(reply) => {
            let reply = reply();
            let fault = reply.fault.as_ref().map_or("", baton_test_llm::Fault::name);
            let played = reply.clone();
            let server = FakeLlm::start(move |_| played.clone()).await.unwrap();
            let result = ask(&server.url()).await;
            // What was sent may be read after its sender gave up.
            while server.requests() == 0 || server.fired(fault) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            // Whoever sends again does it soon.
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            if (server.requests(), server.fired(fault)) != (1, 1) {
                return Err(format!(
                    "{} requests, {} faults",
                    server.requests(),
                    server.fired(fault)
                ));
            }
            if fault == "huge" && server.answered() > 0 {
                return Err("all of it was taken".to_owned());
            }
            result
        }
        Who::Refusing => ask(&Refusing::start().unwrap().url()).await,
        Who::Unresolvable => ask(UNRESOLVABLE).await,
        Who::TlsGarbage => {
            let server = TlsGarbage::start().await.unwrap();
            let result = ask(&server.url()).await;
            if server.connections() != 1 {
                return Err(format!("{} connections", server.connections()));
            }
            result
        }
        Who::TlsUntrusted => {
            let server = TlsUntrusted::start().await.unwrap();
            let result = ask(&server.url()).await;
            if (server.connections(), server.trusted()) != (1, 0) {
                return Err(format!("{} connections", server.connections()));
            }
            result
        }
    };
    check(expected, &result)
}

fn check(expected: End, result: &Result<ModelReply, ModelError>) -> Result<String, String> {
    match (expected, result) {
        (End::Good, Ok(reply)) if is_good(reply) => Ok("the answer, charged once".to_owned()),
        (End::Fails(fails), Err(error)) => {
            let wrong = what_is_wrong(&fails, error);
            if wrong.is_empty() { Ok(told(error)) } else { Err(format!("{wrong}: {error:?}")) }
        }
        _ => Err(format!("{result:?}")),
    }
}

fn what_is_wrong(fails: &Fails, error: &ModelError) -> String {
    let mut wrong = Vec::new();
    if (error.trouble, error.code) != (fails.trouble, fails.code) {
        wrong.push("kind");
    }
    let wait = match (fails.waits(), error.after_ms) {
        (None, None) => true,
        (Some(range), Some(after)) => range.contains(&after),
        _ => false,
    };
    if !wait {
        wrong.push("wait");
    }
    // What was sent costs something, and not nothing.
    let charged = error.usage.is_some_and(|usage| usage.input > 0);
    if charged != fails.charged || error.usage.is_some() != fails.charged {
        wrong.push("charge");
    }
    let partial = &error.partial;
    // Of an answer that is too large, the beginning is evidence enough.
    let is_part = SAID.starts_with(partial.as_str()) || partial.starts_with("lorem");
    if (fails.partial && partial.is_empty()) || partial.len() > 64 << 10 {
        wrong.push("evidence");
    }
    if !is_part && !partial.starts_with("word ") && error.code != "malformed" {
        wrong.push("wrong evidence");
    }
    if !error.message.contains(fails.says) {
        wrong.push("message");
    }
    if error.message.contains('<') || error.message.len() > 600 {
        wrong.push("words of a page");
    }
    if format!("{error:?}").contains(KEY) {
        wrong.push("key in the error");
    }
    wrong.join(", ")
}

fn told(error: &ModelError) -> String {
    let mut told = format!("{:?} `{}`", error.trouble, error.code);
    if let Some(after) = error.after_ms {
        let _ = write!(told, " after {after} ms");
    }
    if error.usage.is_some() {
        told.push_str(", estimated charge");
    }
    if !error.partial.is_empty() {
        told.push_str(", partial text kept");
    }
    told
}
