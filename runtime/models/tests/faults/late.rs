//! Faults that take more than one server or more than one request.

use std::sync::Arc;
use std::time::Duration;

use baton_core::model::Api;
use baton_models::{Activity, Trouble};
use baton_test_llm::{FakeLlm, Fault, Hold, Refusal, Reply};

use super::{KEY, around, client, complete, good, is_good};

fn long() -> super::Around {
    around(Duration::from_secs(60), Duration::from_secs(60))
}

#[tokio::test]
async fn a_key_that_is_revoked_after_success() {
    for api in Api::ALL {
        let server = FakeLlm::start(|seen| match seen.number {
            1 => good(),
            _ => Reply::fault(Fault::Refuses(Refusal::Auth)),
        })
        .await
        .unwrap();
        let client = client(api, &server.url());
        assert!(is_good(&complete(&client, &long()).await.unwrap()), "{}", api.as_str());
        let error = complete(&client, &long()).await.unwrap_err();
        assert_eq!((error.trouble, error.code), (Trouble::Auth, "auth"), "{}", api.as_str());
        assert_eq!((server.requests(), error.usage), (2, None));
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed_and_nobody_else_learns_the_key() {
    for api in Api::ALL {
        let other = FakeLlm::start(|_| good()).await.unwrap();
        let place = other.url();
        let server =
            FakeLlm::start(move |_| Reply::fault(Fault::Redirect(place.clone()))).await.unwrap();
        let error = complete(&client(api, &server.url()), &long()).await.unwrap_err();
        assert_eq!((error.trouble, error.code), (Trouble::Permanent, "redirect"));
        assert!(server.saw(KEY) && server.fired("redirect") == 1);
        assert_eq!((other.connections(), server.requests()), (0, 1), "{}", api.as_str());
    }
}

#[tokio::test]
async fn an_answer_that_nobody_wants_any_more_is_charged_and_discarded() {
    for api in Api::ALL {
        let hold = Hold::default();
        let held = hold.clone();
        let server = FakeLlm::start(move |_| good().held(&held)).await.unwrap();
        let around = long();
        let client = client(api, &server.url());
        let cancelling = async {
            while server.now() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            around.cancel.send_replace(true);
        };
        let (result, ()) = tokio::join!(complete(&client, &around), cancelling);
        let error = result.unwrap_err();
        assert_eq!((error.trouble, error.code), (Trouble::Cancelled, "cancelled"));
        assert!(error.usage.is_some_and(|usage| usage.input > 0), "{}: {error:?}", api.as_str());
        hold.release();
        // The connection was given up, and nothing is asked again.
        while server.gone() + server.answered() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn what_was_not_wanted_before_it_was_sent_is_not_sent() {
    let server = FakeLlm::start(|_| good()).await.unwrap();
    let around = long();
    around.cancel.send_replace(true);
    let error = complete(&client(Api::Anthropic, &server.url()), &around).await.unwrap_err();
    assert_eq!((error.trouble, error.usage), (Trouble::Cancelled, None));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn keys_and_trace_context_go_into_their_headers_and_nowhere_else() {
    let headers = [
        ("x-api-key", KEY.to_owned()),
        ("authorization", format!("Bearer {KEY}")),
        ("authorization", format!("Bearer {KEY}")),
        ("x-goog-api-key", KEY.to_owned()),
        ("authorization", format!("Bearer {KEY}")),
    ];
    for (api, (name, value)) in Api::ALL.into_iter().zip(headers) {
        let server = FakeLlm::start(|_| good()).await.unwrap();
        let mut around = long();
        let reply = complete(&client(api, &server.url()), &around).await.unwrap();
        assert!(is_good(&reply), "{}: {reply:?}", api.as_str());
        let seen = server.log().remove(0);
        assert_eq!(seen.header(name), Some(value.as_str()), "{}", api.as_str());
        let with_key: Vec<_> =
            seen.headers.iter().filter(|(_, value)| value.contains(KEY)).collect();
        assert_eq!(with_key.len(), 1);
        assert!(!seen.path.contains(KEY) && !String::from_utf8_lossy(&seen.body).contains(KEY));
        assert!(seen.header("traceparent").unwrap().starts_with("00-0af7651916cd43dd"));
        assert_eq!((seen.model.as_str(), seen.by("user").as_str()), ("large-1", "What is it?"));
        assert_eq!(seen.by("system"), "You answer.");

        let mut told = Vec::new();
        while let Ok(activity) = around.activity.try_recv() {
            told.push(activity);
        }
        assert_eq!(told[..2], [Activity::Sent, Activity::Begun]);
        let text: String = told
            .iter()
            .filter_map(|activity| match activity {
                Activity::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(text, super::SAID, "{}", api.as_str());
    }
}

#[tokio::test]
async fn an_answer_without_usage_is_charged_by_estimate_and_marked() {
    for api in Api::ALL {
        let server = FakeLlm::start(|_| good().without_usage()).await.unwrap();
        let reply = complete(&client(api, &server.url()), &long()).await.unwrap();
        assert!(reply.estimated, "{}", api.as_str());
        assert!(reply.usage.input > 0 && reply.usage.output > 0, "{:?}", reply.usage);
    }
}

#[tokio::test]
async fn fifty_at_once_over_one_client() {
    let server = Arc::new(
        FakeLlm::start(|_| good().slow(Duration::from_millis(20), Duration::ZERO)).await.unwrap(),
    );
    let client = client(Api::Anthropic, &server.url());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        all.spawn(async move { is_good(&complete(&client, &long()).await.unwrap()) });
    }
    while let Some(good) = all.join_next().await {
        assert!(good.unwrap());
    }
    assert_eq!((server.requests(), server.answered(), server.gone()), (50, 50, 0));
}
