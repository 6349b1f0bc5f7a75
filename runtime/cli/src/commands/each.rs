//! `baton run --each` and `baton resume BATCH`: one run for each line of a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use baton_core::budget::Caps;
use baton_core::json::Json;
use baton_journal::rows::{RunFilter, RunRow};
use baton_journal::store::{BatchRow, Blob, Journal};
use ulid::Ulid;

use crate::args::{Common, ResumeArgs, RunArgs};
use crate::batch::{Batch, Spec};
use crate::codes::{Code, Exit};
use crate::commands::resume::consent::{
    Granted, allow, denied_on_record, is_mine, programs_on_record, replaced_on_record,
};
use crate::commands::resume::performers::all_here;
use crate::commands::run::{Prepared, Wish};
use crate::error::{CliError, Result};
use crate::home::{self, Home};
use crate::input::InputCheck;
use crate::output::note;
use crate::records;
use crate::session::{self, CONCURRENCY, Session};
use crate::text::plural;
use crate::{detach, select, servers};

/// How many bad lines an error names.
const BAD_LINES_MAX: usize = 5;

/// Starts a batch.
///
/// # Errors
/// When a line cannot be used, the batch cannot be started, or a run of it failed.
pub fn start(args: &RunArgs, path: &Path, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let mut prepared = Prepared::new(args, &home)?;
    let bytes = std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
    let inputs = inputs(&bytes, path, &prepared.check)?;
    prepared.consent(Wish::of(args), inputs.len() as u64)?;
    let host = prepared.host.take();
    let id = format!("{}{}", select::BATCH_PREFIX, Ulid::generate());
    let alone = alone(&home, &id)?;
    let ended = session::block_on(async {
        servers::ask(&mut prepared).await?;
        let session = Session::over(&home, host, prepared.concurrency, args.runs, None)?;
        let pinned = Blob::new(bytes);
        let spec = Spec::new(&prepared, pinned.digest);
        let mut blobs = vec![pinned];
        blobs.extend(prepared.bundle.parts.iter().cloned());
        session.journal.put_blobs(blobs).await?;
        let row = BatchRow { id: id.clone(), created: session.journal.now(), spec: spec.text()? };
        if let Some(list) = &prepared.started {
            list.add(&id)?;
        }
        session.journal.create_batch(row).await?;
        if args.detach {
            return Ok(None);
        }
        session.obey_signals(format!("baton resume {id}"))?;
        note(&format!("{id}: {}", plural(inputs.len() as u64, "line")));
        let batch = Batch {
            id: id.clone(),
            spec,
            inputs,
            parts: prepared.bundle.parts.clone(),
            earlier: Vec::new(),
            strange: false,
            plain: common.plain,
        };
        let ended = batch.drive(&session, args.runs, Caps::default()).await;
        ended.map(Some).map_err(|error| unread(error, &id))
    })?;
    match ended {
        Some(exit) => Ok(exit),
        None => {
            // The process in the background takes it.
            drop(alone);
            detach::go_on_batch(&home, &id, &Caps::default(), args.runs, args.result.json)
        }
    }
}

/// Goes on with a batch: lines that ended are printed again, the others go on or start.
///
/// # Errors
/// When there is no such batch, it cannot go on, or a run of it failed.
pub fn resume(args: &ResumeArgs, caps: &Caps, home: &Home, common: &Common) -> Result<Exit> {
    if args.workflow.is_some() {
        return Err(CliError::new(
            Code::Argument,
            "--workflow is for a single run, not for a batch",
        ));
    }
    let reader = home.read_existing()?;
    let row = home::block_on(known(&*reader, &args.id))?;
    let alone = alone(home, &row.id)?;
    let mut batch = home::block_on(open(&*reader, row, common.plain))?;
    let mut granted = batch.spec.granted();
    let filter = RunFilter { batch: Some(batch.id.clone()), ..RunFilter::default() };
    let runs = async || -> Result<Vec<_>> {
        Ok(reader.runs(&filter).await?.into_iter().map(|row| row.run).collect())
    };
    let replaced;
    let mine = is_mine(&batch.id, home)?;
    if !mine {
        granted.recorded =
            home::block_on(async { programs_on_record(&*reader, &runs().await?).await })?;
        replaced = home::block_on(async { replaced_on_record(&*reader, &runs().await?).await })?;
        granted.replaced = replaced.as_deref();
    }
    let denied = || home::block_on(async { denied_on_record(&*reader, &runs().await?).await });
    allow(&batch.id, granted, denied, args.yes, home)?;
    if !mine {
        allow_runs(&*reader, &batch, args.yes, home)?;
    }
    batch.strange = !mine;
    if args.detach {
        // The process in the background takes it.
        drop(alone);
        return detach::go_on_batch(home, &batch.id, caps, args.runs, args.result.json);
    }
    let concurrency = batch.spec.concurrency.unwrap_or(CONCURRENCY);
    session::block_on(async {
        let session = Session::open(home, concurrency, args.runs)?;
        if args.background.is_some() {
            detach::owns(home, &batch.id)?;
        }
        session.obey_signals(format!("baton resume {}", batch.id))?;
        note(&format!(
            "{}: {} of {} lines were begun",
            batch.id,
            batch.earlier.len(),
            batch.inputs.len()
        ));
        let id = batch.id.clone();
        let ended = batch.drive(&session, args.runs, caps.clone()).await;
        ended.map_err(|error| unread(error, &id))
    })
}

/// Lets the runs of somebody else's batch go on, each with what its own first record says: in the journal of
/// somebody else that need not be what the batch says.
fn allow_runs(journal: &dyn Journal, batch: &Batch, yes: bool, home: &Home) -> Result<()> {
    for row in &batch.earlier {
        let open = home::block_on(async {
            let open = records::finished(journal, row).await?.is_none();
            Ok(if open { Some(records::started(journal, &row.run).await?) } else { None })
        })?;
        let Some(started) = open else { continue };
        let granted = Granted::from(&*started);
        // What the batch says was asked for.
        if granted != batch.spec.granted() {
            let run = std::slice::from_ref(&row.run);
            let denied = || home::block_on(denied_on_record(journal, run));
            allow(row.run.as_str(), granted, denied, yes, home)?;
        }
        home::block_on(all_here(journal, &row.run, &started, &BTreeMap::new()))?;
    }
    Ok(())
}

/// A batch whose results nobody reads any more has not ended well: most lines may not have begun.
fn unread(error: CliError, id: &str) -> CliError {
    match error {
        CliError::BrokenPipe => {
            CliError::new(Code::Interrupted, "the batch was interrupted: nobody reads its results")
                .hint(format!("`baton resume {id}` goes on"))
        }
        error => error,
    }
}

/// The lock of a batch, as long as the file is open. Runs have owners of their own, but a line that
/// was not begun has no run yet: two processes would begin it twice.
fn alone(home: &Home, id: &str) -> Result<File> {
    home.folder("batches")?.lock(id)?.ok_or_else(|| {
        CliError::new(Code::Owned, format!("another process works on {id}"))
            .hint(format!("`baton ls --batch {id}` shows how far it is"))
    })
}

/// A batch by its id.
async fn known(journal: &dyn Journal, id: &str) -> Result<BatchRow> {
    journal.batch(id).await?.ok_or_else(|| {
        CliError::new(Code::NoRun, format!("there is no batch `{id}`"))
            .hint("`baton ls --limit 0` shows the batch of each run")
    })
}

/// A batch as the journal has it.
async fn open(journal: &dyn Journal, row: BatchRow, plain: bool) -> Result<Batch> {
    let (id, spec) = (&row.id, Spec::read(&row)?);
    let bytes = journal.blob(&spec.inputs).await?;
    let limits = spec.limits.run;
    let inputs = lines(&bytes)
        .map(|(line, text)| {
            let json = text.and_then(|text| {
                Json::parse(text, limits.json_bytes, limits.json_depth)
                    .map_err(|error| error.to_string())
            });
            json.map(|json| (line, json)).map_err(|why| {
                CliError::new(Code::Damaged, format!("line {line} of the inputs of {id}: {why}"))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut parts = Vec::new();
    for digest in spec.program.parts() {
        parts.push(Blob { digest: *digest, bytes: journal.blob(digest).await? });
    }
    let filter = RunFilter { batch: Some(row.id.clone()), ..RunFilter::default() };
    let earlier: Vec<RunRow> = journal.runs(&filter).await?;
    Ok(Batch { id: row.id, spec, inputs, parts, earlier, strange: false, plain })
}

/// Whether all lines of a batch have a run. `runs`: how many it has. Also false where nobody can say.
pub async fn is_whole(journal: &dyn Journal, row: &BatchRow, runs: u64) -> bool {
    let Ok(spec) = Spec::read(row) else { return false };
    let Ok(bytes) = journal.blob(&spec.inputs).await else { return false };
    lines(&bytes).count() as u64 == runs
}

/// The inputs of a batch with their line numbers.
fn inputs(bytes: &[u8], path: &Path, check: &InputCheck) -> Result<Vec<(u64, Json)>> {
    let mut inputs = Vec::new();
    let mut bad = Vec::new();
    let mut bad_count = 0_u64;
    for (line, text) in lines(bytes) {
        let parsed = text.map_err(|why| vec![why]).and_then(|text| check.parse(text));
        match parsed {
            Ok(json) => inputs.push((line, json)),
            Err(whys) => {
                bad_count += 1;
                if bad.len() < BAD_LINES_MAX {
                    bad.push(format!("line {line}: {}", whys.join("; ")));
                }
            }
        }
    }
    let shown = path.display();
    let (message, causes) = match bad_count {
        0 if inputs.is_empty() => (format!("{shown} holds no inputs"), Vec::new()),
        0 => return Ok(inputs),
        1 => (format!("a line of {shown} cannot be used"), bad),
        more => (format!("{more} lines of {shown} cannot be used"), bad),
    };
    let mut error = CliError::new(Code::BatchInput, message)
        .hint("nothing was started; each line holds one JSON value that fits the workflow's input");
    if let CliError::Coded(coded) = &mut error {
        coded.causes = causes;
    }
    Err(error)
}

/// Lines that are not blank, with their numbers from 1.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, std::result::Result<&str, String>)> {
    (1..).zip(bytes.split(|&byte| byte == b'\n')).filter_map(|(number, line)| {
        match std::str::from_utf8(line) {
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some((number, Ok(text.trim()))),
            Err(error) => Some((number, Err(error.to_string()))),
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use baton_core::limits::RunLimits;
    use baton_core::manifest::Manifest;

    use super::*;

    fn check() -> InputCheck {
        let manifest = br#"{"name":"x","world":"workflow","input":{"type":"integer"}}"#;
        InputCheck::new(&Manifest::parse(manifest).unwrap(), RunLimits::default()).unwrap()
    }

    #[test]
    fn lines_keep_their_numbers() {
        let inputs = inputs(b"1\n\n  3  \r\n\n5", Path::new("in"), &check()).unwrap();
        let numbers: Vec<(u64, &str)> =
            inputs.iter().map(|(line, json)| (*line, json.as_str())).collect();
        assert_eq!(numbers, [(1, "1"), (3, "3"), (5, "5")]);
    }

    #[test]
    fn a_bad_line_is_named_before_anything_starts() {
        for (bytes, cause) in [
            (&b"1\n\"two\"\n3"[..], "line 2: "),
            (b"1\n2\n{", "line 3: not JSON"),
            (b"1\n\xff\xfe", "line 2: "),
        ] {
            let error = inputs(bytes, Path::new("in"), &check()).unwrap_err();
            let CliError::Coded(coded) = error else { panic!("not coded") };
            assert_eq!(coded.code, Code::BatchInput);
            assert!(coded.causes[0].starts_with(cause), "{:?}", coded.causes);
        }
        assert!(inputs(b"\n\n", Path::new("in"), &check()).is_err());
    }
}
