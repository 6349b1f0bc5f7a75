//! Carries requests to providers and their answers back.
//!
//! The library that knows the wire formats takes answers as they come: without a limit, and in part
//! without asking whether they are whole. It therefore never talks to a provider. It talks to a
//! server of this process on a socket that only this user's processes can open, and the server makes
//! the real request, puts the key in, watches limits, time and the answer's own end, and says what a
//! failure means. What it says counts, whatever the library makes of what was let through.

mod adjust;
mod carry;
mod classify;
mod frames;
mod parcel;
mod serve;
mod told;
mod upstream;
mod wait;
mod watch;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use baton_scratch::Scratch;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use adjust::Adjust;
pub(crate) use classify::{error, malformed};
pub(crate) use parcel::{Outcome, Parcel};
pub(crate) use upstream::Upstream;
pub(crate) use watch::{Block, Seen};

use crate::error::{ModelError, Trouble};

/// The server, one for a process. Starts with its first exchange, on the runtime of that exchange,
/// and ends with the value.
#[derive(Debug)]
pub struct Carrier {
    waiting: Arc<Waiting>,
    started: Mutex<Option<Started>>,
    next: AtomicU64,
    /// Keeps others of this user from naming an exchange by chance.
    seed: RandomState,
}

/// Parcels that the library has not asked for yet, by the name of their exchange.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<String, (Parcel, oneshot::Sender<Outcome>)>>);

impl Waiting {
    fn with<T>(
        &self,
        change: impl FnOnce(&mut HashMap<String, (Parcel, oneshot::Sender<Outcome>)>) -> T,
    ) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
struct Started {
    /// Holds the socket. Goes with the value.
    _folder: Scratch,
    server: JoinHandle<()>,
    /// Reaches the server, whatever host it is given.
    client: reqwest::Client,
}

impl Drop for Started {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An exchange that was announced.
pub(crate) struct Announced {
    waiting: Arc<Waiting>,
    name: String,
    /// Reaches the server, whatever host it is given.
    pub client: reqwest::Client,
    /// How it ended. Dropped, it ends at once.
    pub outcome: oneshot::Receiver<Outcome>,
}

impl Announced {
    /// Where the library sends its request.
    pub(crate) fn url(&self) -> String {
        format!("http://carrier/{}/", self.name)
    }

    /// Whether the library never asked for it.
    pub(crate) fn unclaimed(&self) -> bool {
        self.waiting.with(|waiting| waiting.contains_key(&self.name))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.waiting.with(|waiting| waiting.remove(&self.name));
    }
}

impl Carrier {
    /// A carrier that has not started.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            waiting: Arc::default(),
            started: Mutex::default(),
            next: AtomicU64::new(0),
            seed: RandomState::new(),
        })
    }

    /// Announces an exchange; the server starts if it has not.
    pub(crate) fn announce(&self, parcel: Parcel) -> Result<Announced, ModelError> {
        let client = self.client().map_err(|failure| {
            let message = format!("The socket for requests to models cannot be opened: {failure}.");
            error(Trouble::Permanent, "carrier", message)
        })?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("{number}-{:016x}", self.seed.hash_one(number));
        let (done, outcome) = oneshot::channel();
        self.waiting.with(|waiting| waiting.insert(name.clone(), (parcel, done)));
        Ok(Announced { waiting: Arc::clone(&self.waiting), name, client, outcome })
    }

    fn client(&self) -> std::io::Result<reqwest::Client> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        match &*started {
            Some(running) if !running.server.is_finished() => Ok(running.client.clone()),
            _ => {
                // Only its owner can enter the folder.
                let folder = Scratch::new()?;
                let socket = folder.path().join("models");
                let listener = tokio::net::UnixListener::bind(&socket)?;
                let client = upstream::local(socket).map_err(std::io::Error::other)?;
                let server = tokio::spawn(serve::serve(listener, Arc::clone(&self.waiting)));
                *started = Some(Started { _folder: folder, server, client: client.clone() });
                Ok(client)
            }
        }
    }
}

#[cfg(test)]
mod tests;
