//! `baton export`: a run in one file.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use baton_journal::rows::{RunRow, State};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::args::{Common, ExportArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{note, replaceable, stdout};
use crate::portable::{self, Written};
use crate::select;
use crate::shapes;
use crate::text::{bytes, one_line, plural};

/// Ending of the file where nobody names one.
const ENDING: &str = "baton";

/// What `--json` prints.
#[derive(Serialize)]
struct Exported<'a> {
    run: &'a str,
    file: String,
    state: State,
    records: u64,
    blobs: u64,
    bytes: u64,
}

/// Writes a run to a file.
///
/// # Errors
/// When there is no such run, a blob of it is missing, or the file cannot be written.
pub fn run(args: &ExportArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    let row = block_on(select::run(&*journal, &args.run))?;
    if args.output.as_deref() == Some(Path::new("-")) {
        if args.json {
            return Err(CliError::new(Code::Argument, "--json and -o - both want standard output"));
        }
        if io::stdout().is_terminal() {
            return Err(CliError::new(Code::Argument, "the file would be written to the terminal")
                .hint("name a file with -o, or let another program read it"));
        }
        let file = BufWriter::new(io::stdout().lock());
        let written = block_on(portable::write(&*journal, &row, file))?;
        note(&words(&row, &written, "standard output"));
        return Ok(Exit::Done);
    }
    let path = match &args.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.{ENDING}", row.run)),
    };
    if !args.force && path.symlink_metadata().is_ok() {
        let message = format!("{} is already there", path.display());
        return Err(CliError::new(Code::NotNew, message).hint("--force replaces it"));
    }
    replaceable(&path)?;
    let failed = |error: &io::Error| CliError::file("write", &path, error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Under its name it is whole, whatever happens meanwhile.
    let mut draft = NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    let mut file = BufWriter::new(draft.as_file_mut());
    let written = block_on(portable::write(&*journal, &row, &mut file))?;
    file.flush().map_err(|error| failed(&error))?;
    drop(file);
    draft.as_file().sync_all().map_err(|error| failed(&error))?;
    let size = draft.as_file().metadata().map_or(0, |about| about.len());
    let kept = if args.force { draft.persist(&path) } else { draft.persist_noclobber(&path) };
    kept.map_err(|error| failed(&error.error))?;
    let shown = path.display().to_string();
    if args.json {
        let Written { records, blobs } = written;
        let run = row.run.as_str();
        let shape = Exported { run, file: shown, state: row.state, records, blobs, bytes: size };
        stdout(&shapes::line(&shape)?)?;
    } else {
        note(&words(&row, &written, &format!("{shown} ({})", bytes(size))));
        if !row.state.is_final() {
            note(&format!(
                "it has not ended: where it is imported it goes on from here, and here as well. Go on \
                 with one of them only: `baton import {shown} --root DIR`"
            ));
        }
    }
    Ok(Exit::Done)
}

fn words(row: &RunRow, written: &Written, place: &str) -> String {
    let Written { records, blobs } = *written;
    format!(
        "{} ({}, {}) with {} and {} is in {place}",
        row.run,
        one_line(&row.name),
        row.state.as_str(),
        plural(records, "record"),
        plural(blobs, "blob"),
    )
}
