//! An answer that ends at any of its bytes is a whole answer or none, never a wrong one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use baton_core::model::Api;
use baton_models::{ModelReply, Part, Stop, Trouble};
use baton_test_llm::{FakeLlm, Fault, Reply};
use serde_json::json;
use tokio::task::JoinSet;

use super::{around, client, complete};

/// An answer with all that answers have: reasoning, text, a call whose input must not be half.
fn whole() -> Reply {
    Reply::text("Two words and an é.")
        .and_thinking("Hm.")
        .and_call("count", json!({"from": 1, "to": 100, "of": ["é", null]}))
        .usage(120, 9)
        .cached(100, 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_byte() {
    let mut apis = JoinSet::new();
    for api in Api::ALL {
        apis.spawn(every_byte(api));
    }
    while let Some(result) = apis.join_next().await {
        result.unwrap();
    }
}

async fn every_byte(api: Api) {
    let cut = Arc::new(AtomicUsize::new(usize::MAX));
    let at = Arc::clone(&cut);
    let server = FakeLlm::start(move |_| whole().with(Fault::Cut(at.load(Ordering::SeqCst))));
    let server = server.await.unwrap();
    let client = client(api, &server.url());
    let around = around(Duration::from_secs(60), Duration::from_secs(60));
    let expected = numbered(complete(&client, &around).await.unwrap());
    assert_eq!(expected.stop, Stop::ToolCalls, "{}", api.as_str());
    assert_eq!(expected.usage, super::usage());
    assert!(!expected.estimated);

    let (mut failed, mut bytes) = (0, 0);
    while bytes < 6_000 {
        cut.store(bytes, Ordering::SeqCst);
        match complete(&client, &around).await {
            Ok(reply) => {
                let reply = numbered(reply);
                let said = (&reply.parts, &reply.stop);
                assert_eq!(
                    said,
                    (&expected.parts, &expected.stop),
                    "{} cut at {bytes}",
                    api.as_str()
                );
                // What was consumed is what was told, or it is marked.
                assert!(
                    reply.estimated || reply.usage == expected.usage,
                    "{} cut at {bytes}: {:?}",
                    api.as_str(),
                    reply.usage
                );
            }
            Err(error) => {
                failed = bytes;
                let kind = (error.trouble, error.code);
                let known = [(Trouble::Retryable, "truncated"), (Trouble::Retryable, "malformed")];
                assert!(known.contains(&kind), "{} cut at {bytes}: {error:?}", api.as_str());
                assert!(error.usage.is_some());
            }
        }
        bytes += 1;
        // Longer than any event: nothing is left to cut.
        if bytes > failed + 1_000 {
            break;
        }
    }
    // Most of the bytes are needed.
    assert!(failed > 400, "{}: whole after {failed} bytes", api.as_str());
    assert_eq!(server.requests(), bytes + 1);
    eprintln!("| 21 | cut at {bytes} places | {} | needs {} bytes |", api.as_str(), failed + 1);
}

/// Without what differs from request to request.
fn numbered(mut reply: ModelReply) -> ModelReply {
    for part in &mut reply.parts {
        match part {
            Part::ToolCall { id, .. } => *id = "id".to_owned(),
            Part::Thinking { signature, .. } => *signature = None,
            Part::Text { .. } => {}
        }
    }
    reply
}

/// One byte of an answer is another: whatever becomes of it, it becomes something in time, and the
/// next answer is good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_another_byte_at_every_place() {
    let mut apis = JoinSet::new();
    for api in Api::ALL {
        apis.spawn(another_byte(api));
    }
    while let Some(result) = apis.join_next().await {
        result.unwrap();
    }
}

async fn another_byte(api: Api) {
    const BYTES: &[u8] = b"\"}0\n\xff[-\\ \x00,";
    let place = Arc::new(AtomicUsize::new(0));
    let at = Arc::clone(&place);
    let server = FakeLlm::start(move |_| {
        let at = at.load(Ordering::SeqCst);
        whole().with(Fault::Changed { at, byte: BYTES[at % BYTES.len()] })
    });
    let server = server.await.unwrap();
    let client = client(api, &server.url());
    let around = around(Duration::from_secs(60), Duration::from_secs(60));
    let (mut asked, mut answers) = (0, 0);
    for at in (0..2_000).step_by(7) {
        place.store(at, Ordering::SeqCst);
        asked += 1;
        match complete(&client, &around).await {
            Ok(_) => answers += 1,
            Err(error) => {
                let known = ["malformed", "truncated", "stream-error", "overloaded"];
                assert!(known.contains(&error.code), "{} at {at}: {error:?}", api.as_str());
                assert!(error.usage.is_some(), "{} at {at}: {error:?}", api.as_str());
            }
        }
    }
    assert_eq!((server.requests(), server.fired("changed")), (asked, asked));
    // Letters within texts are not noticed; whatever holds an event together is.
    assert!(answers > 0 && answers < asked, "{}: {answers} of {asked}", api.as_str());
}
