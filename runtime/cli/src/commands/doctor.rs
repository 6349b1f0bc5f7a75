//! `baton doctor`: this machine, the journal, worktrees, and every limit.

mod limits;
pub(super) mod worktrees;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use baton_agents::confine;
use baton_core::limits::{LimitRow, Limits};
use baton_journal::rows::{RunFilter, State};
use baton_journal::sqlite::{self, SQLITE_FLOOR};
use baton_journal::store::{Journal, VerifyReport};
use serde::Serialize;

use crate::args::{CleanArg, Common, DoctorArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{BAD, BOLD, DIM, GOOD, WARN, stdout};
use crate::session;
use crate::shapes;
use crate::text::{bytes, count, pad, paint, plural};

/// Where Linux says how many memory maps a process may have.
const MAX_MAP_COUNT: &str = "/proc/sys/vm/max_map_count";
/// Memory maps of a process without guests.
const MAPS_BASE: u64 = 50;
/// Memory maps of a place for a guest's stack.
const MAPS_PER_STACK: u64 = 2;
/// Memory maps of a live guest.
const MAPS_PER_GUEST: u64 = 4;
/// Time the disk is probed.
const PROBE_TIME: Duration = Duration::from_millis(200);
/// Bytes written before each sync of the probe.
const PROBE_BYTES: usize = 4 << 10;

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
struct Maps {
    max_map_count: Option<u64>,
    live_guests_max: Option<u64>,
}

#[derive(Serialize)]
struct Disk {
    dir: PathBuf,
    syncs_per_second: Option<u64>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct Cache {
    dir: PathBuf,
    files: u64,
    bytes: u64,
}

/// Folders of killed processes.
#[derive(Serialize)]
struct Temporary {
    dir: PathBuf,
    left: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Confinement {
    #[serde(flatten)]
    probe: confine::Probe,
    words: Vec<String>,
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
    let max_map_count =
        fs::read_to_string(MAX_MAP_COUNT).ok().and_then(|text| text.trim().parse().ok());
    let checkup = Checkup {
        version: env!("CARGO_PKG_VERSION"),
        sqlite: Sqlite { version: sqlite::version().into(), floor: SQLITE_FLOOR },
        maps: Maps { max_map_count, live_guests_max: max_map_count.map(guests_max) },
        disk: disk(home.dir()),
        cache: cache(&home.cache()),
        temporary: temporary(),
        confinement: confinement()?,
        journal,
        worktrees: found.worktrees,
        unfinished: found.unfinished,
        limits: table(),
    };
    if args.json {
        stdout(&shapes::line(&checkup)?)?;
    } else {
        stdout(&text(&checkup))?;
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

/// How many guests can be live before the process runs out of memory maps, each with its stack.
fn guests_max(max_map_count: u64) -> u64 {
    max_map_count.saturating_sub(MAPS_BASE) / (MAPS_PER_STACK + MAPS_PER_GUEST)
}

/// How often the disk below the state directory makes a small write durable.
fn disk(dir: &Path) -> Disk {
    // The state directory is not made for a probe; the nearest one above it has the same disk.
    let dir = dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(dir).to_owned();
    let path = dir.join(format!(".baton-probe-{}", std::process::id()));
    let probed = probe(&path);
    let _ = fs::remove_file(&path);
    match probed {
        Ok(rate) => Disk { dir, syncs_per_second: Some(rate), problem: None },
        Err(error) => Disk { dir, syncs_per_second: None, problem: Some(error.to_string()) },
    }
}

fn probe(path: &Path) -> std::io::Result<u64> {
    let mut file = fs::File::create_new(path)?;
    let began = Instant::now();
    let mut syncs = 0_u64;
    while began.elapsed() < PROBE_TIME {
        file.write_all(&[0; PROBE_BYTES])?;
        file.sync_data()?;
        syncs += 1;
    }
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(syncs.saturating_mul(1_000) / ms.max(1))
}

/// Size of the compiled components.
fn cache(dir: &Path) -> Cache {
    let mut found = Cache { dir: dir.to_owned(), files: 0, bytes: 0 };
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) if meta.is_file() => {
                    found.files += 1;
                    found.bytes = found.bytes.saturating_add(meta.len());
                }
                _ => {}
            }
        }
    }
    found
}

/// What killed processes left where temporary files are.
fn temporary() -> Temporary {
    let left = baton_scratch::left();
    Temporary {
        dir: std::env::temp_dir(),
        left: left.len() as u64,
        bytes: left.iter().map(|one| one.bytes).sum(),
    }
}

/// What this machine can enforce for commands.
fn confinement() -> Result<Confinement> {
    let probe = confine::probe(&session::supervisor()?);
    Ok(Confinement { probe, words: probe.words(false) })
}

fn table() -> Vec<Limit> {
    Limits::table()
        .into_iter()
        .map(|(name, LimitRow { unit, default, reason, .. })| Limit { name, default, unit, reason })
        .collect()
}

fn text(checkup: &Checkup) -> String {
    let mut out = String::new();
    let mut fact = |good: Option<bool>, name: &str, value: String| {
        let sign = match good {
            Some(true) => paint(GOOD, "✓"),
            Some(false) => paint(BAD, "✗"),
            None => paint(WARN, "!"),
        };
        out.push_str(&format!("{sign} {} {value}\n", pad(name, 14)));
    };
    fact(Some(true), "baton", checkup.version.into());
    let Sqlite { version, floor } = &checkup.sqlite;
    fact(Some(true), "SQLite", format!("{version}, at least {floor} is needed"));
    match (checkup.maps.max_map_count, checkup.maps.live_guests_max) {
        (Some(maps), Some(guests)) => {
            fact(
                Some(true),
                "memory maps",
                format!("vm.max_map_count = {maps}: about {guests} live guests"),
            );
        }
        _ => fact(None, "memory maps", format!("{MAX_MAP_COUNT} cannot be read")),
    }
    let disk = &checkup.disk;
    match (disk.syncs_per_second, &disk.problem) {
        (Some(rate), _) => {
            fact(
                Some(true),
                "disk",
                format!("{} durable writes/s in {}", count(rate), disk.dir.display()),
            );
        }
        (None, problem) => {
            let problem = problem.as_deref().unwrap_or_default();
            fact(Some(false), "disk", format!("{}: {problem}", disk.dir.display()));
        }
    }
    let cache = &checkup.cache;
    fact(
        Some(true),
        "cache",
        format!(
            "{}, {} in {}",
            plural(cache.files, "file"),
            bytes(cache.bytes),
            cache.dir.display()
        ),
    );
    let Temporary { dir, left, bytes: size } = &checkup.temporary;
    if *left > 0 {
        let folders = format!("{} of killed processes", plural(*left, "folder"));
        let what = format!("{folders}, {}, in {}: `baton gc`", bytes(*size), dir.display());
        fact(None, "temporary", what);
    }
    let Confinement { probe, words } = &checkup.confinement;
    let all = probe.landlock.is_some() && probe.network.is_some();
    for (index, sentence) in words.iter().enumerate() {
        let name = if index == 0 { "commands" } else { "" };
        let good = (all && !sentence.contains("NOT")).then_some(true);
        fact(good, name, sentence.clone());
    }
    match &checkup.journal {
        None => fact(Some(true), "journal", "nothing has run here yet".into()),
        Some(JournalState { runs, interrupted, verify }) => {
            let VerifyReport { records, blobs, damage, .. } = verify;
            let found = format!("{runs} runs, {records} records, {blobs} blobs");
            if damage.is_empty() {
                fact(Some(true), "journal", format!("{found}, all sound"));
            } else {
                fact(Some(false), "journal", format!("{found}, damaged:"));
            }
            for sentence in damage {
                fact(Some(false), "", sentence.clone());
            }
            for run in interrupted {
                fact(
                    None,
                    "interrupted",
                    format!("{run} has no living owner: `baton resume {run}`"),
                );
            }
        }
    }
    for (index, worktree) in checkup.worktrees.iter().enumerate() {
        let name = if index == 0 { "worktrees" } else { "" };
        fact(worktree.is_fine().then_some(true), name, worktree.words());
    }
    for unfinished in &checkup.unfinished {
        fact(Some(false), "half written", unfinished.words());
    }
    out.push_str(&format!("\n{}\n", paint(BOLD, "Limits (--limit NAME=VALUE)")));
    let name_width = checkup.limits.iter().map(|limit| limit.name.len()).max().unwrap_or_default();
    for Limit { name, default, unit, reason } in &checkup.limits {
        let value = format!("{default} {unit}");
        out.push_str(&format!(
            "  {} {} {}\n",
            pad(name, name_width),
            pad(&value, 26),
            paint(DIM, reason)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_ceiling_follows_from_the_memory_maps() {
        assert_eq!(guests_max(65_530), 10_913);
        assert_eq!(guests_max(10), 0);
    }

    #[test]
    fn the_disk_is_probed_without_leaving_anything() {
        let temp = tempfile::tempdir().unwrap();
        let probed = disk(&temp.path().join("not/there/yet"));
        assert_eq!(probed.dir, temp.path());
        assert!(probed.syncs_per_second.is_some());
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_cache_is_counted_with_its_folders() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("a")).unwrap();
        fs::write(temp.path().join("a/x"), [0; 10]).unwrap();
        fs::write(temp.path().join("y"), [0; 5]).unwrap();
        let found = cache(temp.path());
        assert_eq!((found.files, found.bytes), (2, 15));
        assert_eq!(cache(&temp.path().join("none")).files, 0);
    }
}
