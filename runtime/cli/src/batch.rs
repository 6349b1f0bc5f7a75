//! A batch: many runs of one program, a bounded number of them live at once.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::model::Models;
use baton_core::record::{BackendChoice, BatchLine, Pause, Program, ScriptOptions};
use baton_core::scope::{Authority, Scope};
use baton_core::tool::Tools;
use baton_engine::{Engine, EngineError, NewRun, ResumeOptions, RunReport};
use baton_journal::rows::{RunRow, State};
use baton_journal::store::{BatchRow, Blob};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::codes::{Code, Exit};
use crate::commands::resume::consent::Granted;
use crate::commands::resume::recorded;
use crate::commands::run::Prepared;
use crate::driving::Crowd;
use crate::error::{CliError, Result};
use crate::notify::Hooks;
use crate::output::{self, can_draw, note, stdout};
use crate::project::places::Places;
use crate::session::{Session, who};
use crate::telemetry;
use crate::text::{duration, plural};
use crate::{records, result, shapes};

/// Version of the stored form of [`Spec`].
const SPEC_VERSION: u32 = 1;
/// Time between two counts drawn in place.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two counts on lines of their own.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// What a batch was started with, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    version: u32,
    /// The file of inputs, a blob.
    pub inputs: Digest,
    /// What runs; its components and scripts are blobs.
    pub program: Program,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Tools::is_empty")]
    tools: Tools,
    #[serde(default, skip_serializing_if = "Models::is_empty")]
    models: Models,
    #[serde(default, skip_serializing_if = "Authority::is_nothing")]
    workers: Authority,
    /// Whether its runs go on by themselves when a provider serves again.
    #[serde(default = "yes")]
    continues: bool,
    root: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    own_files: Vec<String>,
    backends: BackendChoice,
    budget: Amounts,
    caps: Caps,
    /// Agents at work at once, where the operator said so.
    pub concurrency: Option<u32>,
    /// Limits of each run.
    pub limits: Limits,
    /// How scripts are interpreted; none: the workflow is no script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<Box<ScriptOptions>>,
}

fn yes() -> bool {
    true
}

impl Spec {
    /// What a prepared run and a file of inputs make.
    #[must_use]
    pub fn new(prepared: &Prepared, inputs: Digest) -> Self {
        Self {
            version: SPEC_VERSION,
            inputs,
            program: prepared.bundle.program.clone(),
            scope: prepared.authority.effective.scope.clone(),
            tools: prepared.authority.effective.tools.clone(),
            models: prepared.bundle.reach.models.clone(),
            workers: prepared.authority.workers.clone(),
            continues: prepared.continues,
            root: prepared.root.clone(),
            base: prepared.base.clone(),
            own_files: prepared.own_files.clone(),
            backends: prepared.bundle.backends.clone(),
            budget: prepared.budget,
            caps: prepared.caps.clone(),
            concurrency: prepared.concurrency_asked,
            limits: prepared.limits,
            script: prepared.bundle.script.clone(),
        }
    }

    /// What each of its runs is granted.
    #[must_use]
    pub fn granted(&self) -> Granted<'_> {
        let Self { scope, tools, models, workers, backends, program, root, limits, .. } = self;
        let root = root.as_deref();
        Granted { scope, tools, models, workers, backends, program, root, limits, recorded: false }
    }

    /// The stored form.
    ///
    /// # Errors
    /// When it cannot be JSON: a root that is not UTF-8.
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            CliError::new(Code::Argument, "the batch cannot be stored").because(&error)
        })
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When it was written by a newer release, or is damaged.
    pub fn read(row: &BatchRow) -> Result<Self> {
        let spec: Self = serde_json::from_str(&row.spec).map_err(|error| {
            CliError::new(Code::Damaged, format!("{} is damaged", row.id)).because(&error)
        })?;
        if spec.version > SPEC_VERSION {
            let message = format!("{} was started by a newer release", row.id);
            return Err(CliError::new(Code::TooNew, message));
        }
        Ok(spec)
    }
}

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
                tally.take(*line, recorded(row, ended, 0))?;
                continue;
            }
            if !taking {
                continue;
            }
            while live.len() >= runs as usize {
                taking &= self.join(&mut live, &mut tally).await?;
            }
            let engine = session.engine.clone();
            let (line, row) = (*line, row.map(|row| row.run));
            match row {
                Some(run) => {
                    let options = ResumeOptions {
                        caps: caps.clone(),
                        by: who(),
                        observer: crowd.observer(session.journal.now()),
                        ..ResumeOptions::default()
                    };
                    live.spawn(
                        async move { driven(line, engine.resume(&run, options).await).await },
                    );
                }
                None => {
                    let observer = crowd.observer(session.journal.now());
                    let new = NewRun { observer, ..self.new_run(line, input.clone(), &caps) };
                    live.spawn(start(engine, line, new));
                }
            }
        }
        while !live.is_empty() {
            self.join(&mut live, &mut tally).await?;
        }
        crowd.finish().await;
        tally.close(&self.id)
    }

    /// Waits for one line. False if the engine takes no more runs.
    async fn join(&self, live: &mut JoinSet<Line>, tally: &mut Tally) -> Result<bool> {
        match live.join_next().await {
            None => Ok(true),
            Some(Ok(Line::Driven(line, report))) => {
                tally.take(line, *report)?;
                Ok(true)
            }
            Some(Ok(Line::NotTaken)) => Ok(false),
            Some(Ok(Line::Fatal(error))) => {
                tally.clear();
                Err(error.into())
            }
            Some(Err(error)) => {
                Err(CliError::new(Code::Internal, "a task of the batch ended early")
                    .because(&error))
            }
        }
    }

    fn new_run(&self, line: u64, input: Json, caps: &Caps) -> NewRun {
        let spec = &self.spec;
        NewRun {
            id: None,
            program: spec.program.clone(),
            parts: self.parts.clone(),
            input,
            scope: spec.scope.clone(),
            tools: spec.tools.clone(),
            models: spec.models.clone(),
            workers: spec.workers.clone(),
            continues: spec.continues,
            traceparent: telemetry::context(),
            root: spec.root.clone(),
            base: spec.base.clone(),
            backends: spec.backends.clone(),
            budget: spec.budget,
            caps: spec.caps.updated(caps),
            concurrency: spec.concurrency,
            limits: spec.limits,
            script: spec.script.clone(),
            by: who(),
            own_files: self.spec.own_files.clone(),
            reuse: None,
            follows: None,
            forecast: None,
            waits: false,
            batch: Some(BatchLine { batch: self.id.clone(), line }),
            seed: None,
            observer: None,
            watcher: None,
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

/// How a batch gets on: prints result lines, counts them, shows the counts.
struct Tally {
    all: u64,
    done: u64,
    failed: u64,
    paused: u64,
    /// Runs that wait for people.
    waiting: u64,
    began: Instant,
    shown: Option<Instant>,
    in_place: bool,
}

impl Tally {
    fn new(all: u64, plain: bool) -> Self {
        let in_place = can_draw(plain);
        let began = Instant::now();
        Self { all, done: 0, failed: 0, paused: 0, waiting: 0, began, shown: None, in_place }
    }

    fn take(&mut self, line: u64, mut report: RunReport) -> Result<()> {
        // An interrupted run has no result yet: `resume` brings it.
        let interrupted = report.error.is_none()
            && report.outcome.is_none()
            && matches!(report.pause, None | Some(Pause::Interrupted));
        if interrupted {
            return Ok(());
        }
        let error = result::verdict(&mut report);
        match report.state {
            State::Done if error.is_none() => self.done += 1,
            State::Paused | State::Waiting if report.outcome.is_none() => match report.pause {
                Some(Pause::Gate { .. } | Pause::Message | Pause::Person { .. }) => {
                    self.waiting += 1;
                }
                _ => self.paused += 1,
            },
            _ => self.failed += 1,
        }
        self.clear();
        stdout(&shapes::line(&result::shape(&report, error.as_ref(), Some(line)))?)?;
        self.show();
        Ok(())
    }

    /// Shows the counts, if enough time has passed since they were last shown.
    fn show(&mut self) {
        let interval = if self.in_place { DRAW_INTERVAL } else { LINE_INTERVAL };
        if self.shown.unwrap_or(self.began).elapsed() < interval {
            return;
        }
        self.shown = Some(Instant::now());
        let counts = self.counts();
        if self.in_place {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[K{counts}");
        } else {
            note(&counts);
        }
    }

    fn clear(&self) {
        if self.in_place && self.shown.is_some() {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[K");
        }
    }

    fn counts(&self) -> String {
        let ended = self.done + self.failed + self.paused + self.waiting;
        format!("{ended} of {}: {} ok, {} failed", plural(self.all, "line"), self.done, self.failed)
    }

    fn close(self, id: &str) -> Result<Exit> {
        self.clear();
        let took = duration(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let counts = self.counts();
        note(&crate::text::paint(output::DIM, &format!("{counts} in {took} · {id}")));
        let open = self.all - self.done - self.failed - self.paused - self.waiting;
        if open > 0 {
            return Err(CliError::new(
                Code::Interrupted,
                format!("the batch was interrupted: {} without a result", plural(open, "line")),
            )
            .hint(format!("`baton resume {id}` goes on")));
        }
        if self.failed > 0 {
            return Err(CliError::new(
                Code::BatchFailed,
                format!("{} of {} failed", self.failed, plural(self.all, "run")),
            )
            .hint(format!("`baton ls --batch {id} --state failed,cancelled` lists them")));
        }
        if self.paused > 0 {
            return Err(CliError::new(
                Code::CapReached,
                format!("{} of {} are paused", self.paused, plural(self.all, "run")),
            )
            .hint(format!("`baton resume {id} --max-…` goes on with higher caps")));
        }
        if self.waiting > 0 {
            let runs = plural(self.all, "run");
            return Err(CliError::new(
                Code::Paused,
                format!("{} of {runs} wait for people", self.waiting),
            )
            .hint(format!(
                "`baton ls --waiting --batch {id}` lists what is asked; `baton resume {id}` goes on"
            )));
        }
        Ok(Exit::Done)
    }
}
