//! The server: accepts, asks the script, counts.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::connection;
use crate::reply::Reply;
use crate::seen::{Api, Seen};

type ScriptFn = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A running server. It stops when this is dropped.
pub struct FakeLlm {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

pub(crate) struct Shared {
    script: Box<ScriptFn>,
    log: Mutex<Vec<Seen>>,
    probes: Mutex<Vec<String>>,
    fired: Mutex<BTreeMap<&'static str, usize>>,
    connections: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
    answered: AtomicUsize,
    gone: AtomicUsize,
}

impl FakeLlm {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_on(0, script).await
    }

    /// Starts on a port of loopback; 0 is any.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start_on(
        port: u16,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Box::new(script),
            log: Mutex::default(),
            probes: Mutex::default(),
            fired: Mutex::default(),
            connections: AtomicUsize::default(),
            now: AtomicUsize::default(),
            most: AtomicUsize::default(),
            answered: AtomicUsize::default(),
            gone: AtomicUsize::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where an API begins, with a slash at the end, as settings have it.
    #[must_use]
    pub fn base_url(&self, api: Api) -> String {
        format!("{}{}", self.url(), api.base_path())
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Requests for answers so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        lock(&self.shared.log).len()
    }

    /// What they were.
    #[must_use]
    pub fn log(&self) -> Vec<Seen> {
        lock(&self.shared.log).clone()
    }

    /// Other requests: lists of models, counts of tokens, looks whether there is anybody.
    #[must_use]
    pub fn probes(&self) -> Vec<String> {
        lock(&self.shared.probes).clone()
    }

    /// Requests for answers that are being answered.
    #[must_use]
    pub fn now(&self) -> usize {
        self.shared.now.load(Ordering::SeqCst)
    }

    /// The most that were being answered at once.
    #[must_use]
    pub fn most(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// Answers that were sent to their end, right or wrong.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// Answers whose reader left before their end.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.shared.gone.load(Ordering::SeqCst)
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How often a fault was played, by its name.
    #[must_use]
    pub fn fired(&self, fault: &str) -> usize {
        lock(&self.shared.fired).get(fault).copied().unwrap_or(0)
    }

    /// Whether a text came with any request: in its body, path or headers.
    #[must_use]
    pub fn saw(&self, text: &str) -> bool {
        let contains = |haystack: &[u8]| {
            haystack.windows(text.len().max(1)).any(|window| window == text.as_bytes())
        };
        lock(&self.shared.log).iter().any(|seen| {
            contains(&seen.body)
                || seen.path.contains(text)
                || seen.headers.iter().any(|(_, value)| value.contains(text))
        }) || lock(&self.shared.probes).iter().any(|probe| probe.contains(text))
    }
}

impl fmt::Debug for FakeLlm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeLlm").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for FakeLlm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Takes a request down and asks what to answer.
    pub(crate) fn ask(&self, mut seen: Seen) -> (Seen, Reply) {
        {
            let mut log = lock(&self.log);
            seen.number = log.len() + 1;
            log.push(seen.clone());
        }
        let reply = (self.script)(&seen);
        if let Some(fault) = &reply.fault {
            *lock(&self.fired).entry(fault.name()).or_default() += 1;
        }
        (seen, reply)
    }

    pub(crate) fn probed(&self, method: &str, target: &str, body: &[u8]) {
        lock(&self.probes).push(format!("{method} {target} {}", String::from_utf8_lossy(body)));
    }

    /// Says that an answer has begun, until this is dropped.
    pub(crate) fn begin(&self) -> Answering<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Answering(self)
    }

    pub(crate) fn count(&self, gone: bool) {
        let counter = if gone { &self.gone } else { &self.answered };
        counter.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn log_json(&self) -> serde_json::Value {
        let log = lock(&self.log);
        let entries = log.iter().map(|seen| {
            serde_json::json!({
                "number": seen.number, "api": seen.api, "path": seen.path, "model": seen.model,
                "tools": seen.tools, "turns": seen.turns, "said": seen.said,
                "headers": seen.headers, "body": seen.json,
            })
        });
        entries.collect()
    }

    pub(crate) fn stats_json(&self) -> serde_json::Value {
        serde_json::json!({
            "requests": lock(&self.log).len(),
            "probes": lock(&self.probes).clone(),
            "now": self.now.load(Ordering::SeqCst),
            "most": self.most.load(Ordering::SeqCst),
            "answered": self.answered.load(Ordering::SeqCst),
            "gone": self.gone.load(Ordering::SeqCst),
            "connections": self.connections.load(Ordering::SeqCst),
            "fired": lock(&self.fired).clone(),
        })
    }
}

pub(crate) struct Answering<'a>(&'a Shared);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // With the set, dropping the server ends its connections as well.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // A piece of an answer must not wait for the next one.
                if stream.set_nodelay(true).is_err() {
                    continue;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(connection::serve(stream, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A script that panics must not take the counters with it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
