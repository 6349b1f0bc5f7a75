//! Servers as a run has them, one of them reached over HTTP.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_agents::backend::{BackendError, JobContext};
use baton_core::handoff::Failure;
use baton_core::limits::Limits;
use baton_core::tool::{SecretDefinition, SecretSource, Server};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::web::Web;
use crate::job::ToolJob;
use crate::mcp::McpServers;
use crate::secrets::Secrets;

pub const CANARY: &str = "canary-5f1e2b7c";

pub fn text(said: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": said }] })
}

/// Servers, and the file with the secret that one of them is given.
pub struct Servers(McpServers, #[expect(dead_code, reason = "it is there as long")] NamedTempFile);

impl Deref for Servers {
    type Target = McpServers;

    fn deref(&self) -> &McpServers {
        &self.0
    }
}

pub fn servers_with(url: &str, headers: &[(&str, &str)], limits: &Limits) -> Servers {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let server = Server::Http { url: url.to_owned(), headers: headers.collect() };
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "{CANARY}").unwrap();
    let from = SecretSource::File(file.path().to_str().unwrap().to_owned());
    let hosts = vec!["http://127.0.0.1:*".parse().unwrap()];
    let secret = SecretDefinition { from, hosts };
    let secrets = Secrets::new(BTreeMap::from([("token".to_owned(), secret)]));
    let nothing = Supervisor { program: PathBuf::from("/nonexistent"), args: Vec::new() };
    let servers = BTreeMap::from([("web".to_owned(), server)]);
    Servers(McpServers::new(servers, Arc::new(secrets), nothing, None, Arc::new(*limits)), file)
}

pub fn servers(web: &Web) -> Servers {
    servers_with(&web.url, &[], &Limits::default())
}

pub fn job(timeout_ms: u64) -> ToolJob {
    ToolJob {
        task: "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/1".parse().unwrap(),
        attempt: 1,
        tool: "tool".into(),
        input: json!({ "a": 1 }).into(),
        authority: Arc::default(),
        root: None,
        limits: Arc::default(),
        timeout_ms,
        idempotency_key: "key".into(),
        traceparent: None,
    }
}

/// A context that nobody cancels or listens to.
pub fn context() -> JobContext {
    let (_, cancelled) = tokio::sync::watch::channel(false);
    JobContext::alone(cancelled, tokio::sync::mpsc::unbounded_channel().0)
}

pub async fn call(servers: &Servers) -> Result<Value, BackendError> {
    let answer = servers.call("web", "tool", &job(60_000), &context()).await;
    answer.result.map(|handoff| handoff.output.value())
}

pub fn failure(result: Result<Value, BackendError>) -> Failure {
    match result {
        Err(BackendError::Permanent(failure) | BackendError::Retryable { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}
