//! `baton report`: one page about a run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::args::{Common, ReportArgs};
use crate::codes::Exit;
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{DIM, WARN, note, replaceable, stdout};
use crate::report::{gather, page};
use crate::select;
use crate::text::{bytes, paint};

/// Means standard output in place of a file.
const STDOUT: &str = "-";
/// What shows a file in the browser, the first that is there.
const OPENERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// Writes the page.
///
/// # Errors
/// When there is no such run, the journal cannot be read, or the file cannot be written.
pub fn run(args: &ReportArgs, common: &Common) -> Result<Exit> {
    let journal = Home::find(common)?.read_existing()?;
    let (name, page) = block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        let name = format!("baton-{}.html", row.run);
        Ok((name, page(&gather(&*journal, row).await?)))
    })?;
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(name));
    if path.as_os_str() == STDOUT {
        stdout(&page)?;
        return Ok(Exit::Done);
    }
    write(&path, &page)?;
    note(&paint(DIM, &format!("{}, {}", path.display(), bytes(page.len() as u64))));
    if args.open {
        open(&path);
    }
    Ok(Exit::Done)
}

/// Writes the page beside its place and moves it there: whoever looks sees an old page or a new one.
fn write(path: &Path, page: &str) -> Result<()> {
    replaceable(path)?;
    let error = |error: &std::io::Error| CliError::file("write", path, error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".baton-report-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(|source| error(&source))?;
    std::io::Write::write_all(&mut file, page.as_bytes()).map_err(|source| error(&source))?;
    file.persist(path).map_err(|failed| error(&failed.error))?;
    Ok(())
}

fn open(path: &Path) {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let shown = OPENERS.iter().any(|program| {
        let mut command = Command::new(program);
        command.arg(&full).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    if !shown {
        note(&format!(
            "{} no browser could be started; open the file yourself",
            paint(WARN, "note:")
        ));
    }
}
