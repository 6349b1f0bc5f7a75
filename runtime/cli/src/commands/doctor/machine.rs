//! What this machine has: memory maps, its disk, what lies in the cache, what it can enforce.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use baton_agents::confine;
use serde::Serialize;

use crate::error::Result;
use crate::session;

/// Where Linux says how many memory maps a process may have.
pub(super) const MAX_MAP_COUNT: &str = "/proc/sys/vm/max_map_count";
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

#[derive(Serialize)]
pub(super) struct Maps {
    pub(super) max_map_count: Option<u64>,
    pub(super) live_guests_max: Option<u64>,
}

impl Maps {
    /// As this machine has them.
    pub(super) fn found() -> Self {
        let max_map_count =
            fs::read_to_string(MAX_MAP_COUNT).ok().and_then(|text| text.trim().parse().ok());
        Self { max_map_count, live_guests_max: max_map_count.map(guests_max) }
    }
}

/// How many guests can be live before the process runs out of memory maps, each with its stack.
fn guests_max(max_map_count: u64) -> u64 {
    max_map_count.saturating_sub(MAPS_BASE) / (MAPS_PER_STACK + MAPS_PER_GUEST)
}

#[derive(Serialize)]
pub(super) struct Disk {
    pub(super) dir: PathBuf,
    pub(super) syncs_per_second: Option<u64>,
    pub(super) problem: Option<String>,
}

/// How often the disk below the state directory makes a small write durable.
pub(super) fn disk(dir: &Path) -> Disk {
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

#[derive(Serialize)]
pub(super) struct Cache {
    pub(super) dir: PathBuf,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Size of the compiled components.
pub(super) fn cache(dir: &Path) -> Cache {
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

/// Folders of killed processes.
#[derive(Serialize)]
pub(super) struct Temporary {
    pub(super) dir: PathBuf,
    pub(super) left: u64,
    pub(super) bytes: u64,
}

/// What killed processes left where temporary files are.
pub(super) fn temporary() -> Temporary {
    let left = baton_scratch::left();
    Temporary {
        dir: std::env::temp_dir(),
        left: left.len() as u64,
        bytes: left.iter().map(|one| one.bytes).sum(),
    }
}

#[derive(Serialize)]
pub(super) struct Confinement {
    #[serde(flatten)]
    pub(super) probe: confine::Probe,
    pub(super) words: Vec<String>,
}

/// What this machine can enforce for commands.
pub(super) fn confinement() -> Result<Confinement> {
    let probe = confine::probe(&session::supervisor()?);
    Ok(Confinement { probe, words: probe.words(false) })
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
