//! Whom a message is for, and what it says.

use std::io::Read;
use std::path::Path;

use baton_core::ids::TaskPath;
use baton_core::run::MESSAGE_BYTES_MAX;
use baton_journal::rows::{RunRow, TaskRow};
use baton_journal::store::{Address, Journal};

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::select;
use crate::text::{nearest, one_line};

/// Bytes of a message or of what answers a gate.
pub const TEXT_BYTES_MAX: u64 = MESSAGE_BYTES_MAX as u64;
/// What parts a run from the title of one of its phases.
const PHASE: char = '@';

/// What a person named on the command line.
#[derive(Debug)]
pub struct Target {
    /// The run.
    pub row: RunRow,
    /// Who in it.
    pub address: Address,
}

impl Target {
    /// A run, a task or a phase by what a person wrote: `RUN`, `RUN/3` or `RUN@PHASE`. That the run has
    /// ended is no error; of one that has not, the task or phase must be there and open.
    ///
    /// # Errors
    /// When there is no such thing, or it takes no messages.
    pub async fn of(journal: &dyn Journal, text: &str) -> Result<Self> {
        if let Some((run, phase)) = text.split_once(PHASE) {
            let row = select::run(journal, run).await?;
            if !row.state.is_final() {
                has_phase(&row, &journal.tasks(&row.run).await?, phase)?;
            }
            return Ok(Self { row, address: Address::Phase(phase.to_owned()) });
        }
        let (row, path) = select::task(journal, text).await?;
        if path.is_root() {
            return Ok(Self { row, address: Address::Run });
        }
        let tasks = journal.tasks(&row.run).await?;
        let Some(task) = tasks.iter().find(|task| task.path == path) else {
            return Err(select::no_task(&row.run, &path));
        };
        if !row.state.is_final() {
            hears(&row, task)?;
        }
        Ok(Self { row, address: Address::Task(path) })
    }

    /// The task, if it is one.
    #[must_use]
    pub fn task(&self) -> Option<&TaskPath> {
        match &self.address {
            Address::Task(path) => Some(path),
            Address::Run | Address::Phase(_) => None,
        }
    }
}

/// Whether a task reads messages.
fn hears(row: &RunRow, task: &TaskRow) -> Result<()> {
    let id = format!("{}/{}", row.run, task.path);
    let refused = |message: String| CliError::new(Code::Message, message);
    match task.kind.as_str() {
        "agent" if task.state.is_final() => {
            Err(refused(format!("{id} has already ended: {}", task.state.as_str()))
                .hint(format!("`baton retry {id}` does it again, in a fork of the run")))
        }
        "agent" => Ok(()),
        "gate" => Err(refused(format!("{id} is a gate, which takes an answer"))
            .hint(format!("`baton approve {id}` or `baton reject {id}`, with --note TEXT"))),
        kind => Err(refused(format!("{id} is a {kind}, which takes no messages"))
            .hint(format!("`baton tree {}` shows its agents; the run itself may listen", row.run))),
    }
}

/// Whether a phase has an agent that has not ended.
fn has_phase(row: &RunRow, tasks: &[TaskRow], phase: &str) -> Result<()> {
    let open = |task: &&TaskRow| task.kind == "agent" && !task.state.is_final();
    let of_phase = |task: &TaskRow| task.phase.as_deref() == Some(phase);
    if tasks.iter().filter(open).any(of_phase) {
        return Ok(());
    }
    let run = &row.run;
    if tasks.iter().any(of_phase) {
        let message = format!("no agent of phase `{}` is open in {run}", one_line(phase));
        return Err(
            CliError::new(Code::Message, message).hint(format!("`baton tree {run}` shows what is"))
        );
    }
    let mut titles: Vec<&str> = tasks.iter().filter_map(|task| task.phase.as_deref()).collect();
    titles.sort_unstable();
    titles.dedup();
    let error = CliError::new(Code::Message, format!("{run} has no phase `{}`", one_line(phase)));
    Err(match nearest(phase, titles.iter().copied()) {
        Some(meant) => error.hint(format!("did you mean `{}`?", one_line(meant))),
        None if titles.is_empty() => error.hint("none of its tasks is in a phase"),
        None => error.hint(format!("its phases are: {}", one_line(&titles.join(", ")))),
    })
}

/// The text that an argument names: itself, a file after `@`, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, is not UTF-8, or is larger than a message may be.
pub fn text_of(argument: &str) -> Result<String> {
    let (bytes, place) = match argument.strip_prefix('@') {
        _ if argument == "-" => {
            let place = "standard input";
            (read(std::io::stdin(), Path::new(place))?, place.to_owned())
        }
        Some(path) => {
            let path = Path::new(path);
            let file =
                std::fs::File::open(path).map_err(|error| CliError::file("read", path, &error))?;
            (read(file, path)?, path.display().to_string())
        }
        None => (argument.as_bytes().to_vec(), "the argument".to_owned()),
    };
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        let message = format!("{place} has more than {TEXT_BYTES_MAX} bytes");
        return Err(CliError::new(Code::Message, message)
            .hint("write it to a file that the agent may read, and send the name of that"));
    }
    String::from_utf8(bytes)
        .map_err(|_| CliError::new(Code::Message, format!("{place} is not UTF-8 text")))
}

fn read(source: impl Read, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source
        .take(TEXT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CliError::file("read", path, &error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_text_is_itself_or_what_a_file_holds() {
        assert_eq!(text_of("[1] is wrong").unwrap(), "[1] is wrong");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from\na file\n").unwrap();
        let named = format!("@{}", file.path().display());
        assert_eq!(text_of(&named).unwrap(), "from\na file\n");
        assert_eq!(text_of("@/none").unwrap_err().code(), Some(Code::File));
    }

    #[test]
    fn a_text_is_bounded_and_utf8() {
        let most = usize::try_from(TEXT_BYTES_MAX).unwrap();
        assert_eq!(text_of(&"x".repeat(most)).unwrap().len(), most);
        assert_eq!(text_of(&"x".repeat(most + 1)).unwrap_err().code(), Some(Code::Message));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff\xfe").unwrap();
        let named = format!("@{}", file.path().display());
        assert_eq!(text_of(&named).unwrap_err().code(), Some(Code::Message));
        std::fs::write(file.path(), "x".repeat(most + 1)).unwrap();
        assert_eq!(text_of(&named).unwrap_err().code(), Some(Code::Message));
    }
}
