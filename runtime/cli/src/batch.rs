//! A batch: many runs of one program, a bounded number of them live at once.

mod spec;
mod tally;

use std::collections::HashMap;

use baton_core::budget::Caps;
use baton_core::json::Json;
use baton_core::record::BatchLine;
use baton_engine::{Engine, EngineError, NewRun, ResumeOptions, RunReport};
use baton_journal::rows::RunRow;
use baton_journal::store::Blob;
use tokio::task::JoinSet;

use self::tally::Tally;
use crate::codes::{Code, Exit};
use crate::commands::resume::recorded;
use crate::driving::Crowd;
use crate::error::{CliError, Result};
use crate::notify::Hooks;
use crate::project::places::Places;
use crate::records;
use crate::session::{Session, who};

pub use self::spec::Spec;

/// A batch that is about to be driven.
pub struct Batch {
    /// Its id.
    pub id: String,
    /// What it was started with.
    pub spec: Spec,
    /// Line numbers and inputs.
    pub inputs: Vec<(u64, Json)>,
    /// The bytes of every component of the program.
    pub parts: Vec<Blob>,
    /// Runs of an earlier sitting.
    pub earlier: Vec<RunRow>,
    /// Whether somebody else started it: what its records say of sessions is not gone on with.
    pub strange: bool,
    /// Counts on lines of their own.
    pub plain: bool,
}

/// What one line came to.
enum Line {
    /// The run was driven as far as it goes.
    Driven(u64, Box<RunReport>),
    /// The engine takes no more runs.
    NotTaken,
    /// Neither this run nor another can be driven.
    Fatal(EngineError),
}

impl Batch {
    /// Drives every line, at most `runs` at once, and prints a result line for each as it ends.
    ///
    /// # Errors
    /// When the journal fails, or not every line has a result.
    pub async fn drive(self, session: &Session, runs: u32, caps: Caps) -> Result<Exit> {
        let mut tally = Tally::new(self.inputs.len() as u64, self.plain);
        let crowd = Crowd::start(&Hooks::load(&Places::find()?)?);
        let mut earlier: HashMap<u64, RunRow> = self
            .earlier
            .iter()
            .filter_map(|row| Some((row.batch.as_ref()?.1, row.clone())))
            .collect();
        let mut live: JoinSet<Line> = JoinSet::new();
        let mut taking = true;
        for (line, input) in &self.inputs {
            let row = earlier.remove(line);
            if let Some(row) = &row
                && let Some(ended) = records::finished(&*session.journal, row).await?
            {
                tally.take(*line, recorded(row, ended, 0), None)?;
                continue;
            }
            if !taking {
                continue;
            }
            while live.len() >= runs as usize {
                taking &= join(&mut live, &mut tally, session).await?;
            }
            let engine = session.engine.clone();
            let (line, row) = (*line, row.map(|row| row.run));
            match row {
                Some(run) => {
                    let options = ResumeOptions {
                        caps: caps.clone(),
                        by: who(),
                        observer: crowd.observer(session.journal.now()),
                        strange: self.strange,
                        ..ResumeOptions::default()
                    };
                    live.spawn(
                        async move { driven(line, engine.resume(&run, options).await).await },
                    );
                }
                None => {
                    let observer = crowd.observer(session.journal.now());
                    let of = BatchLine { batch: self.id.clone(), line };
                    let new = self.spec.run(of, self.parts.clone(), input.clone(), &caps);
                    let new = NewRun { observer, ..new };
                    live.spawn(start(engine, line, new));
                }
            }
        }
        while !live.is_empty() {
            join(&mut live, &mut tally, session).await?;
        }
        crowd.finish().await;
        tally.close(&self.id)
    }
}

/// Waits for one line. False if the engine takes no more runs.
async fn join(live: &mut JoinSet<Line>, tally: &mut Tally, session: &Session) -> Result<bool> {
    match live.join_next().await {
        None => Ok(true),
        Some(Ok(Line::Driven(line, report))) => {
            let reason = report.pause.as_ref();
            let asked = records::asked(&*session.journal, &report.run, reason).await?;
            tally.take(line, *report, asked.as_ref())?;
            Ok(true)
        }
        Some(Ok(Line::NotTaken)) => Ok(false),
        Some(Ok(Line::Fatal(error))) => {
            tally.clear();
            Err(error.into())
        }
        Some(Err(error)) => {
            Err(CliError::new(Code::Internal, "a task of the batch ended early").because(&error))
        }
    }
}

async fn start(engine: Engine, line: u64, new: NewRun) -> Line {
    driven(line, engine.start(new).await).await
}

async fn driven(
    line: u64,
    handle: std::result::Result<baton_engine::RunHandle, EngineError>,
) -> Line {
    match handle {
        Ok(handle) => Line::Driven(line, Box::new(handle.wait().await)),
        Err(EngineError::Stopping) => Line::NotTaken,
        Err(error) => Line::Fatal(error),
    }
}
