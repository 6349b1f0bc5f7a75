//! `baton run`: start a workflow and show its result.

mod asking;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::budget::{Amounts, Caps};
use baton_core::ids::RunId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::record::BatchLine;
use baton_core::spec::SCHEMA_ATTEMPTS_MAX;
use baton_engine::{NewRun, Observer, RunReport};
use baton_host::Host;
use baton_models::recorded::Recorder;
use ulid::Ulid;

use crate::args::{CapArgs, Common, PolicyArgs, RunArgs, ScriptArgs, WaitArgs};
use crate::authority::Authority;
use crate::codes::{Code, Exit};
use crate::driving::{Company, waits};
use crate::error::{CliError, Result};
use crate::forecast::Ahead;
use crate::home::Home;
use crate::input::{Given, InputCheck};
use crate::notify::Hooks;
use crate::output::{WARN, note};
use crate::program::models::{Wanted, recording};
use crate::program::{Bundle, ScriptWishes, gather};
use crate::project::Project;
use crate::project::models::ModelSettings;
use crate::project::policy::Policy;
use crate::session::{self, CONCURRENCY, Session};
use crate::started::Started;
use crate::text::{nearest, paint};
use crate::totals::Totals;
use crate::value::AgentArg;
use crate::{commands, detach, result, reuse, servers, telemetry};

pub use self::asking::Wish;

/// Starts a run, or a batch of them.
///
/// # Errors
/// When it cannot be started, or has no result.
pub fn run(args: &RunArgs, common: &Common) -> Result<Exit> {
    if let Some(inputs) = &args.each {
        return commands::each::start(args, inputs, common);
    }
    let begun = if args.detach {
        prepare(args, common)
    } else {
        drive(args, common).map(|ended| Begun::Ended(Box::new(ended)))
    };
    match begun {
        Ok(Begun::Ended(ended)) => {
            let (report, totals) = *ended;
            result::show(report, &totals, &args.result)
        }
        Ok(Begun::Prepared(home, run)) => {
            detach::go_on(&home, &run, &Caps::default(), &[], args.result.json)
        }
        Err(error) => {
            if args.result.json {
                result::show_failed_start(&error)?;
            }
            Err(error)
        }
    }
}

/// What was started.
enum Begun {
    /// A run that this process drove as far as it goes.
    Ended(Box<(RunReport, Totals)>),
    /// A run that nobody drives yet.
    Prepared(Home, RunId),
}

/// Makes a run durable that another process will drive.
fn prepare(args: &RunArgs, common: &Common) -> Result<Begun> {
    let home = Home::find(common)?;
    let reuse = reuse::chosen(&args.reuse, &home)?;
    let mut prepared = Prepared::new(args, &home)?;
    let input = prepared.input(Given::of(args.input.as_deref(), args.text.as_deref()))?;
    prepared.consent(Wish::of(args), 1)?;
    let host = prepared.host.take();
    let run = session::block_on(async {
        servers::ask(&mut prepared).await?;
        let session = Session::over(&home, host, prepared.concurrency, 1, None)?;
        let id = prepared.started()?;
        let new = NewRun { id, reuse, ..prepared.new_run(input, None, None) };
        Ok(session.engine.prepare(new).await?)
    })?;
    Ok(Begun::Prepared(home, run))
}

fn drive(args: &RunArgs, common: &Common) -> Result<(RunReport, Totals)> {
    let home = Home::find(common)?;
    let reuse = reuse::chosen(&args.reuse, &home)?;
    let mut prepared = Prepared::new(args, &home)?;
    let input = prepared.input(Given::of(args.input.as_deref(), args.text.as_deref()))?;
    let how = (Wish::of(args), args.wait);
    go(prepared, input, how, &home, common, |new| NewRun { reuse, ..new })
}

/// Lets a person decide, starts a run of what was prepared, and stays with it until that lets go.
/// `how`: whether the person wants to be asked, and whether the process stays while only people are
/// waited for. `change`: what is different about the run.
///
/// # Errors
/// When it may not start, or cannot.
pub fn go(
    mut prepared: Prepared,
    input: Json,
    (wish, wait): (Wish, WaitArgs),
    home: &Home,
    common: &Common,
    change: impl FnOnce(NewRun) -> NewRun,
) -> Result<(RunReport, Totals)> {
    prepared.consent(wish, 1)?;
    let host = prepared.host.take();
    session::block_on(async {
        servers::ask(&mut prepared).await?;
        let recorder = prepared.recorder().await?;
        let session = Session::over(home, host, prepared.concurrency, 1, recorder.clone())?;
        let company = Company::drivers(&session.journal, &prepared.hooks);
        let id = prepared.started()?;
        let new = prepared.new_run(input, None, Some(company.observer()));
        let watcher = Some(company.watcher());
        let new = change(NewRun { id, watcher, waits: waits(wait), ..new });
        let handle = session.engine.start(new).await?;
        session.obey_signals(format!("baton resume {}", handle.run()))?;
        let following = company.follow(&session.journal, None, common.plain);
        let report = handle.wait().await;
        let totals = following.finish().await;
        if let Some(trouble) = recorder.and_then(|recorder| recorder.trouble()) {
            note(&format!("{} the recording is not whole: {trouble}", paint(WARN, "warning:")));
        }
        Ok((report, totals))
    })
}

/// Caps as they were given.
#[must_use]
pub fn caps(args: &CapArgs) -> Caps {
    args.caps()
}

/// Everything about a run that its input does not decide.
pub struct Prepared {
    /// What runs.
    pub bundle: Bundle,
    /// What the person called it.
    workflow: String,
    /// The check of its inputs.
    pub check: InputCheck,
    /// What the project's settings choose to perform its agents, in words and as a backend.
    chosen_by_project: Vec<(String, String)>,
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
    fn started(&self) -> Result<Option<RunId>> {
        let Some(list) = &self.started else { return Ok(None) };
        let id = format!("run_{}", Ulid::generate());
        list.add(&id)?;
        Ok(id.parse().ok())
    }

    /// What keeps its exchanges with models, if they are to be kept.
    async fn recorder(&self) -> Result<Option<Arc<Recorder>>> {
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

/// The variable that says how often an agent may try to fit a schema.
const ATTEMPTS: &str = "MAX_STRUCTURED_OUTPUT_RETRIES";

/// What the flags and the environment say about scripts.
fn wishes(args: &ScriptArgs) -> ScriptWishes {
    let variable = std::env::var(ATTEMPTS).ok().filter(|text| !text.trim().is_empty());
    let schema_attempts = args.schema_attempts.or_else(|| {
        let text = variable?;
        let asked = text.trim().parse::<u32>().ok();
        let used = asked.map(|asked| asked.clamp(1, SCHEMA_ATTEMPTS_MAX));
        if asked.is_none() || used != asked {
            let used = used.unwrap_or(SCHEMA_ATTEMPTS_MAX);
            note(&format!(
                "{} {ATTEMPTS} must be from 1 to {SCHEMA_ATTEMPTS_MAX}; {used} is used",
                paint(WARN, "note:")
            ));
        }
        used
    });
    ScriptWishes {
        lenient: args.lenient,
        extensions: args.extensions,
        schema_attempts: schema_attempts.unwrap_or(SCHEMA_ATTEMPTS_MAX),
    }
}

/// Lets the providers that somebody named do without their keys, and says so.
fn excuse(agents: &[AgentArg], settings: &mut ModelSettings) -> Vec<String> {
    let named = agents.iter().map(|agent| agent.backend.split(':').next().unwrap_or_default());
    let lacking = named.filter_map(|provider| settings.problems.remove_entry(provider));
    let told = |(provider, problem)| format!("a run is refused: no key of {provider}: {problem}");
    lacking.map(told).collect()
}

/// Says which caps are of phases that the workflow does not declare: they may limit nothing.
fn warn_of_phases(bundle: &mut Bundle, caps: &Caps) {
    let declared = &bundle.manifest.phases;
    if declared.is_empty() {
        return;
    }
    let unknown = caps.phases.keys().filter(|title| !declared.contains(title));
    let known = declared.join(", ");
    let warnings: Vec<String> = unknown
        .map(|title| {
            format!("no phase `{title}` is declared, of which there is a cap; there are: {known}")
        })
        .collect();
    bundle.warnings.extend(warnings);
}

/// Nobody performs the agents of a script: says who could.
fn unperformed(bundle: &Bundle, settings: &ModelSettings) -> CliError {
    let script = bundle.script.as_ref().map_or("", |script| script.path.as_str());
    let message = format!("{script} spawns agents, and nothing performs them");
    let ready = settings
        .providers
        .iter()
        .filter(|(name, known)| known.definition.key.is_some() && settings.problem(name).is_none());
    let ready: Vec<&str> = ready.map(|(name, _)| name.as_str()).collect();
    let hint = match ready.first() {
        Some(provider) => format!("--agent {provider} (its key is there), "),
        None => "--agent PROVIDER:MODEL (`baton models` lists them), ".into(),
    };
    CliError::new(Code::Incomplete, message).hint(format!(
        "name a backend: {hint}--agent claude, --agent 'command:./worker' or --agent component:NAME"
    ))
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

/// The commit that isolated agents begin with: what a person named, else what is checked out in the
/// directory to be granted.
fn base(root: Option<&Path>, revision: Option<&str>) -> Result<Option<String>> {
    let Some(root) = root else { return Ok(None) };
    session::block_on(async {
        let Some(revision) = revision else {
            return Ok(baton_agents::isolation::head(root).await);
        };
        baton_agents::isolation::resolve(root, revision).await.map(Some).map_err(|why| {
            let message = format!("there is no commit `{revision}` in {}", root.display());
            CliError::new(Code::Argument, message).because(&std::io::Error::other(why))
        })
    })
}

/// The directory to be granted, without links in its path.
///
/// # Errors
/// When there is none.
pub fn directory(path: &Path) -> Result<PathBuf> {
    let full = path.canonicalize().map_err(|error| {
        CliError::file("use the root", path, &error).hint("--root takes a directory that is there")
    })?;
    if !full.is_dir() {
        let message = format!("the root {} is not a directory", path.display());
        return Err(CliError::new(Code::File, message).hint("--root takes a directory"));
    }
    Ok(full)
}
