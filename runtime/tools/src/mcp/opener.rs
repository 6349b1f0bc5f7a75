//! How a server is reached.

use std::collections::BTreeMap;
use std::path::Path;

use baton_agents::Supervisor;
use baton_core::limits::ToolLimits;
use baton_core::tool::Server;
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
                let environment = self.filled(env, whole).await.map_err(Unopened::Failed)?;
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
                let headers = self.filled(headers, word).await.map_err(Unopened::Failed)?;
                let (transport, breaks) =
                    http::transport(url, &headers, self.limits).map_err(start)?;
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

    /// The values with their secrets. `find` says where in a value the name of one is.
    async fn filled(
        &self,
        values: &BTreeMap<String, String>,
        find: impl Fn(&str) -> Option<(usize, usize)>,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let mut filled = BTreeMap::new();
        for (key, value) in values {
            let mut text = value.clone();
            if let Some((from, to)) = find(value)
                && let Some(name) = value.get(from + SECRET.len()..to)
            {
                let secret = self.secrets.get(name).await.map_err(Problem::Secret)?;
                text.replace_range(from..to, &secret);
            }
            filled.insert(key.clone(), text);
        }
        Ok(filled)
    }
}

/// A value that is a secret as a whole.
fn whole(value: &str) -> Option<(usize, usize)> {
    value.starts_with(SECRET).then_some((0, value.len()))
}

/// A value of which one word is a secret.
fn word(value: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    for word in value.split(' ') {
        if word.starts_with(SECRET) {
            return Some((from, from + word.len()));
        }
        from += word.len() + 1;
    }
    None
}
