//! `baton fork`: a run that begins with the record of another.

mod edit;
mod place;
mod program;
mod told;

use std::sync::Arc;

use baton_core::budget::Caps;
use baton_core::fork::{Cut, Edit, ForkError, Plan, plan};
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::{Body, Record, RunStarted, Work};
use baton_core::replay::Divergence;
use baton_core::run::Run;
use baton_engine::EngineError;
use baton_engine::fork::{self, ForkParts, Forking, Ready};
use baton_host::Host;
use baton_journal::error::JournalError;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use crate::args::{BeginArgs, Common, ForkArgs};
use crate::codes::{Code, Exit};
use crate::commands::resume;
use crate::commands::resume::consent::{self, Granted};
use crate::error::{CliError, Result};
use crate::home::{self, Home};
use crate::output::note;
use crate::project::places::Places;
use crate::started::Started;
use crate::text::one_line;
use crate::{detach, records, session, telemetry};

pub use self::place::task_of;

/// Forks a run, and goes on with the fork.
///
/// # Errors
/// When there is no such place, the edit does not fit, the person declines, or the fork has no result.
pub fn run(args: &ForkArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    let (row, cut) = home::block_on(place::find(&*journal, &args.run, args.at.as_deref()))?;
    let parent = Parent::read(&*journal, row)?;
    let edit = edit::of(args, &parent, &cut)?;
    if args.workflow.is_none() && !args.policy.words().is_empty() {
        let message =
            "--grant and --deny are about another program; a fork keeps what the run was granted";
        return Err(CliError::new(Code::Argument, message).hint("--workflow names another program"));
    }
    let plan = parent.plan(&cut, edit.as_ref())?;
    home::block_on(edit::check(&parent, &cut, edit.as_ref()))?;
    let reuse = args.reuse.then(|| match &cut {
        Cut::At(task) if !task.is_root() => vec![task.clone()],
        Cut::At(_) | Cut::After(_) => Vec::new(),
    });
    let other = match &args.workflow {
        Some(workflow) => Some(program::prepare(workflow, args, &parent.started, &home)?),
        None => None,
    };
    parent.go(Wish { cut, plan, reuse, other }, &args.begin, &home, common)
}

/// What is to become of a run.
pub struct Wish {
    /// Where the fork leaves it.
    pub cut: Cut,
    /// With what the fork begins.
    pub plan: Plan,
    /// Whether it takes results of the run, and of which tasks not.
    pub reuse: Option<Vec<TaskPath>>,
    /// Another program.
    pub other: Option<program::Other>,
}

/// The run that is forked.
pub struct Parent {
    /// Its row.
    pub row: RunRow,
    /// What it began with.
    pub started: Box<RunStarted>,
    /// Everything on record of it.
    pub records: Vec<Record>,
}

impl Parent {
    /// Reads a run.
    ///
    /// # Errors
    /// Those of the journal.
    pub fn read(journal: &dyn Journal, row: RunRow) -> Result<Self> {
        home::block_on(async {
            let started = records::started(journal, &row.run).await?;
            let mut all = Vec::new();
            records::after(journal, &row.run, 0, |record| {
                all.push(record);
                Ok(())
            })
            .await?;
            Ok(Self { row, started, records: all })
        })
    }

    /// With what a fork begins.
    ///
    /// # Errors
    /// When the run cannot be forked like this.
    pub fn plan(&self, cut: &Cut, edit: Option<&Edit>) -> Result<Plan> {
        plan(&self.records, cut, edit).map_err(|error| refused(&self.row.run, error))
    }

    /// A fork that can be written. Another program has repeated what it shares.
    fn ready(&self, mut wish: Wish, begin: &BeginArgs, home: &Home) -> Result<Ready> {
        let caps = self.fold()?.caps().updated(&begin.caps.caps());
        let host = match &mut wish.other {
            // The workflows of the run that are open repeat as well, held to its limits.
            Some(other) => {
                consent::allow_repeat(&self.row, &self.started.limits, begin.yes, home)?;
                Some(host(other.host.take(), home)?)
            }
            None => None,
        };
        let parts = ForkParts { journal: home.read_existing()?, host };
        session::block_on(async {
            let tried = match fork::ready(&parts, self.forking(&wish, &caps)).await {
                Err(EngineError::Diverged(divergence)) => {
                    match self.before_asked(&wish, &divergence)? {
                        Some(plan) => {
                            wish.plan = plan;
                            fork::ready(&parts, self.forking(&wish, &caps)).await
                        }
                        None => Err(EngineError::Diverged(divergence)),
                    }
                }
                tried => tried,
            };
            tried.map_err(|error| self.diverged(error, &wish))
        })
    }

    /// Another program may ask for the very task at the cut in another way. Then the fork begins before
    /// that was asked for, and not before its end. None: it is about something else.
    fn before_asked(&self, wish: &Wish, divergence: &Divergence) -> Result<Option<Plan>> {
        let Cut::At(task) = &wish.cut else { return Ok(None) };
        let diverged = divergence.seq.and_then(|seq| record(&wish.plan.records, seq));
        if asked_for(diverged) != Some(task) {
            return Ok(None);
        }
        let own = self.records.iter().find(|own| asked_for(Some(*own)) == Some(task));
        let Some(own) = own else { return Ok(None) };
        note(&format!(
            "the other program asks for /{task} in another way: the fork begins before it was asked for, at \
             record {}",
            own.seq - 1
        ));
        self.plan(&Cut::After(own.seq - 1), Some(&Edit::Workflow)).map(Some)
    }

    /// The number that a shared record has in the run itself: of those before it, a fork may leave out
    /// some.
    fn own_number(&self, shared: &[Record], seq: u64) -> u64 {
        let Some(shared) = record(shared, seq) else { return seq };
        let is_it = |own: &&Record| match asked_for(Some(shared)) {
            Some(task) => asked_for(Some(*own)) == Some(task),
            None => own.at == shared.at && own.body == shared.body,
        };
        self.records.iter().find(is_it).map_or(seq, |own| own.seq)
    }

    /// Says what will be, asks where that is due, writes the fork, and goes on with it.
    ///
    /// # Errors
    /// When the person declines, the fork cannot be written, or it has no result.
    pub fn go(&self, wish: Wish, begin: &BeginArgs, home: &Home, common: &Common) -> Result<Exit> {
        let (another, reuse) = (wish.other.is_some(), wish.reuse.clone());
        let ready = self.ready(wish, begin, home)?;
        told::say(self, ready.plan(), reuse.as_deref(), begin)?;
        if begin.dry_run {
            return Ok(Exit::Done);
        }
        told::ask(ready.plan(), reuse.as_deref(), begin.yes)?;
        self.allow(another, home, begin.yes)?;
        let id = self.write(ready, home)?;
        told::made(&id);
        if begin.detach {
            return detach::go_on(home, &id, &Caps::default(), &[], begin.result.json);
        }
        resume::go_on(&id, &begin.result, common)
    }

    /// A fork may do what the run was allowed to, if the person may go on with that.
    fn allow(&self, another: bool, home: &Home, yes: bool) -> Result<()> {
        let run = &self.row.run;
        let id = consent::started_as(&self.row);
        let mut granted = Granted::from(&*self.started);
        let replaced;
        if !consent::is_mine(id, home)? {
            let journal = home.read_existing()?;
            let runs = std::slice::from_ref(run);
            granted.recorded = home::block_on(consent::programs_on_record(&*journal, runs))?;
            replaced = home::block_on(consent::replaced_on_record(&*journal, runs))?;
            granted.replaced = replaced.as_deref();
            // Another program was asked about; what is open on record was not, and is performed with
            // what the record says of it.
            granted.recorded |= another && self.has_tools();
        }
        let denied = || {
            let journal = home.read_existing()?;
            home::block_on(consent::denied_on_record(&*journal, std::slice::from_ref(run)))
        };
        consent::allow(id, granted, denied, yes, home)
    }

    /// Whether tools are called on record.
    fn has_tools(&self) -> bool {
        self.records.iter().any(|record| match &record.body {
            Body::Spawned { work, .. } | Body::Called { work, .. } => {
                matches!(**work, Work::Tool { .. })
            }
            _ => false,
        })
    }

    fn fold(&self) -> Result<Run> {
        Run::from_records(self.records.iter().cloned())
            .map_err(|error| refused(&self.row.run, error.into()))
    }

    fn forking(&self, wish: &Wish, caps: &Caps) -> Forking {
        Forking {
            run: self.row.run.clone(),
            plan: wish.plan.clone(),
            by: session::who(),
            caps: caps.clone(),
            continues: None,
            reuse: wish.reuse.clone(),
            program: wish.other.as_ref().map(|other| Box::new(other.new.clone())),
            traceparent: telemetry::context(),
        }
    }

    /// Writes a fork, which is from now on one that the person started.
    fn write(&self, ready: Ready, home: &Home) -> Result<RunId> {
        if let Some(list) = Started::of(&Places::find()?, home) {
            list.add(ready.id().as_str())?;
        }
        session::block_on(async {
            let journal = home.write()?;
            match ready.write(&*journal).await {
                // Removed since it was read, with what only it named.
                Err(EngineError::Journal(JournalError::NoBlob(_)))
                    if journal.run(&self.row.run).await?.is_none() =>
                {
                    Err(JournalError::NoRun(self.row.run.clone()).into())
                }
                written => Ok(written?),
            }
        })
    }

    /// Another program does something else than is shared.
    fn diverged(&self, error: EngineError, wish: &Wish) -> CliError {
        let (EngineError::Diverged(divergence), Some(other)) = (&error, &wish.other) else {
            return error.into();
        };
        let anew = format!(
            "`baton run {} --reuse {}` begins anew and takes what is the same",
            shell_words::quote(&one_line(&other.named)),
            self.row.run
        );
        let hint = match divergence.seq {
            Some(seq) => {
                let before = self.own_number(&wish.plan.records, seq).saturating_sub(1).max(1);
                format!("fork before that: --at {before}; or {anew}")
            }
            None => anew,
        };
        let message = format!("the other program does not repeat what is shared: {divergence}");
        CliError::new(Code::Diverged, message).hint(hint)
    }
}

/// The record with this number.
fn record(records: &[Record], seq: u64) -> Option<&Record> {
    records.get(usize::try_from(seq.checked_sub(1)?).ok()?)
}

/// The task that a record is the request for.
fn asked_for(record: Option<&Record>) -> Option<&TaskPath> {
    match &record?.body {
        Body::Spawned { task, .. } => Some(task),
        _ => None,
    }
}

fn host(ready: Option<Arc<Host>>, home: &Home) -> Result<Arc<Host>> {
    match ready {
        Some(host) => Ok(host),
        None => Ok(Arc::new(session::host(home)?)),
    }
}

fn refused(run: &RunId, error: ForkError) -> CliError {
    let hint = match &error {
        ForkError::NoTask(_) => format!("`baton tree {run}` lists the tasks"),
        ForkError::NoRecord { .. } => format!("`baton journal {run}` lists the records"),
        ForkError::Call { agent, .. } => {
            format!("its agent can be done again: --at {run}/{agent}")
        }
        ForkError::NoPlace => "name the task: --at /3/1".into(),
        ForkError::Kind { .. } => {
            "outputs are those of agents, tools, workflows and gates; inputs those of agents, tools and \
             nested workflows"
                .into()
        }
        ForkError::Unfit(_) => "`baton show TASK` shows what was asked".into(),
        ForkError::Records(_) => "`baton journal --verify` checks everything".into(),
    };
    let code = match &error {
        ForkError::NoTask(_) => Code::NoRun,
        ForkError::Records(_) => Code::Damaged,
        _ => Code::NoFork,
    };
    CliError::new(code, error.to_string()).hint(hint)
}
