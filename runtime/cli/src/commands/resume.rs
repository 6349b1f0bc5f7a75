//! `baton resume`: go on with a run or batch that stopped.

mod again;
pub mod consent;
pub mod performers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use baton_core::budget::Caps;
use baton_core::ids::RunId;
use baton_core::record::{Pause, RunStarted};
use baton_engine::{ResumeOptions, RunReport};
use baton_journal::rows::{RunRow, State};
use baton_journal::store::{Control, Journal};

use crate::args::{CapArgs, Common, ResultArgs, ResumeArgs, WaitArgs};
use crate::codes::{Code, Exit};
use crate::commands::each;
use crate::control::{self, Told, unread};
use crate::driving::{Company, waits};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::input::{Given, InputCheck};
use crate::notify::Hooks;
use crate::output::note;
use crate::program::models::recording;
use crate::project::places::Places;
use crate::session::{self, CONCURRENCY, Session};
use crate::totals::Totals;
use crate::{detach, home, records, result, reuse, select};

use self::consent::Granted;

/// Time between two looks whether a process that paused a run has let go of it.
const LEAVING_INTERVAL: Duration = Duration::from_millis(20);
/// Looks before it counts as one that stays.
const LEAVING_LOOKS: u32 = 250;

/// Goes on with a run or batch, or shows the result of a run that has ended.
///
/// # Errors
/// When there is no such thing, it cannot go on, or it has no result.
pub fn run(args: &ResumeArgs, common: &Common) -> Result<Exit> {
    let caps = match &args.background {
        Some(caps) => detach::settle(caps)?,
        None => args.caps.caps(),
    };
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    if args.id.starts_with(select::BATCH_PREFIX) {
        if !args.agents.is_empty() {
            let message = format!("--agent is of one run, and {} is a batch", args.id);
            return Err(CliError::new(Code::Argument, message)
                .hint("`baton ls --batch BATCH` lists its runs"));
        }
        return each::resume(args, &caps, &home, common);
    }
    let (row, started, ended) = home::block_on(async {
        let row = select::run(&*journal, &args.id).await?;
        let started = records::started(&*journal, &row.run).await?;
        same_input(args, &started)?;
        let ended = records::finished(&*journal, &row).await?;
        Ok((row, started, ended))
    })?;
    let concurrency = started.concurrency.unwrap_or(CONCURRENCY);
    if let Some(ended) = ended {
        note(&format!("{} has already ended; this is its recorded result", row.run));
        let (decisions, totals) = home::block_on(async {
            let decisions = reuse::decisions(&*journal, &row.run).await?;
            Ok((decisions, Totals::of(&*journal, &row.run).await?))
        })?;
        let report = recorded(&row, ended, reuse::count(&decisions));
        return result::show(report, &totals, &args.result);
    }
    let id = consent::started_as(&row);
    let mut granted = Granted::from(&*started);
    let mine = consent::is_mine(id, &home)?;
    let replaced;
    if !mine {
        let runs = std::slice::from_ref(&row.run);
        granted.recorded = home::block_on(consent::programs_on_record(&*journal, runs))?;
        replaced = home::block_on(consent::replaced_on_record(&*journal, runs))?;
        granted.replaced = replaced.as_deref();
    }
    let denied = || {
        home::block_on(async {
            let mut runs = vec![row.run.clone()];
            // A fork begins with what its run was granted, and is held to policy as soon as it is driven.
            if let Some(fork) = &started.fork
                && journal.run(&fork.run).await?.is_some()
            {
                runs.push(fork.run.clone());
            }
            consent::denied_on_record(&*journal, &runs).await
        })
    };
    consent::allow(id, granted, denied, args.yes, &home)?;
    let programs = performers::named(&args.agents, &started)?;
    if !mine || !programs.is_empty() {
        home::block_on(performers::all_here(&*journal, &row.run, &started, &programs))?;
    }
    let row = home::block_on(settled(&*journal, row))?;
    if row.owned && !programs.is_empty() {
        let message = format!("another process drives {}, with the programs it has", row.run);
        return Err(CliError::new(Code::Owned, message).hint(format!(
            "end that process first; `baton pause {}` keeps what is done",
            row.run
        )));
    }
    if row.owned && row.state == State::Paused {
        return elsewhere(args, &home, &row);
    }
    if row.owned && home::block_on(records::pausing(&*journal, &row))? {
        return home::block_on(take_back(&home, &row, args.result.json));
    }
    if !row.owned && args.background.is_none() {
        home::block_on(say_pauses(&*journal, &row.run, args.anyway))?;
    }
    let substitute = args.workflow.as_deref().map(bytes).transpose()?;
    if args.detach {
        if row.owned {
            let message = format!("another process drives {} already", row.run);
            return Err(CliError::new(Code::Owned, message)
                .hint(format!("`baton attach {}` follows it", row.run)));
        }
        return detach::go_on(&home, &row.run, &caps, &more(args)?, args.result.json);
    }
    let hooks = Hooks::load(&Places::find()?)?;
    let continues = args.no_continue.then_some(false);
    let (report, totals) = session::block_on(async {
        let recorder = match &args.record {
            Some(dir) => {
                let RunStarted { backends, models, tools, .. } = &*started;
                Some(recording::begin(dir, backends, models, tools).await?)
            }
            None => None,
        };
        let session = Session::over(&home, None, concurrency, 1, recorder.clone())?;
        let company = Company::drivers(&session.journal, &hooks);
        let options = ResumeOptions {
            caps,
            programs,
            by: session::who(),
            substitute,
            observer: Some(company.observer()),
            watcher: Some(company.watcher()),
            continues,
            waits: waits(args.wait),
            anyway: args.anyway,
            strange: !mine,
        };
        let handle = session.engine.resume(&row.run, options).await?;
        if args.background.is_some() {
            detach::owns(&home, row.run.as_str())?;
        }
        session.obey_signals(format!("baton resume {}", row.run))?;
        let following = company.follow(&session.journal, continues, common.plain);
        let report = handle.wait().await;
        let totals = following.finish().await;
        recording::complain(recorder.as_deref());
        Ok((report, totals))
    })?;
    result::show(report, &totals, &args.result)
}

/// Goes on with a run here, as `baton resume RUN` would.
///
/// # Errors
/// Those of [`run`].
pub fn go_on(run: &RunId, result: &ResultArgs, common: &Common) -> Result<Exit> {
    let args = ResumeArgs {
        id: run.to_string(),
        caps: CapArgs::default(),
        input: None,
        text: None,
        yes: false,
        anyway: false,
        no_continue: false,
        detach: false,
        background: None,
        record: None,
        wait: WaitArgs::default(),
        workflow: None,
        agents: Vec::new(),
        result: *result,
        runs: 1,
    };
    self::run(&args, common)
}

/// Arguments of the process in the background that are not about caps.
fn more(args: &ResumeArgs) -> Result<Vec<String>> {
    let mut more = Vec::new();
    if args.anyway {
        more.push("--anyway".to_owned());
    }
    if args.no_continue {
        more.push("--no-continue".to_owned());
    }
    more.extend(args.agents.iter().map(|agent| format!("--agent={agent}")));
    if let Some(path) = &args.workflow {
        let path =
            std::path::absolute(path).map_err(|error| CliError::file("use", path, &error))?;
        more.push(format!("--workflow={}", path.display()));
    }
    Ok(more)
}

/// Says who asked for a pause that lies unread, and what becomes of that.
async fn say_pauses(journal: &dyn Journal, run: &RunId, anyway: bool) -> Result<()> {
    if let Some(first) = unread::pauses(journal, run).await?.first() {
        let who = unread::signed(first);
        note(&match anyway {
            true => format!("{who} asked {run} to pause; it goes on all the same"),
            false => format!(
                "{who} asked {run} to pause, so it pauses now (`baton resume {run}` goes on then; \
                 --anyway passes over that at once)"
            ),
        });
    }
    Ok(())
}

/// Takes a pause back that has not come about yet.
async fn take_back(home: &Home, row: &RunRow, json: bool) -> Result<Exit> {
    let journal = home.write()?;
    let run = &row.run;
    let fate = control::order(&*journal, run, Control::Resume).await?;
    let told = Told {
        done: format!("{run} does not pause: it goes on in the process that drives it"),
        later: "it goes on".into(),
        next: Some(format!("`baton attach {run}` follows it")),
        ..Told::new(run, None, "resume", fate)
    };
    told.show(json)
}

/// The row of a run once a process that has paused it for good has let go of it.
async fn settled(journal: &dyn Journal, mut row: RunRow) -> Result<RunRow> {
    for _ in 0..LEAVING_LOOKS {
        let leaves = row.owned
            && matches!(
                records::paused(journal, &row).await?,
                Some(Pause::Person { .. } | Pause::Cap { .. } | Pause::Interrupted)
            );
        if !leaves {
            break;
        }
        tokio::time::sleep(LEAVING_INTERVAL).await;
        let Some(now) = journal.run(&row.run).await? else { break };
        row = now;
    }
    Ok(row)
}

/// Goes on with a run that is paused in another process, which alone can do that.
fn elsewhere(args: &ResumeArgs, home: &Home, row: &RunRow) -> Result<Exit> {
    if args.caps.caps() != Caps::default() || args.workflow.is_some() || args.no_continue {
        let message = format!("{} waits in another process, with the caps it has", row.run);
        return Err(CliError::new(Code::Owned, message).hint(format!(
            "end that process with Ctrl-C first; `baton resume {}` alone makes it go on",
            row.run
        )));
    }
    home::block_on(again::ask(home, row, args.result.json))
}

/// A run keeps the input it began with: another one is another run.
fn same_input(args: &ResumeArgs, started: &RunStarted) -> Result<()> {
    let Some(given) = Given::of(args.input.as_deref(), args.text.as_deref()) else {
        return Ok(());
    };
    let given = given.read(&InputCheck::any(started.limits.run))?;
    let absent = started.script.as_ref().is_some_and(|script| script.absent);
    if !absent && given.value() == started.input.value() {
        return Ok(());
    }
    let message = format!("{} began with another input, and goes on with it", started.run);
    Err(CliError::new(Code::Argument, message).hint(format!(
        "`baton run … --reuse {}` begins a run with the new input and pays only for what changed",
        started.run
    )))
}

/// The report of a run that ended earlier. `reused`: agents with results of another run.
#[must_use]
pub fn recorded(
    row: &RunRow,
    (outcome, usage): (baton_core::handoff::Outcome, baton_core::handoff::Usage),
    reused: u64,
) -> RunReport {
    RunReport {
        run: row.run.clone(),
        state: row.state,
        outcome: Some(outcome),
        pause: None,
        usage,
        failed_tasks: row.failed_tasks,
        reused,
        error: None,
    }
}

/// The component or script to go on with. Whether it fits is decided by the replay.
fn bytes(path: &Path) -> Result<Arc<[u8]>> {
    let bytes = std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
    Ok(bytes.into())
}
