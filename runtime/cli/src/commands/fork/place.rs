//! Where a run is forked.

use baton_core::fork::Cut;
use baton_core::ids::TaskPath;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::select;

/// The run and the place that `run` and `--at` name.
///
/// # Errors
/// When they name nothing, or two places.
pub async fn find(journal: &dyn Journal, run: &str, at: Option<&str>) -> Result<(RunRow, Cut)> {
    let (row, path) = select::task(journal, run).await?;
    let at = match (at, path.is_root()) {
        (None, false) => return Ok((row, Cut::At(path))),
        (None, true) => {
            let message = "where is it to be forked?";
            let hint = format!(
                "--at /3 names a task of it, --at 120 a record; `baton tree {}` lists the tasks",
                row.run
            );
            return Err(CliError::new(Code::Argument, message).hint(hint));
        }
        (Some(_), false) => {
            let message = format!("`{run}` names a place, and --at another one");
            return Err(CliError::new(Code::Argument, message));
        }
        (Some(at), true) => at,
    };
    if let Ok(seq) = at.parse::<u64>() {
        return Ok((row, Cut::After(seq)));
    }
    let path = match at.strip_prefix('/').unwrap_or(at).parse::<TaskPath>() {
        Ok(path) => path,
        Err(_) => {
            let (named, path) = select::task(journal, at).await?;
            if named.run != row.run {
                let message = format!("{at} is a task of another run");
                return Err(CliError::new(Code::Argument, message));
            }
            path
        }
    };
    Ok((row, Cut::At(path)))
}

/// The run and the task that a person names.
///
/// # Errors
/// When there is no such run, or the path is none.
pub async fn task_of(journal: &dyn Journal, text: &str) -> Result<(RunRow, TaskPath)> {
    select::task(journal, text).await
}
