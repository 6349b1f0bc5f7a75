//! Recorded exchanges through the client that makes them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use baton_core::model::{Api, Models};
use baton_core::record::BackendChoice;
use baton_models::key::fixed;
use baton_models::recorded::{Recorder, Recording, Redact};
use baton_models::{
    Carrier, ClientOptions, Message, ModelApi as _, ModelClient, ModelError, ModelReply,
    ModelRequest, Trouble,
};
use baton_test_llm::{FakeLlm, Fault, Refusal, Reply};
use serde_json::json;

use super::{KEY, around, definition, good, is_good, request};

fn plain() -> Redact {
    Arc::new(str::to_owned)
}

fn models(api: Api, url: &str) -> Models {
    let mut models = Models::default();
    models.providers.insert("acme".to_owned(), definition(api, url));
    models
}

fn recording(api: Api, url: &str, directory: &Path) -> (ModelClient, Arc<Recorder>) {
    let backends =
        BackendChoice { all: Some("acme:large-1".to_owned()), ..BackendChoice::default() };
    Recording::create(directory, &models(api, url), &backends).unwrap();
    let recorder = Arc::new(Recorder::open(directory, plain()).unwrap());
    let options = ClientOptions { exchange: Some(recorder.clone()), ..ClientOptions::default() };
    let key = Some(fixed(KEY));
    let client =
        ModelClient::new(Carrier::new(), "acme", &definition(api, url), key, options).unwrap();
    (client, recorder)
}

fn replaying(directory: &Path) -> ModelClient {
    let (models, _) = Recording::open(directory).unwrap();
    let definition = &models.providers["acme"];
    ModelClient::new(Carrier::new(), "acme", definition, None, ClientOptions::default()).unwrap()
}

async fn ask(client: &ModelClient, request: &ModelRequest) -> Result<ModelReply, ModelError> {
    let around = around(Duration::from_secs(60), Duration::from_secs(60));
    client.complete(request, &around.context).await
}

fn other(text: &str) -> ModelRequest {
    ModelRequest { messages: vec![Message::User(text.to_owned())], ..request() }
}

#[tokio::test]
async fn a_recording_answers_as_the_provider_did_without_it_and_without_a_key() {
    for api in Api::ALL {
        let directory = tempfile::tempdir().unwrap();
        let server = FakeLlm::start(|seen| match seen.number {
            1 => good(),
            2 => Reply::text("Again.").and_thinking("Hm.").and_call("look", json!({"at": "é"})),
            3 => Reply::fault(Fault::Refuses(Refusal::RateLimited)).header("retry-after", "9"),
            4 => Reply::fault(Fault::NoEnd),
            5 => Reply::fault(Fault::Refuses(Refusal::Invalid)),
            _ => Reply::text("Too much."),
        })
        .await
        .unwrap();
        let (client, recorder) = recording(api, &server.url(), directory.path());
        let first = ask(&client, &request()).await.unwrap();
        assert!(is_good(&first), "{}", api.as_str());
        let second = ask(&client, &request()).await.unwrap();
        // What is asked again is answered by what came then.
        assert_eq!(ask(&client, &other("three")).await.unwrap_err().code, "rate-limited");
        assert_eq!(ask(&client, &other("three")).await.unwrap_err().code, "truncated");
        let refused = ask(&client, &other("five")).await.unwrap_err();
        assert_eq!(refused.code, "bad-request");
        assert_eq!(recorder.trouble(), None);
        drop(server);

        let replayed = replaying(directory.path());
        assert_eq!(ask(&replayed, &request()).await.unwrap(), first);
        assert_eq!(ask(&replayed, &request()).await.unwrap(), second);
        assert_eq!(ask(&replayed, &request()).await.unwrap(), second);
        assert_eq!(ask(&replayed, &other("five")).await.unwrap_err(), refused);
        for text in ["three", "never asked"] {
            let miss = ask(&replayed, &other(text)).await.unwrap_err();
            assert_eq!((miss.trouble, miss.code), (Trouble::Permanent, "not-recorded"));
            assert_eq!(miss.usage, None, "nothing was sent");
            assert!(miss.message.contains(text), "{}: {miss}", api.as_str());
        }
        for file in files(directory.path()) {
            let content = std::fs::read_to_string(&file).unwrap();
            assert!(!content.contains(KEY), "{}", file.display());
        }
        assert_eq!(files(directory.path()).len(), 4, "three exchanges and what they are about");
    }
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files = vec![directory.join("recording.json")];
    let exchanges = std::fs::read_dir(directory.join("exchanges")).unwrap();
    files.extend(exchanges.map(|entry| entry.unwrap().path()));
    files
}
