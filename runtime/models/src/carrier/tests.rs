#![allow(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use baton_core::model::Api;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::api::CallContext;

fn parcel() -> Parcel {
    let (_, cancelled) = watch::channel(false);
    let (activity, _) = mpsc::unbounded_channel();
    // Nothing listens there.
    let upstream =
        Upstream::new("http://127.0.0.1:1/", Api::Ollama, &[], Duration::from_secs(1)).unwrap();
    Parcel {
        provider: "acme".into(),
        model: "m".to_owned(),
        api: Api::Ollama,
        upstream,
        key: None,
        exchange: None,
        answer_max: 1_000,
        event_max: 1_000,
        adjust: Adjust { api: Api::Ollama, model: "m".to_owned(), orders: vec![], openai: false },
        context: CallContext {
            cancelled,
            deadline: Duration::from_secs(60),
            silence: Duration::from_secs(60),
            activity,
            traceparent: None,
        },
    }
}

fn folder(carrier: &Carrier) -> PathBuf {
    carrier.started.lock().unwrap().as_ref().unwrap()._folder.path().to_owned()
}

#[tokio::test]
async fn the_socket_is_this_users_and_goes_with_the_carrier() {
    let carrier = Carrier::new();
    let announced = carrier.announce(parcel()).unwrap();
    let folder = folder(&carrier);
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    drop((announced, carrier));
    assert!(!folder.exists());
}

#[tokio::test]
async fn an_exchange_is_carried_once_and_only_if_it_was_announced() {
    let carrier = Carrier::new();
    let mut announced = carrier.announce(parcel()).unwrap();
    let post = |url: String| announced.client.post(url).body("{}").send();
    for url in ["http://carrier/", "http://carrier/0/", "http://carrier/0-0000000000000000/"] {
        assert_eq!(post(url.to_owned()).await.unwrap().status(), 404, "{url}");
    }
    assert!(announced.unclaimed());
    assert_eq!(post(announced.url()).await.unwrap().status(), 502);
    assert!(!announced.unclaimed());
    let outcome = (&mut announced.outcome).await.unwrap();
    assert_eq!(outcome.result.unwrap_err().code, "unreachable");
    assert!(!outcome.served);
    assert_eq!(post(announced.url()).await.unwrap().status(), 404);
}

#[tokio::test]
async fn what_nobody_waits_for_is_forgotten() {
    let carrier = Carrier::new();
    let announced = carrier.announce(parcel()).unwrap();
    let (client, url) = (announced.client.clone(), announced.url());
    drop(announced);
    assert_eq!(client.post(url).body("{}").send().await.unwrap().status(), 404);
    assert!(carrier.waiting.with(|waiting| waiting.is_empty()));
}

#[tokio::test]
async fn a_request_has_a_limit() {
    let carrier = Carrier::new();
    let mut announced = carrier.announce(parcel()).unwrap();
    let body = vec![b' '; serve::REQUEST_MAX + 1];
    let _ = announced.client.post(announced.url()).body(body).send().await;
    let outcome = (&mut announced.outcome).await.unwrap();
    assert_eq!(outcome.result.unwrap_err().code, "too-large");
}

#[test]
fn a_carrier_outlives_runtimes() {
    let carrier = Carrier::new();
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let announced = carrier.announce(parcel()).unwrap();
            let answer = announced.client.post(announced.url()).body("{}").send().await.unwrap();
            assert_eq!(answer.status(), 502);
        });
    }
}
