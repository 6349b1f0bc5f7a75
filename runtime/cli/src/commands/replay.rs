//! `baton replay`: whether the record of a run reproduces.

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_core::handoff::Outcome;
use baton_core::ids::RunId;
use baton_core::run::{Run, Wrong};
use baton_engine::replay::{End, Repeated, Replay, ReplayOptions, ReplayParts, replay};
use serde::Serialize;

use crate::args::{Common, ReplayArgs};
use crate::codes::{Code, Exit};
use crate::commands::resume::consent;
use crate::error::{CliError, Result};
use crate::home::{self, Home};
use crate::output::{GOOD, stdout};
use crate::text::{count, duration, one_line, paint, plural};
use crate::{records, select, session, shapes};

#[derive(Serialize)]
struct Shape<'a> {
    run: &'a RunId,
    same: bool,
    records: u64,
    commands: u64,
    ms: u64,
    workflows: Vec<WorkflowShape<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wrong: Vec<WrongShape<'a>>,
}

/// What does not follow from the records before it.
#[derive(Serialize)]
struct WrongShape<'a> {
    record: u64,
    field: &'a str,
    recorded: &'a str,
    due: &'a str,
}

#[derive(Serialize)]
struct WorkflowShape<'a> {
    task: String,
    name: &'a str,
    commands: u64,
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<&'a Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<&'a Outcome>,
}

/// Repeats every workflow of a run over its record. Nothing else happens.
///
/// # Errors
/// When there is no such run, a part of it is missing, or it does not reproduce.
pub fn run(args: &ReplayArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    let substitute = match &args.workflow {
        Some(path) => {
            let bytes =
                std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
            Some(bytes.into())
        }
        None => None,
    };
    let (row, all) = home::block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        let mut all = Vec::new();
        records::after(&*journal, &row.run, 0, |record| {
            all.push(record);
            Ok(())
        })
        .await?;
        Ok((row, all))
    })?;
    let id = row.run.clone();
    let folded = Run::from_records(all).map_err(|error| {
        CliError::new(Code::Damaged, format!("the journal of {id} does not read as one run"))
            .because(&error)
    })?;
    consent::allow_repeat(&row, &folded.started().limits, args.yes, &home)?;
    let host = Arc::new(session::host(&home)?);
    let began = Instant::now();
    let replayed = session::block_on(async {
        let parts = ReplayParts { host, journal };
        // What another program asks for says nothing about the record.
        let proves = substitute.is_none().then(|| id.clone());
        let options = ReplayOptions { substitute, proves, ..ReplayOptions::default() };
        Ok(replay(&parts, folded, options).await?)
    })?;
    tell(&id, &replayed, began.elapsed(), args.json)
}

fn tell(run: &RunId, replayed: &Replay, took: Duration, json: bool) -> Result<Exit> {
    let same = replayed.is_same();
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if json {
        let shape = Shape {
            run,
            same,
            records: replayed.records,
            commands: replayed.commands(),
            ms,
            workflows: replayed.workflows.iter().map(|one| workflow(run, one)).collect(),
            wrong: replayed.wrong.iter().map(wrong).collect(),
        };
        stdout(&shapes::line(&shape)?)?;
        return if same { Ok(Exit::Done) } else { Err(not_same(run, replayed)) };
    }
    if !same {
        return Err(not_same(run, replayed));
    }
    let mut parts = vec![format!(
        "{} of {}",
        plural(replayed.commands(), "command"),
        plural(replayed.workflows.len() as u64, "workflow")
    )];
    let counted = |end: fn(&End) -> bool| {
        replayed.workflows.iter().filter(|one| end(&one.end)).count() as u64
    };
    let open = counted(|end| matches!(end, End::Open));
    let given = counted(|end| matches!(end, End::Given));
    for (number, what) in [(open, "not ended"), (given, "with an end that a person wrote")] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    let rate = replayed.records.saturating_mul(1_000) / ms.max(1);
    stdout(&format!(
        "{} {run}: {} repeated, over {} in {} ({} records/s)\n",
        paint(GOOD, "reproduces"),
        parts.join(", "),
        plural(replayed.records, "record"),
        duration(ms),
        count(rate)
    ))?;
    Ok(Exit::Done)
}

fn workflow<'a>(run: &RunId, repeated: &'a Repeated) -> WorkflowShape<'a> {
    let task = match repeated.task.is_root() {
        true => run.to_string(),
        false => format!("{run}/{}", repeated.task),
    };
    let (end, divergence, recorded, now) = match &repeated.end {
        End::Same => ("same", None, None, None),
        End::Open => ("open", None, None, None),
        End::Given => ("given", None, None, None),
        End::Diverged(divergence) => ("diverged", Some(divergence.to_string()), None, None),
        End::Other { recorded, now } => ("other", None, Some(&**recorded), Some(&**now)),
    };
    let (name, commands) = (repeated.name.as_str(), repeated.commands);
    WorkflowShape { task, name, commands, end, divergence, recorded, now }
}

fn wrong(wrong: &Wrong) -> WrongShape<'_> {
    let Wrong { seq, field, recorded, due } = wrong;
    WrongShape { record: *seq, field, recorded, due }
}

fn not_same(run: &RunId, replayed: &Replay) -> CliError {
    let mut wrong: Vec<String> = replayed
        .workflows
        .iter()
        .filter_map(|one| match &one.end {
            End::Same | End::Open | End::Given => None,
            End::Diverged(divergence) => Some(divergence.to_string()),
            End::Other { recorded, now } => Some(format!(
                "workflow /{} ended in another way\n  recorded:  {}\n  now:       {}",
                one.task,
                ended(recorded),
                ended(now)
            )),
        })
        .collect();
    let workflows = replayed.workflows.len() as u64;
    let what = match (wrong.len(), replayed.wrong.len() as u64) {
        (0, 1) => "one place in its records does not follow".to_owned(),
        (0, differences) => format!("{differences} places in its records do not follow"),
        (different, _) => format!("{different} of {}", plural(workflows, "workflow")),
    };
    let message = format!("{run} does not reproduce: {what}");
    wrong.extend(replayed.wrong.iter().map(|one| one_line_each(&one.to_string())));
    let mut error = CliError::new(Code::NotReproduced, message)
        .hint("nothing was started or changed; leave out --workflow if it was given");
    if let CliError::Coded(coded) = &mut error {
        coded.causes = wrong;
    }
    error
}

/// Text of records on the lines it was put on, and no others.
fn one_line_each(text: &str) -> String {
    text.lines().map(one_line).collect::<Vec<_>>().join("\n")
}

/// An end on one line.
fn ended(outcome: &Outcome) -> String {
    const CHARS: usize = 200;
    let text = match outcome {
        Outcome::Done(handoff) => format!("done: {}", handoff.output),
        Outcome::Failed(failure) => format!("{}: {failure}", failure.kind.as_str()),
    };
    one_line(&text.chars().take(CHARS).collect::<String>())
}
