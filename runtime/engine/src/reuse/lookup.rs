//! Looks agent tasks up in the run whose results may be used again.
//!
//! One task of the runtime does so for a run, in the order of calls: the loop of the run never
//! waits for the disk, and equal calls get results in their order.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use baton_agents::not_granted;
use baton_core::digest::Digest;
use baton_core::handoff::Outcome;
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::FileLimits;
use baton_core::record::{Record, Reuse, Snapshot};
use baton_core::reuse::{
    Call, Condition, Entry, Index, Miss, Seen, Terms, answer_digest, request_name,
};
use baton_core::scope::PathScope;
use baton_host::files::{Root, ScopedFiles};
use baton_journal::error::JournalError;
use baton_journal::store::Journal;
use tokio::sync::mpsc;

use crate::shared::{Event, Shared};

/// Records read at a time.
const PAGE: u64 = 10_000;

/// Calls that are looked up in one pass. Within a pass each request is asked once.
const PASS: usize = 1_024;

/// Changed files that a reason names.
const NAMES_MAX: usize = 5;

/// A result that serves a task.
#[derive(Debug)]
pub(crate) struct Hit {
    /// Whose result it is.
    pub from: TaskId,
    /// The result.
    pub outcome: Arc<Outcome>,
    /// What it rests on.
    pub reads: Option<(Vec<Seen>, bool)>,
}

/// An agent task to be looked up.
pub(crate) struct Ask {
    /// The call.
    pub call: Call,
    /// What the task may read.
    pub scope: Option<PathScope>,
    /// The granted directory when the run began.
    pub snapshot: Option<Snapshot>,
}

/// The way to the task that looks up.
pub(crate) struct Lookup {
    asks: mpsc::UnboundedSender<Ask>,
    open: BTreeSet<TaskPath>,
}

impl Lookup {
    /// Begins to look up for a run. Entries of `claimed` tasks are taken already.
    pub(crate) fn new(
        shared: Arc<Shared>,
        journal: Arc<dyn Journal>,
        root: Option<Root>,
        reuse: Reuse,
    ) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        let (claimed, limits, base) = {
            let run = &shared.lock().run;
            let started = run.started();
            let mut claimed = run.claimed().to_vec();
            if started.fork.as_ref().is_some_and(|fork| fork.run == reuse.run) {
                // What a fork shares serves it already, in the same places.
                let shared = run.tasks().map(|(path, _)| path).filter(|path| run.is_shared(path));
                claimed.extend(shared.cloned());
            }
            (claimed, started.limits.files, started.base.clone())
        };
        let terms =
            Terms { granted: root.is_some(), base, stale: reuse.stale, steered: reuse.steered };
        tokio::spawn(async move {
            let index = match load(&*journal, &reuse.run).await {
                Ok(records) => index(records, terms, &claimed, &reuse.except).await,
                Err(error) => Err(error.to_string()),
            };
            answer(Desk { index, shared, files: Files { root, limits } }, asked).await;
        });
        Self { asks, open: BTreeSet::new() }
    }

    /// Looks a task up. The answer is [`Event::Looked`].
    pub(crate) fn ask(&mut self, ask: Ask) {
        if self.open.insert(ask.call.path.clone()) {
            // Its task ends only with this sender.
            let _ = self.asks.send(ask);
        }
    }

    /// Takes note of an answer.
    pub(crate) fn answered(&mut self, task: &TaskPath) {
        self.open.remove(task);
    }

    /// Whether an answer is due.
    pub(crate) fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }
}

async fn load(journal: &dyn Journal, run: &RunId) -> Result<Vec<Record>, JournalError> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(0, |record| record.seq);
        let page = journal.records(run, after, PAGE).await?;
        if page.is_empty() {
            return Ok(records);
        }
        records.extend(page);
    }
}

async fn index(
    records: Vec<Record>,
    terms: Terms,
    claimed: &[TaskPath],
    except: &[TaskPath],
) -> Result<Index, String> {
    let made = tokio::task::spawn_blocking(move || Index::new(records, terms)).await;
    let mut index = made.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    for task in claimed {
        index.mark(task);
    }
    for task in except {
        index.except(task);
    }
    Ok(index)
}

async fn answer(mut desk: Desk, mut asked: mpsc::UnboundedReceiver<Ask>) {
    let shared = Arc::clone(&desk.shared);
    loop {
        let mut asks = Vec::new();
        if asked.recv_many(&mut asks, PASS).await == 0 {
            return;
        }
        let tasks: Vec<TaskPath> = asks.iter().map(|ask| ask.call.path.clone()).collect();
        let files = desk.files.clone();
        let pass = tokio::task::spawn_blocking(move || {
            desk.pass(asks);
            desk
        });
        desk = match pass.await {
            Ok(desk) => desk,
            Err(error) => {
                let why = format!("the host failed while it looked results up: {error}");
                for task in tasks {
                    let verdict = Err(Miss::NoRun { why: why.clone() });
                    shared.send(Event::Looked { task, verdict });
                }
                Desk { index: Err(why), shared: Arc::clone(&shared), files }
            }
        };
    }
}

/// What is needed to answer.
struct Desk {
    index: Result<Index, String>,
    shared: Arc<Shared>,
    files: Files,
}

#[derive(Clone)]
struct Files {
    root: Option<Root>,
    limits: FileLimits,
}

impl Desk {
    fn pass(&mut self, asks: Vec<Ask>) {
        let mut present = Present { files: &self.files, scopes: HashMap::new() };
        for ask in asks {
            let verdict = match &mut self.index {
                Ok(index) => find(index, &ask, &mut present),
                Err(why) => Err(Miss::NoRun { why: why.clone() }),
            };
            self.shared.send(Event::Looked { task: ask.call.path, verdict });
        }
    }
}

fn find(index: &mut Index, ask: &Ask, present: &mut Present<'_>) -> Result<Hit, Miss> {
    let run = index.run().clone();
    let entry = index.claim(&ask.call, |entry, condition| {
        let from = || entry.path().clone();
        match condition {
            Condition::Nothing => Ok(()),
            Condition::Reads(reads) => present.same(ask.scope.as_ref(), reads, entry),
            Condition::Snapshot(then) => match &ask.snapshot {
                Some(now) if now.equals(then) => Ok(()),
                Some(Snapshot { digest: Some(_), .. }) => {
                    Err(Miss::UnseenFilesChanged { from: from() })
                }
                other => {
                    let problem = other.as_ref().and_then(|now| now.problem.clone());
                    Err(Miss::UnknownFiles { from: from(), why: problem.unwrap_or_default() })
                }
            },
        }
    })?;
    let outcome = entry.outcome().map(Arc::clone).ok_or(Miss::New)?;
    Ok(Hit {
        from: TaskId { run, path: entry.path().clone() },
        outcome,
        reads: entry.reads().map(|(reads, complete)| (reads.to_vec(), complete)),
    })
}

/// The files as they are during one pass.
struct Present<'a> {
    files: &'a Files,
    scopes: HashMap<Digest, Seeing>,
}

/// The files that one scope lets pass, and what was asked of them.
struct Seeing {
    files: Option<ScopedFiles>,
    answers: HashMap<Digest, Digest>,
}

impl Present<'_> {
    /// Whether every request brings what it brought then.
    fn same(
        &mut self,
        scope: Option<&PathScope>,
        reads: &[Seen],
        entry: &Entry,
    ) -> Result<(), Miss> {
        let Files { root, limits } = self.files;
        let seeing = self.scopes.entry(Digest::of_json(&scope)).or_insert_with(|| {
            let scoped = scope.zip(root.as_ref()).map(|(scope, root)| root.scoped(scope, limits));
            // A scope that cannot be applied fails its tasks; nothing is the same then.
            Seeing { files: scoped.and_then(Result::ok), answers: HashMap::new() }
        });
        let mut changed = BTreeSet::new();
        for Seen { request, digest } in reads {
            let answer = seeing.answers.entry(Digest::of_json(request)).or_insert_with(|| {
                answer_digest(&match &seeing.files {
                    Some(files) => files.observe(request),
                    None => Err(not_granted()),
                })
            });
            if answer != digest {
                changed.insert(request_name(request));
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let more = changed.len().saturating_sub(NAMES_MAX) as u64;
        let files = changed.into_iter().take(NAMES_MAX).collect();
        Err(Miss::FilesChanged { from: entry.path().clone(), files, more })
    }
}
