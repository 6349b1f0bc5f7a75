//! How a server is reached.

use std::collections::BTreeMap;
use std::path::Path;

use baton_agents::Supervisor;
use baton_core::limits::ToolLimits;
use baton_core::tool::Server;
use reqwest::Url;
use rmcp::transport::IntoTransport;

use super::connection::Connection;
use super::error::Problem;
use super::http;
use super::lines::Lines;
use super::opening::{Ending, Link, Opening, Unopened};
use super::process::{self, Process};
use crate::secrets::Secrets;

/// What a value of the configuration begins with that is the name of a secret.
const SECRET: &str = "secret:";

/// The methods of requests to a server. All of them carry its headers.
const METHODS: &[&str] = &["POST", "GET", "DELETE"];

/// What a connection is opened with.
pub(super) struct Opener<'a> {
    pub(super) server: &'a Server,
    pub(super) secrets: &'a Secrets,
    pub(super) supervisor: &'a Supervisor,
    pub(super) root: Option<&'a Path>,
    pub(super) limits: &'a ToolLimits,
}

impl Opener<'_> {
    /// Opens a connection. `started` is told the process of a server that was started.
    pub(super) async fn open(&self, started: impl Fn(u32, u64)) -> Result<Connection, Problem> {
        match self.begin(Opening::Handshake, &started).await {
            Ok(connection) => Ok(connection),
            Err(Unopened::Failed(problem)) => Err(problem),
            // A server of the latest version takes no handshake.
            Err(Unopened::NotThisWay(why)) => {
                self.begin(Opening::Discovery, &started).await.map_err(|unopened| match unopened {
                    Unopened::Failed(problem) => problem,
                    Unopened::NotThisWay(_) => Problem::Start(why),
                })
            }
        }
    }

    async fn begin(
        &self,
        opening: Opening,
        started: &impl Fn(u32, u64),
    ) -> Result<Connection, Unopened> {
        let start = |why| Unopened::Failed(Problem::Start(why));
        let bytes_max = self.limits.mcp_message_bytes;
        match self.server {
            Server::Stdio { argv, env, cwd } => {
                let environment = self.filled(env, whole, |_| Ok(())).await;
                let environment = environment.map_err(Unopened::Failed)?;
                let directory = process::directory(cwd.as_deref(), self.root).map_err(start)?;
                let command = process::Command { argv, environment, directory };
                let streams = process::start(self.supervisor, command).await.map_err(start)?;
                started(streams.process.pid(), streams.process.ticks());
                let (transport, end) = Lines::new(streams.stdout, streams.stdin, bytes_max);
                let process = Some(Process::new(streams.process));
                Connection::open(
                    Link { transport, end: Ending::Lines(end), process },
                    opening,
                    bytes_max,
                )
                .await
            }
            Server::Http { url, headers } => {
                let url = http::address(url).map_err(start)?;
                let headers = self.filled(headers, words, |name| self.bound(name, &url)).await;
                let headers = headers.map_err(Unopened::Failed)?;
                let (transport, breaks) =
                    http::transport(&url, &headers, self.limits).map_err(start)?;
                let transport = IntoTransport::into_transport(transport);
                Connection::open(
                    Link { transport, end: Ending::Http(breaks), process: None },
                    opening,
                    bytes_max,
                )
                .await
            }
        }
    }

    /// The values with their secrets, each of which must be `allowed`.
    async fn filled(
        &self,
        values: &BTreeMap<String, String>,
        words: fn(&str) -> Vec<&str>,
        allowed: impl Fn(&str) -> Result<(), Problem>,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let mut filled = BTreeMap::new();
        for (key, value) in values {
            let mut text = Vec::new();
            for word in words(value) {
                text.push(match word.strip_prefix(SECRET) {
                    Some(name) => {
                        allowed(name)?;
                        self.secrets.get(name).await.map_err(Problem::Secret)?
                    }
                    None => word.into(),
                });
            }
            filled.insert(key.clone(), text.join(" "));
        }
        Ok(filled)
    }

    /// Whether a secret is bound to where all requests to a server go.
    fn bound(&self, name: &str, url: &Url) -> Result<(), Problem> {
        let Some(definition) = self.secrets.definitions().get(name) else { return Ok(()) };
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().unwrap_or_default();
        let reaches = |method: &str| {
            definition.hosts.iter().any(|rule| rule.matches(method, url.scheme(), host, port))
        };
        if METHODS.iter().all(|method| reaches(method)) {
            return Ok(());
        }
        let origin = url.origin().ascii_serialization();
        Err(Problem::SecretHost { secret: name.to_owned(), origin })
    }
}

/// The names of the secrets that a server is given.
pub(super) fn secrets_of(server: &Server) -> impl Iterator<Item = &str> {
    let (values, words) = match server {
        Server::Stdio { env, .. } => (env, whole as fn(&str) -> Vec<&str>),
        Server::Http { headers, .. } => (headers, words as fn(&str) -> Vec<&str>),
    };
    let words = values.values().flat_map(move |value| words(value));
    words.filter_map(|word| word.strip_prefix(SECRET))
}

/// A value that is a secret as a whole, or none.
fn whole(value: &str) -> Vec<&str> {
    vec![value]
}

/// A value of which some words are secrets.
fn words(value: &str) -> Vec<&str> {
    value.split(' ').collect()
}
