//! Telling people who are elsewhere that they are waited for: hooks of `[notify]`, fired by the
//! process that drives a run. Nothing of a run depends on a hook.

mod hooks;
mod news;
mod send;
pub mod settings;
mod told;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use baton_agents::Supervisor;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Record};
use baton_engine::Observer;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout, timeout_at};

pub use self::hooks::{Hooks, Placed};
use self::news::{Follower, News};
use self::settings::Hook;
use self::told::Told;
use crate::output::{WARN, note};
use crate::session;
use crate::text::paint;

/// Hooks that are told something at once.
const AT_ONCE: usize = 4;

/// How long gates that were opened before wait for answers that lie there already.
const GRACE: Duration = Duration::from_secs(1);

/// Tells the hooks what happens.
pub struct Notifier {
    hooks: Arc<[(Placed, PathBuf)]>,
    told: Option<Told>,
    supervisor: Option<Supervisor>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    room: Arc<Semaphore>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Notifier {
    /// A notifier for these hooks. Must be called within a runtime.
    #[must_use]
    pub fn start(hooks: &Hooks) -> Self {
        let folder = |placed: Placed| {
            let folder = Path::new(&placed.file).parent().unwrap_or(Path::new("/")).to_owned();
            (placed, folder)
        };
        Self {
            hooks: hooks.usable().into_iter().map(folder).collect(),
            told: hooks.told(),
            supervisor: session::supervisor().ok(),
            tasks: Mutex::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            trouble: Arc::default(),
        }
    }

    /// Where the records of one run go, from its first one on. What was recorded before `since` was
    /// told by whoever drove it then; a gate that is still open and that nobody was told of is told now.
    #[must_use]
    pub fn observer(&self, since: Timestamp) -> Option<Observer> {
        let supervisor = self.supervisor.clone().filter(|_| !self.hooks.is_empty())?;
        let (observer, records) = mpsc::unbounded_channel();
        let teller = Teller {
            hooks: Arc::clone(&self.hooks),
            told: self.told.clone(),
            supervisor,
            room: Arc::clone(&self.room),
            trouble: Arc::clone(&self.trouble),
        };
        let task = tokio::spawn(teller.follow(records, since));
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        Some(observer)
    }

    /// Waits for what is being told, in bounded time, and says once what went wrong. Every observer
    /// must have been dropped.
    pub async fn finish(self) {
        let tasks = self.tasks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let all = async {
            for task in tasks {
                // One that panicked told nothing.
                let _ = task.await;
            }
        };
        if timeout(send::TIME, all).await.is_err() {
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
            complain(&self.trouble, "a hook was too slow".into());
        }
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(trouble) = trouble {
            note(&format!("{} not everybody was notified: {trouble}", paint(WARN, "warning:")));
        }
    }
}

struct Teller {
    hooks: Arc<[(Placed, PathBuf)]>,
    told: Option<Told>,
    supervisor: Supervisor,
    room: Arc<Semaphore>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Teller {
    async fn follow(self, mut records: mpsc::UnboundedReceiver<Arc<Record>>, since: Timestamp) {
        let mut follower = Follower::default();
        // Gates that were opened before, and are open.
        let mut earlier: BTreeMap<TaskPath, News> = BTreeMap::new();
        let mut until = None;
        // Dropped with this task, and what is being told with it.
        let mut telling = JoinSet::new();
        loop {
            let next = match until {
                None => Ok(records.recv().await),
                Some(until) => timeout_at(until, records.recv()).await,
            };
            let Ok(next) = next else {
                self.tell_earlier(&mut earlier, &mut telling).await;
                until = None;
                continue;
            };
            let Some(record) = next else { break };
            let news = follower.take(&record);
            match &record.body {
                Body::Completed { task, .. } => drop(earlier.remove(task)),
                Body::Finished { .. } => earlier.clear(),
                Body::Paused { .. } if record.at >= since => {
                    self.tell_earlier(&mut earlier, &mut telling).await;
                }
                _ => {}
            }
            match (news, &record.body) {
                (Some(news), Body::Spawned { task, .. }) if record.at < since => {
                    earlier.insert(task.clone(), news);
                }
                (Some(news), _) if record.at >= since => {
                    // A gate that cannot be put down is told all the same: nobody knows it yet.
                    self.puts_down(&news).await;
                    self.tell(&news, &mut telling);
                }
                _ => {}
            }
            if record.at >= since && !earlier.is_empty() {
                // Answers that were given meanwhile come first.
                until.get_or_insert_with(|| Instant::now() + GRACE);
            }
            while telling.try_join_next().is_some() {}
        }
        self.tell_earlier(&mut earlier, &mut telling).await;
        while telling.join_next().await.is_some() {}
    }

    /// Tells of gates that were opened before, but of none that people were told of.
    async fn tell_earlier(&self, gates: &mut BTreeMap<TaskPath, News>, telling: &mut JoinSet<()>) {
        // Without a list nobody knows what was told.
        let Some(told) = self.told.clone().filter(|_| !gates.is_empty()) else { return };
        let gates = std::mem::take(gates);
        let all: HashSet<String> =
            gates.values().filter_map(News::gate).map(ToOwned::to_owned).collect();
        let Ok(known) = spawn_blocking(move || told.of(&all)).await else { return };
        for news in gates.into_values() {
            if news.gate().is_some_and(|gate| !known.contains(gate)) && self.puts_down(&news).await
            {
                self.tell(&news, telling);
            }
        }
    }

    /// Puts down that people are told of a gate, if a hook tells them. Before they are told: twice is worse
    /// than not at all.
    async fn puts_down(&self, news: &News) -> bool {
        let (Some(told), Some(gate)) = (&self.told, news.gate()) else { return false };
        let (told, gate) = (told.clone(), gate.to_owned());
        let wanted = self.hooks.iter().any(|(placed, _)| placed.hook.on.contains(&news.event));
        wanted && spawn_blocking(move || told.add(&gate)).await.unwrap_or(false)
    }

    fn tell(&self, news: &News, telling: &mut JoinSet<()>) {
        let Ok(line) = serde_json::to_string(news) else { return };
        for (Placed { hook, text, .. }, folder) in self.hooks.iter() {
            if !hook.on.contains(&news.event) {
                continue;
            }
            let (hook, folder, text): (Hook, PathBuf, String) =
                (hook.clone(), folder.clone(), text.clone());
            let (supervisor, room) = (self.supervisor.clone(), Arc::clone(&self.room));
            let (trouble, line) = (Arc::clone(&self.trouble), line.clone());
            telling.spawn(async move {
                let Ok(_room) = room.acquire().await else { return };
                if let Err(why) = send::tell(&hook, &supervisor, &folder, &line).await {
                    complain(&trouble, format!("{text}: {why}"));
                }
            });
        }
    }
}

/// Keeps the first thing that went wrong.
fn complain(trouble: &Mutex<Option<String>>, why: String) {
    trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
}

#[cfg(test)]
mod tests;
