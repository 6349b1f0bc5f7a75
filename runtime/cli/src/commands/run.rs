//! `baton run`: start a workflow and show its result.

use std::path::{Path, PathBuf};

use baton_core::budget::Caps;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::record::BatchLine;
use baton_core::scope::Scope;
use baton_engine::{NewRun, Observer, RunReport};
use tokio::sync::mpsc;

use crate::args::{CapArgs, Common, RunArgs};
use crate::codes::{Code, Exit};
use crate::consent::{self, Plan};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::input::{InputCheck, given};
use crate::live::Live;
use crate::output::{WARN, note};
use crate::program::{Bundle, gather};
use crate::session::{self, CONCURRENCY, Session};
use crate::text::{nearest, paint};
use crate::{commands, result};

/// Starts a run, or a batch of them.
///
/// # Errors
/// When it cannot be started, or has no result.
pub fn run(args: &RunArgs, common: &Common) -> Result<Exit> {
    if let Some(inputs) = &args.each {
        return commands::each::start(args, inputs, common);
    }
    match drive(args, common) {
        Ok(report) => result::show(report, &args.result),
        Err(error) => {
            if args.result.json {
                result::show_failed_start(&error)?;
            }
            Err(error)
        }
    }
}

fn drive(args: &RunArgs, common: &Common) -> Result<RunReport> {
    let prepared = Prepared::new(args)?;
    let input = given(args.input.as_deref(), &prepared.check)?;
    prepared.consent(args.yes, 1)?;
    let home = Home::find(common)?;
    session::block_on(async {
        let session = Session::open(&home, prepared.concurrency, 1)?;
        let (observer, records) = mpsc::unbounded_channel();
        let new = prepared.new_run(input, None, Some(observer));
        let handle = session.engine.start(new).await?;
        session.obey_signals(format!("baton resume {}", handle.run()))?;
        let live = Live::start(session.journal.clone(), records, common.plain);
        let report = handle.wait().await;
        live.finish().await;
        Ok(report)
    })
}

/// Caps as they were given.
#[must_use]
pub fn caps(args: &CapArgs) -> Caps {
    Caps {
        agents: args.max_agents,
        tokens: args.max_tokens,
        cost_micro_usd: args.max_cost,
        wall_ms: args.timeout,
    }
}

/// Everything about a run that its input does not decide.
pub struct Prepared {
    /// What runs.
    pub bundle: Bundle,
    /// The check of its inputs.
    pub check: InputCheck,
    /// The granted directory.
    pub root: Option<PathBuf>,
    /// What it may touch.
    pub scope: Scope,
    /// What it may consume.
    pub caps: Caps,
    /// Agents at work at once in this process.
    pub concurrency: u32,
    /// The same for the run, where the operator said so.
    pub concurrency_asked: Option<u32>,
    /// Limits of the sandbox.
    pub limits: Limits,
}

impl Prepared {
    /// Gathers and checks everything. Starts nothing.
    ///
    /// # Errors
    /// When an argument cannot be used, or a part is missing or refused.
    pub fn new(args: &RunArgs) -> Result<Self> {
        let limits = limits(&args.limits)?;
        let bundle = gather(&args.workflow, &args.agents)?;
        let check = InputCheck::new(&bundle.manifest, limits.run)?;
        let root = args.root.as_deref().map(directory).transpose()?;
        Ok(Self {
            scope: consent::scope(&bundle.manifest.requests, root.as_deref()),
            bundle,
            check,
            root,
            caps: caps(&args.caps),
            concurrency: args.concurrency.unwrap_or(CONCURRENCY),
            concurrency_asked: args.concurrency,
            limits,
        })
    }

    /// Lets a person decide, unless they did already.
    ///
    /// # Errors
    /// When the person declines, or nobody can be asked.
    pub fn consent(&self, yes: bool, runs: u64) -> Result<()> {
        if !yes {
            return consent::ask(&Plan {
                bundle: &self.bundle,
                root: self.root.as_deref(),
                caps: &self.caps,
                concurrency: self.concurrency,
                limits: &self.limits,
                runs,
            });
        }
        if self.root.is_none() && self.bundle.manifest.requests.read.is_some() {
            note(&format!(
                "{} the workflow asks to read files and gets none: --root DIR grants a directory",
                paint(WARN, "note:")
            ));
        }
        Ok(())
    }

    /// A run of it.
    #[must_use]
    pub fn new_run(
        &self,
        input: Json,
        batch: Option<BatchLine>,
        observer: Option<Observer>,
    ) -> NewRun {
        NewRun {
            id: None,
            program: self.bundle.program.clone(),
            components: self.bundle.components.clone(),
            input,
            scope: self.scope.clone(),
            root: self.root.clone(),
            backends: self.bundle.backends.clone(),
            budget: self.bundle.manifest.default_budget(),
            caps: self.caps,
            concurrency: self.concurrency_asked,
            limits: self.limits,
            by: session::who(),
            batch,
            seed: None,
            observer,
        }
    }
}

/// The limits with those that were set.
fn limits(set: &[(String, u64)]) -> Result<Limits> {
    let mut limits = Limits::default();
    for (name, value) in set {
        limits.set(name, *value).map_err(|error| {
            let table = Limits::table();
            let names = table.iter().map(|(name, _)| name.as_str());
            let coded = CliError::new(Code::NoLimit, error.to_string());
            match nearest(name, names) {
                Some(meant) => coded.hint(format!("did you mean `{meant}`?")),
                None => coded.hint("`baton doctor` lists the limits"),
            }
        })?;
    }
    Ok(limits)
}

/// The directory to be granted, without links in its path.
fn directory(path: &Path) -> Result<PathBuf> {
    let full = path.canonicalize().map_err(|error| CliError::file("use the root", path, &error))?;
    if !full.is_dir() {
        let message = format!("the root {} is not a directory", path.display());
        return Err(CliError::new(Code::File, message).hint("--root takes a directory"));
    }
    Ok(full)
}
