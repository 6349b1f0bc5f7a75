//! What is told of it.

use baton_core::ids::RunId;
use baton_journal::retention::{Reason, Retention};
use serde::Serialize;

use super::Outcome;
use super::leftovers::Files;
use crate::commands::doctor::worktrees::Worktree;
use crate::error::Result;
use crate::output::{BOLD, DIM, WARN};
use crate::shapes;
use crate::text::{bytes, duration, one_line, paint, plural};

/// Runs that are told one by one.
const RUNS_TOLD: usize = 20;

/// What `--json` prints.
#[derive(Serialize)]
struct Shape<'a> {
    dry_run: bool,
    removed: Vec<RemovedShape<'a>>,
    kept: Vec<KeptShape<'a>>,
    batches: &'a [String],
    blobs: u64,
    blob_bytes: u64,
    bytes: BytesShape,
    file: FileShape,
    logs: Files,
    worktrees: &'a [Worktree],
    cache: Files,
    temporary: Files,
}

#[derive(Serialize)]
struct RemovedShape<'a> {
    run: &'a RunId,
    name: &'a str,
    ended: Option<String>,
    reason: &'static str,
}

#[derive(Serialize)]
struct KeptShape<'a> {
    run: &'a RunId,
    reason: &'a str,
}

#[derive(Serialize)]
struct BytesShape {
    before: u64,
    after: u64,
}

#[derive(Serialize)]
struct FileShape {
    before: u64,
    after: u64,
    free: u64,
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Age => "age",
        Reason::Count => "count",
        Reason::Size => "size",
        Reason::Damaged => "damaged",
    }
}

/// One object.
///
/// # Errors
/// When it cannot be JSON, which it always can.
pub fn json(outcome: &Outcome) -> Result<String> {
    let removed = outcome.removed.iter().map(|(run, reason)| {
        let row = outcome.rows.get(run);
        RemovedShape {
            run,
            name: row.map_or("", |row| row.name.as_str()),
            ended: row.filter(|row| row.state.is_final()).map(|row| shapes::moment(row.updated)),
            reason: word(*reason),
        }
    });
    shapes::line(&Shape {
        dry_run: outcome.dry,
        removed: removed.collect(),
        kept: outcome.kept.iter().map(|(run, reason)| KeptShape { run, reason }).collect(),
        batches: &outcome.plan.batches,
        blobs: outcome.swept.blobs,
        blob_bytes: outcome.swept.bytes,
        bytes: BytesShape { before: outcome.plan.bytes, after: outcome.plan.bytes_after },
        file: FileShape {
            before: outcome.file.0,
            after: outcome.file.1,
            free: if outcome.dry { outcome.free } else { outcome.shrunk.left },
        },
        logs: outcome.logs,
        worktrees: &outcome.worktrees,
        cache: outcome.cache,
        temporary: outcome.temporary,
    })
}

/// Lines for people.
#[must_use]
pub fn text(outcome: &Outcome, retention: &Retention) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    let (did, went) = match outcome.dry {
        true => ("would be removed", "would go"),
        false => ("removed", "gone"),
    };
    line(&paint(BOLD, &format!("{} {did}", plural(outcome.removed.len() as u64, "run"))));
    for (run, reason) in outcome.removed.iter().take(RUNS_TOLD) {
        let name = outcome.rows.get(run).map_or("", |row| row.name.as_str());
        line(&format!("  {run} {}: {}", one_line(name), because(*reason, retention)));
    }
    if outcome.removed.len() > RUNS_TOLD {
        line(&format!("  and {} more", outcome.removed.len() - RUNS_TOLD));
    }
    for (run, reason) in outcome.kept.iter().take(RUNS_TOLD) {
        line(&format!("  {} {run} stays: {reason}", paint(WARN, "!")));
    }
    if outcome.kept.len() > RUNS_TOLD {
        line(&format!("  and {} more stay", outcome.kept.len() - RUNS_TOLD));
    }
    if *retention == Retention::default() {
        line(&paint(
            DIM,
            "  no rule says which runs may go: --older-than, --keep, --max-size, or [retention] in \
             config.toml",
        ));
    }
    let swept = outcome.swept;
    line(&format!("{} ({}) {went}", plural(swept.blobs, "blob"), bytes(swept.bytes)));
    for (files, what) in [
        (outcome.logs, "log"),
        (outcome.cache, "compiled component"),
        (outcome.temporary, "temporary folder"),
    ] {
        if files.files > 0 {
            line(&format!("{} ({}) {went}", plural(files.files, what), bytes(files.bytes)));
        }
    }
    for worktree in &outcome.worktrees {
        line(&format!("worktree {}", worktree.words()));
    }
    let (before, after) = outcome.file;
    match outcome.dry {
        true => line(&format!(
            "the journal holds {} of records and blobs, and {} after that",
            bytes(outcome.plan.bytes),
            bytes(outcome.plan.bytes_after)
        )),
        false => line(&format!("the journal has {} on disk, was {}", bytes(after), bytes(before))),
    }
    if !outcome.dry && outcome.shrunk.left > 0 {
        line(&format!(
            "{} of it are free and used again; `baton gc` gives them back when no other process has \
             the journal open for writing",
            bytes(outcome.shrunk.left)
        ));
    }
    out
}

fn because(reason: Reason, retention: &Retention) -> String {
    match reason {
        Reason::Age => {
            format!("ended more than {} ago", duration(retention.max_age_ms.unwrap_or_default()))
        }
        Reason::Count => {
            let runs = retention.max_runs.unwrap_or_default();
            let stay = if runs == 1 { "stays" } else { "stay" };
            format!("only {} that ended last {stay}", plural(runs, "run"))
        }
        Reason::Size => format!("beyond {}", bytes(retention.max_bytes.unwrap_or_default())),
        Reason::Damaged => "it is damaged".into(),
    }
}
