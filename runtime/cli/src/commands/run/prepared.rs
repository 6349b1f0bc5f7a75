//! Everything about a run that its input does not decide.

use std::path::PathBuf;
use std::sync::Arc;

use baton_core::budget::{Amounts, Caps};
use baton_core::ids::RunId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::record::BatchLine;
use baton_engine::{NewRun, Observer};
use baton_host::Host;
use baton_models::recorded::Recorder;
use ulid::Ulid;

use super::asking;
use super::settings::{base, directory, excuse, limits, unperformed, warn_of_phases, wishes};
use crate::args::{PolicyArgs, RunArgs};
use crate::authority::Authority;
use crate::error::Result;
use crate::forecast::Ahead;
use crate::home::Home;
use crate::input::{Given, InputCheck};
use crate::notify::Hooks;
use crate::program::models::{Wanted, recording};
use crate::program::{Bundle, gather};
use crate::project::Project;
use crate::project::models::ModelSettings;
use crate::project::policy::Policy;
use crate::session::{self, CONCURRENCY};
use crate::started::Started;
use crate::{reuse, telemetry};

/// Everything about a run that its input does not decide.
pub struct Prepared {
    /// What runs.
    pub bundle: Bundle,
    /// What the person called it.
    pub(super) workflow: String,
    /// The check of its inputs.
    pub check: InputCheck,
    /// What the project's settings choose to perform its agents, in words and as a backend.
    pub(super) chosen_by_project: Vec<(String, String)>,
    /// The granted directory.
    pub root: Option<PathBuf>,
    /// The commit that is checked out there.
    pub base: Option<String>,
    /// Paths inside it that are the program's own.
    pub own_files: Vec<String>,
    /// What it is held to.
    pub authority: Authority,
    /// What it may consume.
    pub caps: Caps,
    /// Whether it goes on by itself when a provider serves again.
    pub continues: bool,
    /// Where its exchanges with models are kept.
    pub record: Option<PathBuf>,
    /// Agents at work at once in this process.
    pub concurrency: u32,
    /// The same for the run, where the operator said so.
    pub concurrency_asked: Option<u32>,
    /// Limits of the sandbox.
    pub limits: Limits,
    /// The workflow's budget.
    pub budget: Amounts,
    /// The sandbox, if it was set up on the way.
    pub host: Option<Arc<Host>>,
    /// What the person started; none: there is no place to keep that.
    pub started: Option<Started>,
    /// Who is told what happens.
    pub hooks: Hooks,
    /// What is known of what it will come to.
    pub ahead: Ahead,
}

impl Prepared {
    /// Gathers and checks everything. Starts nothing.
    ///
    /// # Errors
    /// When an argument cannot be used, or a part is missing or refused.
    pub fn new(args: &RunArgs, home: &Home) -> Result<Self> {
        Self::gathered(args, home, false)
    }

    /// The same where nothing will be sent to anybody: a key that is not there is only a warning.
    ///
    /// # Errors
    /// When an argument cannot be used, or a part is missing or refused.
    pub fn without_keys(args: &RunArgs, home: &Home) -> Result<Self> {
        Self::gathered(args, home, true)
    }

    fn gathered(args: &RunArgs, home: &Home, keyless: bool) -> Result<Self> {
        let limits = limits(&args.limits)?;
        let mut project = Project::open(home.clone())?;
        let PolicyArgs { grants, denies } = &args.policy;
        let policy = Policy::load(&project.places, grants, denies)?;
        let wishes = wishes(&args.script);
        let variable = |name: &str| std::env::var(name).ok();
        let settings = ModelSettings::load(&project.places, &variable)?;
        let (agents, mut settings) = recording::replay(&args.agents, settings)?;
        let lacking = if keyless { excuse(&agents, &mut settings) } else { Vec::new() };
        let wanted = Wanted { agents: &agents, settings: &settings };
        let mut bundle = gather(&args.workflow, &wanted, wishes, &policy, &mut project)?;
        bundle.warnings.extend(lacking);
        if bundle.unperformed {
            return Err(unperformed(&bundle, &settings));
        }
        let budget = Amounts {
            output_tokens: args.script.budget.or(bundle.budget.output_tokens),
            ..bundle.budget
        };
        let check = InputCheck::new(&bundle.manifest, limits.run)?;
        let root = args.root.as_deref().map(directory).transpose()?;
        bundle.guide(&project.places, root.as_deref(), &settings);
        let caps = settings.caps.updated(&args.caps.caps());
        warn_of_phases(&mut bundle, &caps);
        let flags = args.policy.words();
        let places = &project.places;
        let mut authority =
            Authority::of(&bundle, policy, root.as_deref(), flags, places, &settings)?;
        authority.receipt.agents = Some(args.agents.iter().map(ToString::to_string).collect());
        Ok(Self {
            authority,
            base: base(root.as_deref(), args.base.as_deref())?,
            own_files: reuse::own_files(root.as_deref(), &bundle.own, home),
            chosen_by_project: asking::chosen_by_project(&settings, &bundle.backends),
            bundle,
            workflow: args.workflow.clone(),
            check,
            root,
            caps,
            continues: settings.continues && !args.no_continue,
            record: args.record.clone(),
            concurrency: args.concurrency.unwrap_or(CONCURRENCY),
            concurrency_asked: args.concurrency,
            limits,
            budget,
            started: Started::of(&project.places, home),
            hooks: Hooks::load(&project.places)?,
            ahead: Ahead::new(home, args.forecast),
            host: project.into_host(),
        })
    }

    /// The input of a run. Where none is given, a script gets none at all, and a component what
    /// fits it.
    ///
    /// # Errors
    /// When it cannot be read, or does not fit.
    pub fn input(&mut self, given: Option<Given<'_>>) -> Result<Json> {
        let input = match (given, &mut self.bundle.script) {
            (Some(given), _) => given.read(&self.check),
            (None, Some(script)) => {
                script.absent = true;
                Ok(Json::null())
            }
            (None, None) => self.check.absent(),
        }?;
        self.ahead.input = Some(input.clone());
        Ok(input)
    }

    /// The id of the run to come, which is from now on one that the person started. None where
    /// there is no place to say so.
    pub(super) fn started(&self) -> Result<Option<RunId>> {
        let Some(list) = &self.started else { return Ok(None) };
        let id = format!("run_{}", Ulid::generate());
        list.add(&id)?;
        Ok(id.parse().ok())
    }

    /// What keeps its exchanges with models, if they are to be kept.
    pub(super) async fn recorder(&self) -> Result<Option<Arc<Recorder>>> {
        let Some(dir) = &self.record else { return Ok(None) };
        let Bundle { backends, reach, .. } = &self.bundle;
        let tools = &self.authority.effective.tools;
        recording::begin(dir, backends, &reach.models, tools).await.map(Some)
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
            parts: self.bundle.parts.clone(),
            input,
            scope: self.authority.effective.scope.clone(),
            tools: self.authority.effective.tools.clone(),
            models: self.bundle.reach.models.clone(),
            workers: self.authority.workers.clone(),
            continues: self.continues,
            traceparent: telemetry::context(),
            root: self.root.clone(),
            base: self.base.clone(),
            backends: self.bundle.backends.clone(),
            budget: self.budget,
            caps: self.caps.clone(),
            concurrency: self.concurrency_asked,
            limits: self.limits,
            script: self.bundle.script.clone(),
            by: session::who(),
            own_files: self.own_files.clone(),
            reuse: None,
            follows: None,
            forecast: self.ahead.forecast.clone(),
            waits: false,
            batch,
            seed: None,
            observer,
            watcher: None,
        }
    }
}
