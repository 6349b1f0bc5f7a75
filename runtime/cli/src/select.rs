//! Finding runs and tasks by what a person writes.

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_journal::rows::{RunFilter, RunRow};
use baton_journal::store::Journal;

use crate::codes::Code;
use crate::error::{CliError, Result};

/// The word for the newest run.
const LAST: &str = "last";
/// Prefix of run ids.
const RUN_PREFIX: &str = "run_";
/// Prefix of batch ids.
pub const BATCH_PREFIX: &str = "batch_";
/// How many candidates an error names.
const CANDIDATES_MAX: usize = 5;

/// The run with this id, or the only one whose id begins or ends so, or the newest for `last`.
///
/// # Errors
/// When there is none, or more than one.
pub async fn run(journal: &dyn Journal, text: &str) -> Result<RunRow> {
    if let Ok(id) = text.parse::<RunId>() {
        return journal.run(&id).await?.ok_or_else(|| no_run(text));
    }
    if text == LAST {
        let newest = journal.runs(&RunFilter { limit: Some(1), ..RunFilter::default() }).await?;
        return newest.into_iter().next().ok_or_else(|| no_run(text));
    }
    let fitting: Vec<RunRow> = if text.starts_with(RUN_PREFIX) {
        let prefix = Some(text.to_owned());
        let rows = journal.runs(&RunFilter { prefix, ..RunFilter::default() }).await?;
        rows.into_iter().filter(|row| fits(row.run.as_str(), text)).collect()
    } else {
        let rows = journal.runs(&RunFilter::default()).await?;
        rows.into_iter().filter(|row| fits(row.run.as_str(), text)).collect()
    };
    let mut candidates = fitting.into_iter();
    match (candidates.next(), candidates.next()) {
        (Some(row), None) => Ok(row),
        (None, _) => Err(no_run(text)),
        (Some(first), Some(second)) => {
            let all: Vec<String> = [first, second]
                .into_iter()
                .chain(candidates)
                .map(|row| format!("{} ({})", row.run, row.name))
                .collect();
            let named = all.iter().take(CANDIDATES_MAX).cloned().collect::<Vec<_>>().join(", ");
            let message = format!("`{text}` fits {} runs: {named}", all.len());
            Err(CliError::new(Code::Ambiguous, message).hint("write more characters of the id"))
        }
    }
}

/// Whether an abbreviation fits an id. The case of letters does not count.
fn fits(id: &str, text: &str) -> bool {
    let ulid = id.strip_prefix(RUN_PREFIX).unwrap_or(id);
    let text = text.strip_prefix(RUN_PREFIX).unwrap_or(text).to_ascii_uppercase();
    !text.is_empty() && (ulid.starts_with(&text) || ulid.ends_with(&text))
}

/// The run and the place in its tree. A run alone is its root.
///
/// # Errors
/// When there is no such run, or the path is none. Whether the task exists is not looked up.
pub async fn task(journal: &dyn Journal, text: &str) -> Result<(RunRow, TaskPath)> {
    let (id, path) = text.split_once('/').unwrap_or((text, ""));
    let path: TaskPath =
        path.parse().map_err(|error| CliError::new(Code::NoRun, format!("{error}")))?;
    Ok((run(journal, id).await?, path))
}

/// The error for a task that a run does not have.
#[must_use]
pub fn no_task(run: &RunId, path: &TaskPath) -> CliError {
    let id = TaskId { run: run.clone(), path: path.clone() };
    CliError::new(Code::NoRun, format!("there is no task {id}"))
        .hint(format!("`baton tree {run}` lists the tasks"))
}

fn no_run(text: &str) -> CliError {
    let message = if text == LAST {
        "there is no run yet".to_owned()
    } else {
        format!("there is no run `{text}`")
    };
    CliError::new(Code::NoRun, message)
        .hint("`baton ls` lists the runs; a run may be named by the beginning or end of its id, or `last`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_abbreviated_at_either_end() {
        let id = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
        for (text, fitting) in [
            ("01JQ4", true),
            ("run_01JQ4", true),
            ("cdef", true),
            ("BCDEF", true),
            ("run_CDEF", true),
            ("JQ4Z", false),
            ("", false),
            ("run_", false),
            (id, true),
        ] {
            assert_eq!(fits(id, text), fitting, "{text}");
        }
    }
}
