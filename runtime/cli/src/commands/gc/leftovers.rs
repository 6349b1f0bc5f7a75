//! Files that nobody needs any more.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use baton_core::ids::RunId;
use baton_engine::live;
use baton_journal::store::Journal;
use serde::Serialize;
use ulid::Ulid;

use crate::error::Result;
use crate::home::{self, Home};
use crate::notify::Hooks;
use crate::project::places::Places;
use crate::select::BATCH_PREFIX;
use crate::started::Started;

/// Folder of what runs in the background told.
const LOGS: &str = "logs";
/// Folder of the locks of batches.
const LOCKS: &str = "batches";
/// Ending of compiled components.
const COMPILED: &str = "cwasm";
/// Beginning of files that a process was writing when it died.
const DRAFT: &str = "tmp-";
/// A compiled component that nobody has read for so long is compiled again when it is needed.
const UNUSED: Duration = Duration::from_hours(30 * 24);
/// What is younger than this may belong to something that has just begun.
const YOUNG: Duration = Duration::from_hours(1);

/// Files that went, or would go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Files {
    /// Takes a file away, and counts it.
    fn take(&mut self, path: &Path, about: &Metadata, dry: bool) {
        // What cannot be removed is no reason to stop: it takes room, and nothing else.
        if dry || fs::remove_file(path).is_ok() {
            self.files += 1;
            self.bytes += about.len();
        }
    }
}

/// Temporary folders of processes of this person that were killed, of whatever project.
#[must_use]
pub fn temporary(dry: bool) -> Files {
    let left = if dry { baton_scratch::left() } else { baton_scratch::sweep() };
    Files { files: left.len() as u64, bytes: left.iter().map(|one| one.bytes).sum() }
}

/// Logs of runs that are gone: those of `gone`, and older ones of which the journal knows nothing.
///
/// # Errors
/// When the journal cannot be read.
pub async fn logs(
    home: &Home,
    journal: &dyn Journal,
    gone: &BTreeSet<String>,
    dry: bool,
) -> Result<Files> {
    let mut files = Files::default();
    for (path, about) in plain_files(&home.dir().join(LOGS)) {
        // What stands before the first dot: a run or a batch.
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(id) = name.and_then(|name| name.split('.').next()) else { continue };
        let Some(known) = known(journal, id).await? else { continue };
        if gone.contains(id) || (!known && !is_newer(&about, YOUNG)) {
            files.take(&path, &about, dry);
        }
    }
    Ok(files)
}

/// Whether the journal knows a run or a batch; none: this is the id of neither.
async fn known(journal: &dyn Journal, id: &str) -> Result<Option<bool>> {
    Ok(match id.parse::<RunId>() {
        Ok(run) => Some(journal.run(&run).await?.is_some()),
        Err(_) if id.starts_with(BATCH_PREFIX) => Some(journal.batch(id).await?.is_some()),
        Err(_) => None,
    })
}

/// What the person's lists say of runs and batches that are gone. `gone`: those that went just now.
///
/// # Errors
/// When the journal cannot be read.
pub async fn lists(
    home: &Home,
    places: &Places,
    journal: &dyn Journal,
    gone: &BTreeSet<String>,
) -> Result<()> {
    // A list that cannot be written keeps what it has, and nothing is lost by that.
    if let Some(told) = Hooks::told_of(places) {
        let _ = told.forget(gone);
    }
    let Some(started) = Started::of(places, home) else { return Ok(()) };
    let mut forgotten = HashSet::new();
    for id in started.ids() {
        // An id is put down before there is a run of that name.
        let unknown = known(journal, &id).await? != Some(true);
        if gone.contains(&id) || (unknown && !is_young(&id)) {
            forgotten.insert(id);
        }
    }
    let _ = started.forget(&forgotten);
    Ok(())
}

/// Whether an id was made a short time ago, as it says itself.
fn is_young(id: &str) -> bool {
    let made = id.rsplit('_').next().and_then(|text| text.parse::<Ulid>().ok());
    let young = SystemTime::now() - YOUNG;
    made.is_some_and(|made| {
        UNIX_EPOCH
            .checked_add(Duration::from_millis(made.timestamp_ms()))
            .is_some_and(|at| at > young)
    })
}

/// Locks of batches that are gone.
///
/// # Errors
/// When the journal cannot be read.
pub async fn locks(home: &Home, journal: &dyn Journal) -> Result<()> {
    for (path, about) in plain_files(&home.dir().join(LOCKS)) {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(id) = name.filter(|name| is_batch(name)) else { continue };
        if is_newer(&about, YOUNG) || journal.batch(id).await?.is_some() {
            continue;
        }
        // Held by nobody, so nobody works on it.
        if home::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

/// What agents said last in runs that nobody drives: whoever drove them died.
///
/// # Errors
/// When the journal cannot be read.
pub async fn words(home: &Home, journal: &dyn Journal) -> Result<()> {
    let folder = home.live();
    for (path, _) in plain_files(&folder) {
        let Some(run) = path.file_name().and_then(|name| name.to_str()).and_then(live::run_of)
        else {
            continue;
        };
        if !journal.run(&run).await?.is_some_and(|row| row.owned) {
            // Of one that is taken on meanwhile a few words are lost, and nothing else.
            let _ = live::remove(&folder, &run);
        }
    }
    Ok(())
}

/// Compiled components that were not used for long. They serve every project of the person.
#[must_use]
pub fn cache(home: &Home, dry: bool) -> Files {
    let mut files = Files::default();
    for (path, about) in plain_files(&home.cache()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let compiled = path.extension().is_some_and(|ending| ending == COMPILED);
        if (compiled || name.starts_with(DRAFT)) && !is_newer(&about, UNUSED) {
            files.take(&path, &about, dry);
        }
    }
    files
}

/// Whether this is the id of a batch by its form.
fn is_batch(name: &str) -> bool {
    name.strip_prefix(BATCH_PREFIX).is_some_and(|id| id.parse::<Ulid>().is_ok())
}

/// The files right in a folder. None where the folder is a link: it may have come with somebody else's
/// files, and lead anywhere.
fn plain_files(folder: &Path) -> Vec<(PathBuf, Metadata)> {
    if !fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir()) {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            // Of the entry itself: a link is nothing that was put there.
            let about = entry.metadata().ok().filter(Metadata::is_file)?;
            Some((entry.path(), about))
        })
        .collect()
}

/// Whether a file was written or read within this time.
fn is_newer(about: &Metadata, than: Duration) -> bool {
    let used = u64::try_from(about.mtime().max(about.atime())).unwrap_or_default();
    let used = UNIX_EPOCH + Duration::from_secs(used);
    SystemTime::now().duration_since(used).map_or(true, |age| age < than)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn nothing_that_a_link_leads_to_is_looked_at() {
        let (home, precious) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(precious.path().join("thesis.tex"), "1").unwrap();
        let link = home.path().join(LOCKS);
        std::os::unix::fs::symlink(precious.path(), &link).unwrap();
        assert!(plain_files(&link).is_empty());
        assert_eq!(plain_files(precious.path()).len(), 1);
    }

    #[test]
    fn an_id_says_when_it_was_made() {
        let now = Ulid::generate();
        for (id, young) in [
            (format!("run_{now}"), true),
            (format!("batch_{now}"), true),
            ("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF".into(), false),
            ("run_".into(), false),
            ("anything".into(), false),
        ] {
            assert_eq!(is_young(&id), young, "{id}");
        }
    }

    #[test]
    fn a_lock_has_the_name_of_a_batch() {
        for (name, is) in [
            ("batch_01JQ4ZK6Y3W8M2V5T7R9XBCDEF", true),
            ("batch_", false),
            ("batch_01JQ4ZK6Y3W8M2V5T7R9XBCDE", false),
            ("batch_01JQ4ZK6Y3W8M2V5T7R9XBCDEF.bak", false),
            ("01JQ4ZK6Y3W8M2V5T7R9XBCDEF", false),
            (".bashrc", false),
        ] {
            assert_eq!(is_batch(name), is, "{name}");
        }
    }

    #[test]
    fn only_plain_files_that_were_not_used_for_long_go() {
        let temp = tempfile::tempdir().unwrap();
        let (old, new) = (temp.path().join("a.cwasm"), temp.path().join("b.cwasm"));
        for path in [&old, &new] {
            fs::write(path, [0; 10]).unwrap();
        }
        let long_ago = SystemTime::now() - UNUSED - Duration::from_secs(60);
        let times = fs::FileTimes::new().set_accessed(long_ago).set_modified(long_ago);
        fs::File::options().write(true).open(&old).unwrap().set_times(times).unwrap();
        std::os::unix::fs::symlink(&old, temp.path().join("c.cwasm")).unwrap();
        fs::create_dir(temp.path().join("d.cwasm")).unwrap();
        let found = plain_files(temp.path());
        assert_eq!(found.len(), 2);
        let stale: Vec<&PathBuf> = found
            .iter()
            .filter(|(_, about)| !is_newer(about, UNUSED))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(stale, [&old]);
    }
}
