//! Reads the journal: rows of runs, records after the last that was seen, and those of the selected
//! task.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use baton_core::ids::{RunId, TaskPath};
use baton_core::record::Record;
use baton_engine::live;
use baton_journal::rows::{RunFilter, State as RunState};
use baton_journal::store::Journal;

use super::state::State;
use super::state::run::Run;
use crate::error::Result;
use crate::transcript::Reader;

/// Records that are in memory at once.
const PAGE: u64 = 1_000;
/// Pages that are read before keys are looked at again.
const PAGES_MAX: usize = 10;
/// Records of the selected task that are read before keys are looked at again.
const DETAIL_MAX: usize = 500;
/// Records between two of the selected task that are read along rather than asked for apart.
const GAP_MAX: u64 = 32;
/// Runs that are listed where nobody names any.
const RUNS_MAX: u64 = 200;
/// Time between two looks at the rows of all runs.
const LIST: Duration = Duration::from_millis(500);

/// Which runs are watched.
#[derive(Clone, Debug)]
pub enum Which {
    /// These.
    Named(Vec<RunId>),
    /// All that have not ended, as they come; where there is none, the newest.
    Unfinished,
}

/// Reads what is new.
pub struct Follower<'a> {
    journal: &'a dyn Journal,
    which: Which,
    listed: Option<Instant>,
    /// Reads the transcript of the selected task, and which that is.
    reader: Option<(RunId, TaskPath, Reader<'a>)>,
    /// Where agents are heard while they speak.
    live: PathBuf,
    /// Those of runs that were looked at.
    ears: BTreeMap<RunId, live::Reader>,
}

impl<'a> Follower<'a> {
    /// A follower that has read nothing. `live`: where agents are heard while they speak.
    #[must_use]
    pub fn new(journal: &'a dyn Journal, which: Which, live: PathBuf) -> Self {
        Self { journal, which, listed: None, reader: None, live, ears: BTreeMap::new() }
    }

    /// Takes in what is new: so much of it that keys are answered soon.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn look(&mut self, state: &mut State) -> Result<()> {
        state.now = self.journal.now();
        if self.listed.is_none_or(|listed| listed.elapsed() >= LIST) {
            self.listed = Some(Instant::now());
            self.list(state).await?;
        }
        let Some(run) = state.run_mut() else { return Ok(()) };
        // Words before records: those after which they were said are mostly there by then.
        let words = self.words(run);
        self.records(run).await?;
        words.into_iter().for_each(|said| run.model.hear(said));
        run.refresh(false);
        run.look();
        self.detail(run).await
    }

    /// What agents of a run say.
    fn words(&mut self, run: &mut Run) -> Vec<live::Said> {
        if !run.row.owned {
            // What is there was left behind.
            run.model.fall_silent();
            self.ears.remove(run.id());
            return Vec::new();
        }
        let id = run.id();
        let ears = self.ears.entry(id.clone()).or_insert_with(|| live::Reader::new(&self.live, id));
        ears.read()
    }

    /// The rows of the runs that are watched.
    async fn list(&self, state: &mut State) -> Result<()> {
        let mut rows = Vec::new();
        let known: Vec<RunId> = match &self.which {
            Which::Named(runs) => runs.clone(),
            Which::Unfinished => {
                let open =
                    [RunState::Queued, RunState::Running, RunState::Waiting, RunState::Paused];
                let filter = RunFilter {
                    states: open.to_vec(),
                    limit: Some(RUNS_MAX),
                    ..RunFilter::default()
                };
                rows = self.journal.runs(&filter).await?;
                if rows.is_empty() && state.runs.is_empty() {
                    let newest = RunFilter { limit: Some(1), ..RunFilter::default() };
                    rows = self.journal.runs(&newest).await?;
                }
                // One that has ended since stays on the screen.
                let gone = state.runs.iter().filter(|run| !run.row.state.is_final());
                let gone = gone.filter(|run| !rows.iter().any(|row| row.run == run.row.run));
                gone.map(|run| run.row.run.clone()).collect()
            }
        };
        for run in &known {
            rows.extend(self.journal.run(run).await?);
        }
        let begun: Vec<RunId> = state.begun.clone();
        for run in begun.iter().filter(|run| !known.contains(run)) {
            if !rows.iter().any(|row| row.run == *run) {
                rows.extend(self.journal.run(run).await?);
            }
        }
        state.list(rows);
        state.show_next();
        Ok(())
    }

    async fn records(&self, run: &mut Run) -> Result<()> {
        for _ in 0..PAGES_MAX {
            let page = self.journal.records(&run.row.run, run.model.last, PAGE).await?;
            for record in &page {
                run.model.apply(record);
            }
            if (page.len() as u64) < PAGE {
                // Who drives it may have changed with what came, and does while it stands still.
                if (!page.is_empty() || run.model.paused.is_some())
                    && run.caught_up
                    && let Some(row) = self.journal.run(&run.row.run).await?
                {
                    run.row = row;
                }
                run.caught_up = true;
                return Ok(());
            }
        }
        Ok(())
    }

    async fn detail(&mut self, run: &mut Run) -> Result<()> {
        let wanted: Vec<u64> = run.unread().iter().copied().take(DETAIL_MAX).collect();
        let Some(path) = run.model.at(run.shown()).map(|task| task.path.clone()) else {
            return Ok(());
        };
        let same = self.reader.as_ref().is_some_and(|(of, task, _)| {
            *of == run.row.run && *task == path && run.detail.read > 0
        });
        if !same {
            let reader = Reader::new(self.journal, run.row.run.clone(), Some(path.clone()));
            self.reader = Some((run.row.run.clone(), path, reader));
        }
        let Some((.., reader)) = &mut self.reader else { return Ok(()) };
        for record in read(self.journal, &run.row.run, &wanted).await? {
            let entries = reader.read(std::slice::from_ref(&record)).await;
            run.detail.take(&record, entries);
        }
        Ok(())
    }
}

/// The records with these numbers, which grow. Neighbours are read together.
async fn read(journal: &dyn Journal, run: &RunId, wanted: &[u64]) -> Result<Vec<Record>> {
    let mut all = Vec::new();
    let mut rest = wanted;
    while let Some(first) = rest.first().copied() {
        let near = |pair: &[u64]| matches!(pair, [a, b] if b - a <= GAP_MAX);
        let together = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
        let (these, others) = rest.split_at(together);
        let last = these.last().copied().unwrap_or(first);
        let records = journal.records(run, first.saturating_sub(1), last + 1 - first).await?;
        all.extend(records.into_iter().filter(|record| these.contains(&record.seq)));
        rest = others;
    }
    Ok(all)
}
