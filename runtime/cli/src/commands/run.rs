//! `baton run`: start a workflow and show its result.

mod asking;
mod prepared;
mod settings;

use std::path::PathBuf;

use baton_core::budget::Caps;
use baton_core::ids::RunId;
use baton_core::json::Json;
use baton_engine::{NewRun, RunReport};

use crate::args::{Common, RunArgs, WaitArgs};
use crate::codes::Exit;
use crate::driving::{Company, waits};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::input::Given;
use crate::program::models::recording;
use crate::session::{self, Session};
use crate::totals::Totals;
use crate::{commands, detach, result, reuse, servers};

pub use self::asking::Wish;
pub use self::prepared::Prepared;
pub use self::settings::directory;

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
            let more: Vec<String> =
                args.record.iter().map(recording_flag).collect::<Result<_>>()?;
            detach::go_on(&home, &run, &Caps::default(), &more, args.result.json)
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

/// Where another process keeps exchanges with models, wherever it works.
fn recording_flag(dir: &PathBuf) -> Result<String> {
    let path = std::path::absolute(dir).map_err(|error| CliError::file("use", dir, &error))?;
    Ok(format!("--record={}", path.display()))
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
        // Begun here, where whoever asks for it hears why it cannot be.
        drop(prepared.recorder().await?);
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
        recording::complain(recorder.as_deref());
        Ok((report, totals))
    })
}
