//! The client against real servers on this machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod bodies;
mod certificates;
mod destinations;
mod headers;
mod redaction;
mod secrets;
mod server;
mod targets;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use baton_core::limits::ToolLimits;
use baton_core::scope::{Authority, HttpScope};
use baton_core::tool::Denial;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};

use super::body::ResponseBody;
use super::client::{Client, Patience};
use super::error::HttpError;
use super::resolve::{Lookup, Resolver, System};
use crate::tool::{GrantedSecret, ToolGrant};

/// One call of a tool, as a test sets it up.
struct Call {
    grant: ToolGrant,
    limits: ToolLimits,
    denials: Arc<Mutex<Vec<Denial>>>,
}

impl Call {
    /// A call that was granted these requests.
    fn granted(rules: &[String]) -> Self {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let http = Some(HttpScope { layers: vec![rules], ..HttpScope::default() });
        let denials = Arc::<Mutex<Vec<Denial>>>::default();
        let told = Arc::clone(&denials);
        let grant = ToolGrant {
            root: None,
            authority: Arc::new(Authority { http, ..Authority::default() }),
            environment: Vec::new(),
            secrets: Vec::new(),
            certificates: Arc::default(),
            denied: Arc::new(move |denial| told.lock().unwrap().push(denial)),
        };
        Self { grant, limits: ToolLimits::default(), denials }
    }

    /// With a secret that may go to what the rules say.
    fn with_secret(mut self, name: &str, value: &str, hosts: &[String]) -> Self {
        self.grant.secrets.push(GrantedSecret {
            name: name.into(),
            placeholder: placeholder(name),
            value: value.into(),
            hosts: hosts.iter().map(|rule| rule.parse().unwrap()).collect(),
        });
        self
    }

    fn client(&self) -> Client {
        Client::new(&self.grant, &self.limits, Box::new(System))
    }

    /// Sends one request and reads the whole response.
    async fn fetch(&self, request: http::request::Builder) -> Result<Fetched, HttpError> {
        fetch(&self.client(), request, "").await
    }

    /// The codes of what was denied.
    fn codes(&self) -> Vec<String> {
        self.denials.lock().unwrap().iter().map(|denial| denial.code.clone()).collect()
    }
}

/// What a guest would hold of a secret.
fn placeholder(name: &str) -> String {
    format!("baton-secret-{name}-0123456789abcdef0123456789abcdef")
}

/// A response, read to its end.
#[derive(Debug)]
struct Fetched {
    status: u16,
    headers: String,
    body: String,
}

async fn fetch(
    client: &Client,
    request: http::request::Builder,
    body: &str,
) -> Result<Fetched, HttpError> {
    let body = Full::new(Bytes::from(body.to_owned()));
    read(client.send(request.body(body).unwrap(), Patience::default()).await?).await
}

async fn read(response: Response<ResponseBody>) -> Result<Fetched, HttpError> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Fetched {
        status: parts.status.as_u16(),
        headers: format!("{:?}", parts.headers),
        body: String::from_utf8(body.to_vec()).unwrap(),
    })
}

fn get(url: impl AsRef<str>) -> http::request::Builder {
    Request::builder().method("GET").uri(url.as_ref())
}

/// A resolver that answers as it was told: each look-up of a name gets the next answer, and the last
/// one again.
#[derive(Clone, Default)]
struct Fake {
    answers: BTreeMap<String, Vec<Vec<IpAddr>>>,
    look_ups: Arc<AtomicUsize>,
}

impl Fake {
    fn answering(name: &str, answers: &[&[&str]]) -> Self {
        let read = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        let answers = BTreeMap::from([(name.to_owned(), answers.iter().map(read).collect())]);
        Self { answers, look_ups: Arc::default() }
    }
}

impl Resolver for Fake {
    fn look_up(&self, name: &str) -> Lookup {
        let count = self.look_ups.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(name).and_then(|all| all.get(count).or(all.last())).cloned();
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}
