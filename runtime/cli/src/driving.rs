//! What goes along with a run that this process drives or looks at: its progress, its traces, those
//! who are notified, and the questions to the person at the terminal.

use std::sync::Arc;

use baton_core::ids::Timestamp;
use baton_engine::{Observer, Watcher};
use baton_journal::store::Journal;
use tokio::sync::mpsc;

use crate::args::WaitArgs;
use crate::live::{self, Feeds, Live};
use crate::notify::{Hooks, Notifier};
use crate::prompt::{self, Asker};
use crate::telemetry::Spans;
use crate::totals::Totals;

/// Whether a process stays with a run that waits for nothing but people.
#[must_use]
pub fn waits(args: WaitArgs) -> bool {
    args.wait || (!args.no_wait && prompt::possible())
}

/// Everybody who wants to see a run, before it is seen.
pub struct Company {
    observer: Observer,
    watcher: Watcher,
    feeds: Feeds,
    crowd: Option<Crowd>,
    asker: Option<Asker>,
}

/// Those elsewhere who are told what happens in runs that this process drives.
pub struct Crowd {
    spans: Spans,
    notifier: Notifier,
}

impl Crowd {
    /// Begins, on the runtime of the caller.
    #[must_use]
    pub fn start(hooks: &Hooks) -> Self {
        Self { spans: Spans::start(), notifier: Notifier::start(hooks) }
    }

    /// Where the records of one run go, from its first one on; what was recorded before `since` was told
    /// by whoever drove it then.
    #[must_use]
    pub fn observer(&self, since: Timestamp) -> Option<Observer> {
        match (self.spans.observer(since), self.notifier.observer(since)) {
            (Some(spans), Some(notifier)) => {
                let (observer, mut records) = mpsc::unbounded_channel();
                tokio::spawn(async move {
                    while let Some(record) = records.recv().await {
                        // Who looks no longer holds nobody up.
                        let _ = spans.send(Arc::clone(&record));
                        let _ = notifier.send(record);
                    }
                });
                Some(observer)
            }
            (spans, notifier) => spans.or(notifier),
        }
    }

    /// Tells what is left, in bounded time. Every observer must have been dropped.
    pub async fn finish(self) {
        self.spans.finish().await;
        self.notifier.finish().await;
    }
}

impl Company {
    /// Those who look at a run, and the person at the terminal if there is one.
    #[must_use]
    pub fn lookers(journal: &Arc<dyn Journal>) -> Self {
        let (observer, watcher, feeds) = live::feeds();
        let (asker, feeds) = if prompt::possible() {
            let (asker, records) = Asker::start(Arc::clone(journal), feeds.stage());
            (Some(asker), feeds.also(Some(records)))
        } else {
            (None, feeds)
        };
        Self { observer, watcher, feeds, crowd: None, asker }
    }

    /// The same with those who are told what happens from now on.
    #[must_use]
    pub fn drivers(journal: &Arc<dyn Journal>, hooks: &Hooks) -> Self {
        let company = Self::lookers(journal);
        let crowd = Crowd::start(hooks);
        let feeds = company.feeds.also(crowd.observer(journal.now()));
        Self { feeds, crowd: Some(crowd), ..company }
    }

    /// Where the records of the run go.
    #[must_use]
    pub fn observer(&self) -> Observer {
        self.observer.clone()
    }

    /// Where signs of life of its agents go.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        self.watcher.clone()
    }

    /// Begins to show what comes. `continues`: whether the run waits for providers, where that is not as
    /// it was started.
    #[must_use]
    pub fn follow(
        self,
        journal: &Arc<dyn Journal>,
        continues: Option<bool>,
        plain: bool,
    ) -> Following {
        let Self { feeds, crowd, asker, .. } = self;
        let live = Live::start(Arc::clone(journal), feeds.continuing(continues), plain);
        Following { live, crowd, asker }
    }
}

/// Everybody who sees a run.
pub struct Following {
    live: Live,
    crowd: Option<Crowd>,
    asker: Option<Asker>,
}

impl Following {
    /// Shows and tells what is left, and ends with what the records sum up to.
    pub async fn finish(self) -> Totals {
        let Self { live, crowd, asker } = self;
        if let Some(asker) = asker {
            asker.finish().await;
        }
        let totals = live.finish().await;
        if let Some(crowd) = crowd {
            crowd.finish().await;
        }
        totals
    }
}
