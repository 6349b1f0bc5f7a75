//! `baton doctor`: this machine, the journal, worktrees, and every limit.

mod limits;
mod machine;
mod words;
pub(super) mod worktrees;

use baton_core::limits::{LimitRow, Limits};
use baton_journal::rows::{RunFilter, State};
use baton_journal::sqlite::{self, SQLITE_FLOOR};
use baton_journal::store::{Journal, VerifyReport};
use serde::Serialize;

use self::machine::{Cache, Confinement, Disk, Maps, Temporary};
use crate::args::{CleanArg, Common, DoctorArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::stdout;
use crate::shapes;

/// What `doctor --json` prints.
#[derive(Serialize)]
struct Checkup {
    version: &'static str,
    sqlite: Sqlite,
    maps: Maps,
    disk: Disk,
    cache: Cache,
    temporary: Temporary,
    confinement: Confinement,
    journal: Option<JournalState>,
    worktrees: Vec<worktrees::Worktree>,
    unfinished: Vec<worktrees::Unfinished>,
    limits: Vec<Limit>,
}

#[derive(Serialize)]
struct Sqlite {
    version: String,
    floor: &'static str,
}

#[derive(Serialize)]
struct JournalState {
    runs: u64,
    interrupted: Vec<String>,
    verify: VerifyReport,
}

#[derive(Serialize)]
struct Limit {
    name: String,
    default: u64,
    unit: &'static str,
    reason: &'static str,
}

/// Examines everything and says what is wrong.
///
/// # Errors
/// When the journal is damaged or cannot be read.
pub fn run(args: &DoctorArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    if args.limits {
        return limits::run(&home, args.json);
    }
    let (journal, found) = block_on(examine(&home, args.clean))?;
    let checkup = Checkup {
        version: env!("CARGO_PKG_VERSION"),
        sqlite: Sqlite { version: sqlite::version().into(), floor: SQLITE_FLOOR },
        maps: Maps::found(),
        disk: machine::disk(home.dir()),
        cache: machine::cache(&home.cache()),
        temporary: machine::temporary(),
        confinement: machine::confinement()?,
        journal,
        worktrees: found.worktrees,
        unfinished: found.unfinished,
        limits: table(),
    };
    if args.json {
        stdout(&shapes::line(&checkup)?)?;
    } else {
        stdout(&words::text(&checkup))?;
    }
    match checkup.journal {
        Some(JournalState { verify: VerifyReport { damage, .. }, .. }) if !damage.is_empty() => {
            Err(CliError::new(Code::Damaged, "the journal is damaged")
                .hint("copy the state directory before anything else"))
        }
        _ => Ok(Exit::Done),
    }
}

async fn examine(
    home: &Home,
    clean: Option<CleanArg>,
) -> Result<(Option<JournalState>, worktrees::Found)> {
    let journal = home.read()?;
    let state = match &journal {
        Some(journal) => Some(journal_state(&**journal).await?),
        None => None,
    };
    Ok((state, worktrees::examine(home, journal.as_deref(), clean).await?))
}

async fn journal_state(journal: &dyn Journal) -> Result<JournalState> {
    let rows = journal.runs(&RunFilter::default()).await?;
    let interrupted = rows
        .iter()
        .filter(|row| matches!(row.state, State::Queued | State::Running) && !row.owned)
        .map(|row| row.run.to_string())
        .collect();
    Ok(JournalState { runs: rows.len() as u64, interrupted, verify: journal.verify().await? })
}

fn table() -> Vec<Limit> {
    Limits::table()
        .into_iter()
        .map(|(name, LimitRow { unit, default, reason, .. })| Limit { name, default, unit, reason })
        .collect()
}
