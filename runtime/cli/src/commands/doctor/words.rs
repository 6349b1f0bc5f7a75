//! A checkup in words.

use baton_journal::store::VerifyReport;

use super::machine::{Cache, Confinement, Disk, MAX_MAP_COUNT, Maps, Temporary};
use super::{Checkup, JournalState, Limit, Sqlite};
use crate::output::{BAD, BOLD, DIM, GOOD, WARN};
use crate::text::{bytes, count, pad, paint, plural};

/// The checkup for people.
pub(super) fn text(checkup: &Checkup) -> String {
    let mut facts = Facts::default();
    facts.good("baton", checkup.version.into());
    let Sqlite { version, floor } = &checkup.sqlite;
    facts.good("SQLite", format!("{version}, at least {floor} is needed"));
    facts.machine(checkup);
    match &checkup.journal {
        None => facts.good("journal", "nothing has run here yet".into()),
        Some(state) => facts.journal(state),
    }
    for (index, worktree) in checkup.worktrees.iter().enumerate() {
        let name = if index == 0 { "worktrees" } else { "" };
        facts.add(worktree.is_fine().then_some(true), name, worktree.words());
    }
    for unfinished in &checkup.unfinished {
        facts.bad("half written", unfinished.words());
    }
    format!("{}\n{}", facts.lines, limits(&checkup.limits))
}

/// Lines with a sign, a name and a value.
#[derive(Default)]
struct Facts {
    lines: String,
}

impl Facts {
    /// Good, bad, or (none) neither.
    fn add(&mut self, good: Option<bool>, name: &str, value: String) {
        let sign = match good {
            Some(true) => paint(GOOD, "✓"),
            Some(false) => paint(BAD, "✗"),
            None => paint(WARN, "!"),
        };
        self.lines.push_str(&format!("{sign} {} {value}\n", pad(name, 14)));
    }

    fn good(&mut self, name: &str, value: String) {
        self.add(Some(true), name, value);
    }

    fn bad(&mut self, name: &str, value: String) {
        self.add(Some(false), name, value);
    }

    fn warn(&mut self, name: &str, value: String) {
        self.add(None, name, value);
    }

    fn machine(&mut self, checkup: &Checkup) {
        match &checkup.maps {
            Maps { max_map_count: Some(maps), live_guests_max: Some(guests) } => {
                let value = format!("vm.max_map_count = {maps}: about {guests} live guests");
                self.good("memory maps", value);
            }
            _ => self.warn("memory maps", format!("{MAX_MAP_COUNT} cannot be read")),
        }
        let Disk { dir, syncs_per_second, problem } = &checkup.disk;
        match syncs_per_second {
            Some(rate) => {
                let value = format!("{} durable writes/s in {}", count(*rate), dir.display());
                self.good("disk", value);
            }
            None => {
                let problem = problem.as_deref().unwrap_or_default();
                self.bad("disk", format!("{}: {problem}", dir.display()));
            }
        }
        let Cache { dir, files, bytes: size } = &checkup.cache;
        let files = plural(*files, "file");
        self.good("cache", format!("{files}, {} in {}", bytes(*size), dir.display()));
        let Temporary { dir, left, bytes: size } = &checkup.temporary;
        if *left > 0 {
            let folders = format!("{} of killed processes", plural(*left, "folder"));
            let what = format!("{folders}, {}, in {}: `baton gc`", bytes(*size), dir.display());
            self.warn("temporary", what);
        }
        let Confinement { probe, words } = &checkup.confinement;
        let all = probe.landlock.is_some() && probe.network.is_some();
        for (index, sentence) in words.iter().enumerate() {
            let name = if index == 0 { "commands" } else { "" };
            let good = (all && !sentence.contains("NOT")).then_some(true);
            self.add(good, name, sentence.clone());
        }
    }

    fn journal(&mut self, state: &JournalState) {
        let JournalState { runs, interrupted, verify } = state;
        let VerifyReport { records, blobs, damage, .. } = verify;
        let found = format!("{runs} runs, {records} records, {blobs} blobs");
        match damage.as_slice() {
            [] => self.good("journal", format!("{found}, all sound")),
            _ => self.bad("journal", format!("{found}, damaged:")),
        }
        for sentence in damage {
            self.bad("", sentence.clone());
        }
        for run in interrupted {
            let value = format!("{run} has no living owner: `baton resume {run}`");
            self.warn("interrupted", value);
        }
    }
}

/// The table of limits.
fn limits(limits: &[Limit]) -> String {
    let mut out = format!("{}\n", paint(BOLD, "Limits (--limit NAME=VALUE)"));
    let width = limits.iter().map(|limit| limit.name.len()).max().unwrap_or_default();
    for Limit { name, default, unit, reason } in limits {
        let (name, value) = (pad(name, width), pad(&format!("{default} {unit}"), 26));
        out.push_str(&format!("  {name} {value} {}\n", paint(DIM, reason)));
    }
    out
}
