//! `baton ls`.

use std::collections::BTreeMap;

use anstyle::Style;
use baton_core::ids::{RunId, Timestamp};
use baton_core::record::Pause;
use baton_journal::rows::RunRow;

use super::{state, table, usage, why};
use crate::output::{BOLD, DIM};
use crate::pause::words;
use crate::text::{duration, one_line};

/// The runs as a table, as they come, with why those that are paused are.
#[must_use]
pub fn runs(
    rows: &[RunRow],
    pauses: &BTreeMap<RunId, Pause>,
    follows: &BTreeMap<RunId, RunId>,
    now: Timestamp,
    columns: usize,
) -> String {
    let plain = Style::new();
    let heading = ["RUN", "WORKFLOW", "STATE", "AGE", "TOOK", "NOTES"];
    let mut cells = vec![heading.map(|title| (title.to_owned(), BOLD)).to_vec()];
    for row in rows {
        let (sign, word, style) = state(row.state, row.owned);
        let until = if row.owned && !row.state.is_final() { now } else { row.updated };
        cells.push(vec![
            (row.run.to_string(), plain),
            (one_line(&row.name), plain),
            (format!("{sign} {word}"), style),
            (age(now.since(row.created)), DIM),
            (duration(until.since(row.created)), plain),
            (notes(row, pauses.get(&row.run), follows.get(&row.run), now), DIM),
        ]);
    }
    table(&cells, columns)
}

fn notes(row: &RunRow, pause: Option<&Pause>, follows: Option<&RunId>, now: Timestamp) -> String {
    let mut notes = Vec::new();
    if let Some((code, message)) = &row.failure {
        notes.push(why(code, message));
    }
    if let Some(reason) = pause {
        notes.push(one_line(&words(reason, now)));
    }
    notes.extend(follows.map(|run| format!("follows {run}")));
    if row.failed_tasks > 0 {
        notes.push(format!("{} failed", row.failed_tasks));
    }
    let consumed = usage(&row.usage);
    if !consumed.is_empty() {
        notes.push(consumed);
    }
    if let Some((batch, line)) = &row.batch {
        notes.push(format!("{batch}:{line}"));
    }
    notes.join(" · ")
}

/// A span in one unit, for how long ago something was.
fn age(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
