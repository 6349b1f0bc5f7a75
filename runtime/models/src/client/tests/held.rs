//! What a client holds to: nobody waits in vain, calls do not mix, keys stay secret, limits hold.

use std::sync::Arc;
use std::time::Duration;

use baton_core::model::Api;
use baton_test_llm::{Api as Fake, FakeLlm, Fault, Hold, Reply};
use serde_json::json;

use super::{KEY, ask, client, definition, fake, line, request, said};
use crate::api::{Activity, CallContext, ModelApi};
use crate::carrier::Carrier;
use crate::client::ModelClient;
use crate::error::Trouble;
use crate::key::{self, KeySource};
use crate::message::{Message, ModelRequest};
use crate::options::ClientOptions;
use crate::tokens;

#[tokio::test]
async fn nobody_waits_for_what_is_not_wanted() {
    for api in Api::ALL {
        let hold = Hold::default();
        let held = hold.clone();
        let server = FakeLlm::start(move |_| Reply::text("late").held(&held)).await.unwrap();
        let client = client(api, &server);
        let mut line = line();
        let request = request();
        let (answer, ()) = tokio::join!(client.complete(&request, &line.context), async {
            assert_eq!(line.activity.recv().await, Some(Activity::Sent));
            while server.requests() == 0 {
                tokio::task::yield_now().await;
            }
            line.cancel.send(true).unwrap();
        });
        let error = answer.unwrap_err();
        assert_eq!(error.trouble, Trouble::Cancelled, "{api:?}");
        assert_eq!(error.usage.unwrap().input, tokens::estimate(&request), "{api:?}");
        // Not wanted from the start: not even sent.
        let error = client.complete(&request, &line.context).await.unwrap_err();
        assert_eq!((error.trouble, error.usage), (Trouble::Cancelled, None), "{api:?}");
        assert_eq!(server.requests(), 1, "{api:?}");
    }
}

#[tokio::test]
async fn a_dropped_request_is_given_up() {
    let hold = Hold::default();
    let held = hold.clone();
    let server = FakeLlm::start(move |_| Reply::text("late").held(&held)).await.unwrap();
    let client = client(Api::Anthropic, &server);
    let (line, request) = (line(), request());
    tokio::select! {
        _ = client.complete(&request, &line.context) => panic!("it was held"),
        () = async {
            while server.now() == 0 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    while server.gone() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn many_at_once_do_not_mix() {
    let server =
        FakeLlm::start(|seen| Reply::text(format!("heard {}", seen.last()))).await.unwrap();
    let client = client(Api::OpenaiChat, &server);
    let asked = (0..100).map(|number| {
        let client = client.clone();
        async move {
            let messages = vec![Message::User(format!("number {number}."))];
            let request = ModelRequest { messages, ..request() };
            let answer = client.complete(&request, &line().context).await.unwrap();
            assert_eq!(said(&answer.parts), format!("heard number {number}."));
        }
    });
    futures::future::join_all(asked).await;
    assert_eq!(server.requests(), 100);
}

#[tokio::test]
async fn keys_are_asked_for_and_told_to_nobody() {
    let request = request();
    let server = FakeLlm::start(|_| Reply::text("x")).await.unwrap();
    let base = server.base_url(Fake::Anthropic);
    let with = |key: Option<KeySource>| {
        let definition = definition(Api::Anthropic, base.clone());
        ModelClient::new(Carrier::new(), "acme", &definition, key, ClientOptions::default())
            .unwrap()
    };
    let none: KeySource = Arc::new(|| Box::pin(async { Err("ACME_KEY is not set.".to_owned()) }));
    for key in [none, key::fixed("line\nbreak")] {
        let error = with(Some(key)).complete(&request, &line().context).await.unwrap_err();
        assert_eq!((error.trouble, error.code, error.usage), (Trouble::Auth, "no-key", None));
        assert!(!error.message.contains("line\nbreak"));
    }
    assert_eq!(server.requests(), 0);
    with(None).complete(&request, &line().context).await.unwrap();
    assert_eq!(server.log()[0].header("x-api-key"), None);
    let client = with(Some(key::fixed(KEY)));
    assert!(!format!("{client:?}").contains(KEY));

    // A provider that repeats the key in what it complains of.
    for api in Api::ALL {
        for status in [400, 401, 403, 429, 500] {
            for before in ["bad key ", &"x".repeat(290), &"x".repeat(280)] {
                let body = json!({"error": {"message": format!("{before}{KEY}"), "type": "x"}});
                let fault = Fault::Raw {
                    status,
                    media_type: "application/json".to_owned(),
                    body: body.to_string(),
                };
                let (answer, _) = ask(api, Reply::fault(fault), &request).await;
                let error = answer.unwrap_err();
                assert!(!format!("{error:?}").contains("canary"), "{api:?} {status}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn limits_hold() {
    let server = FakeLlm::start(|_| Reply::text("x".repeat(100_000))).await.unwrap();
    for (answer_bytes_max, event_bytes_max, code) in
        [(50_000, 1 << 20, "answer-too-large"), (1 << 20, 60, "event-too-large")]
    {
        for api in Api::ALL {
            let options =
                ClientOptions { answer_bytes_max, event_bytes_max, ..ClientOptions::default() };
            let definition = definition(api, server.base_url(fake(api)));
            let client =
                ModelClient::new(Carrier::new(), "acme", &definition, None, options).unwrap();
            let error = client.complete(&request(), &line().context).await.unwrap_err();
            assert_eq!((error.trouble, error.code), (Trouble::Permanent, code), "{api:?}");
            assert!(error.usage.is_some(), "{api:?}");
        }
    }
}

#[tokio::test]
async fn time_is_up() {
    let server = FakeLlm::start(|_| Reply::fault(Fault::SilentAfterHeaders)).await.unwrap();
    let short = Duration::from_millis(50);
    for api in Api::ALL {
        for (deadline, silence, code) in [
            (short, Duration::from_secs(60), "deadline"),
            (Duration::from_secs(60), short, "silent"),
        ] {
            let context = CallContext { deadline, silence, ..line().context };
            let error = client(api, &server).complete(&request(), &context).await.unwrap_err();
            assert_eq!((error.trouble, error.code), (Trouble::Retryable, code), "{api:?}");
        }
    }
}
