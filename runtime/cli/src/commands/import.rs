//! `baton import`: a run out of a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use baton_core::ids::RunId;
use baton_core::record::RunStarted;
use baton_journal::error::JournalError;
use baton_journal::rows::State;
use baton_journal::store::Journal;
use serde::Serialize;
use ulid::Ulid;

use crate::args::{Common, ImportArgs};
use crate::codes::{Code, Exit};
use crate::commands::resume::performers::program;
use crate::commands::run::directory;
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::{WARN, note, stdout};
use crate::portable::{self, Adapt, Reading};
use crate::project::places::Places;
use crate::records;
use crate::session;
use crate::shapes;
use crate::started::Started;
use crate::text::{one_line, paint, plural};

/// Bytes of blobs that are in memory at once.
const BLOBS_AT_ONCE: usize = 16 << 20;

/// What `--json` prints.
#[derive(Serialize)]
struct Imported<'a> {
    run: &'a str,
    state: State,
    records: u64,
    blobs: u64,
    root: Option<&'a str>,
    result: &'static str,
}

/// Brings a run in.
///
/// # Errors
/// When the file is no run, or does not fit what is here.
pub fn run(args: &ImportArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let root = args.root.as_deref().map(directory).transpose()?;
    let file: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(&args.file);
        Box::new(opened.map_err(|error| CliError::file("read", &args.file, &error))?)
    };
    let journal = home.write()?;
    let mut reading = portable::open(file, home.dir(), journal.now(), args.yes)?;
    let id: Option<RunId> = match args.as_new {
        true => format!("run_{}", Ulid::generate()).parse().ok(),
        false => None,
    };
    let mut started = reading.started.clone();
    let there = started.root.take();
    // A directory stands for the one that was granted, and grants nothing by itself.
    let adapt = Adapt { root: root.clone().filter(|_| there.is_some()), run: id };
    started.root.clone_from(&there);
    adapt.change_start(&mut started);
    let run = started.run.clone();
    let (records, blobs) = (reading.manifest.records, reading.manifest.blobs.len() as u64);
    let notes = notes(&started, there.as_deref(), adapt.root.as_deref());
    if args.root.is_some() && there.is_none() {
        note(&format!("{run} was granted no directory: --root means nothing to it"));
    }
    reading.records.adapt(adapt);
    let known = session::block_on(async {
        if known(&*journal, &run, &reading).await? {
            stands_for(&*journal, &run, there.is_some(), root.as_deref()).await?;
            return Ok(true);
        }
        disown(&run, &home)?;
        take(&*journal, reading).await?;
        Ok(false)
    })?;
    let row = session::block_on(async {
        let row = journal.run(&run).await?;
        row.ok_or_else(|| JournalError::NoRun(run.clone()).into())
    })?;
    if args.json {
        let result = if known { "known" } else { "imported" };
        let shape = Imported {
            run: run.as_str(),
            state: row.state,
            records,
            blobs,
            root: started.root.as_deref(),
            result,
        };
        stdout(&shapes::line(&shape)?)?;
    }
    if known {
        note(&format!("{run} is here already, with these records: nothing was to do"));
        return Ok(Exit::Done);
    }
    note(&format!(
        "{run} ({}, {}) with {} and {} was imported",
        one_line(&row.name),
        row.state.as_str(),
        plural(records, "record"),
        plural(blobs, "blob")
    ));
    if row.state.is_final() {
        note(&format!("`baton show {run}` shows its result"));
    } else {
        for line in notes {
            note(&format!("{} {line}", paint(WARN, "note:")));
        }
        note(&format!(
            "you did not start it: `baton show {run}` says what it was granted, `baton resume {run}` \
             goes on with that"
        ));
    }
    Ok(Exit::Done)
}

/// What a person should know before they go on with it.
fn notes(started: &RunStarted, there: Option<&str>, here: Option<&Path>) -> Vec<String> {
    let mut notes = Vec::new();
    match (there, here) {
        (Some(there), Some(here)) => notes.push(format!(
            "it was granted {} there, and {} stands for that here",
            one_line(there),
            here.display()
        )),
        (Some(there), None) if !Path::new(there).is_dir() => notes.push(format!(
            "it was granted {}, which is not here: import it with --root DIR to go on",
            one_line(there)
        )),
        (Some(there), None) => notes.push(format!(
            "it was granted {}, and goes on with the directory of that name here; --root names another",
            one_line(there)
        )),
        (None, _) => {}
    }
    if let (Some(base), Some(_)) = (&started.base, there) {
        notes.push(format!(
            "agents with a worktree of their own begin with the commit {}, which must be in the \
             repository here",
            one_line(base)
        ));
    }
    let backends = &started.backends;
    let chosen = backends.all.iter().chain(backends.by_type.values()).chain(&backends.default);
    for backend in chosen {
        if let Some(program) = program(backend).filter(|program| !program.exists()) {
            let (kind, _) = backend.split_once(':').unwrap_or_default();
            notes.push(format!(
                "its agents are performed by {}, which is not here: `baton resume {} --agent \
                 {kind}:PROGRAM` names another one",
                one_line(&program.display().to_string()),
                started.run
            ));
        }
    }
    notes
}

/// Whether the run is here already, with the same records. What it may be beside that is an error.
async fn known<R: Read>(journal: &dyn Journal, run: &RunId, reading: &Reading<R>) -> Result<bool> {
    if journal.run(run).await?.is_none() {
        return Ok(false);
    }
    let mut brought = reading.records.records();
    let (mut common, mut ours, theirs) = (0, 0, reading.manifest.records);
    let mut same = true;
    records::after(journal, run, 0, |here| {
        ours += 1;
        if same {
            same = match brought.next().transpose()? {
                Some(other) => portable::same(&here, &other),
                None => false,
            };
            common += u64::from(same);
        }
        Ok(())
    })
    .await?;
    let message = if common == ours && common == theirs {
        return Ok(true);
    } else if common == theirs {
        format!(
            "{run} is here already, and further: {ours} records, the file has the first {theirs}"
        )
    } else if common == ours {
        format!("{run} is here already, but not as far: {ours} records, the file has {theirs}")
    } else {
        format!(
            "{run} is here already, and went another way after record {common}: someone went on with \
             both"
        )
    };
    Err(CliError::new(Code::NotARun, message).hint("--as-new brings the file in beside it"))
}

/// A run that is here already keeps the directory it has.
async fn stands_for(
    journal: &dyn Journal,
    run: &RunId,
    has_one: bool,
    wanted: Option<&Path>,
) -> Result<()> {
    let Some(wanted) = wanted.filter(|_| has_one) else { return Ok(()) };
    let started = records::started(journal, run).await?;
    let here = started.root.unwrap_or_default();
    if Path::new(&here) == wanted {
        return Ok(());
    }
    let message = format!("{run} is here already, with the directory {}", one_line(&here));
    Err(CliError::new(Code::NotARun, message)
        .hint("--as-new brings the file in beside it, with the directory of --root"))
}

/// Whatever had that id before: this is nobody's consent.
fn disown(run: &RunId, home: &Home) -> Result<()> {
    match Started::of(&Places::find()?, home) {
        Some(list) => list.disown(run.as_str()),
        None => Ok(()),
    }
}

/// Blobs first, some at a time; as this process lives, nobody removes them. The run appears at the
/// end, whole.
async fn take<R: Read>(journal: &dyn Journal, mut reading: Reading<R>) -> Result<()> {
    let (mut group, mut size) = (Vec::new(), 0);
    while let Some(blob) = reading.blob()? {
        size += blob.bytes.len();
        group.push(blob);
        if size >= BLOBS_AT_ONCE {
            journal.put_blobs(std::mem::take(&mut group)).await?;
            size = 0;
        }
    }
    Ok(journal.import_from(Box::new(reading.records), group).await?)
}
