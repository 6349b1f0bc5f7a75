//! The keys, on a page of their own.

use ratatui::text::{Line, Span};

use super::canvas::{Canvas, Theme};
use crate::output::{BOLD, DIM};
use crate::text::{pad, width};

const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "go",
        &[
            ("↑ ↓  j k", "one line"),
            ("PgUp PgDn", "one page; Home and End: all the way"),
            ("← →  space", "fold and unfold"),
            ("enter", "details; esc: back to the tree"),
            ("[ ]", "another part of the details"),
            ("tab  1-9", "another run"),
            ("/", "filter by words; is:failed: by state"),
            ("f", "filter: open, failed, waiting, done, all"),
        ],
    ),
    (
        "act: each asks before anything changes",
        &[
            ("p", "pause the run, or go on with it"),
            ("m", "message to the agent, phase or run"),
            ("a  x", "approve or reject a question"),
            ("c", "cancel the task, or the run at the top"),
            ("r", "let an agent at work begin anew"),
            ("t", "do an ended task again, in a fork"),
        ],
    ),
    (
        "else",
        &[("o", "the details in $PAGER, uncut"), ("q  ctrl-c", "leave; the run is not touched")],
    ),
];

/// Columns of the keys.
const KEY: usize = 12;

/// Draws the page over everything else.
pub(super) fn draw(canvas: &mut Canvas<'_>, theme: Theme) {
    canvas.clear();
    let rows = canvas.rows();
    let mut lines = Vec::new();
    for (title, keys) in KEYS {
        lines.push(Line::from(theme.span(BOLD, format!(" {title}"))));
        for (key, words) in *keys {
            let lead = Span::raw(format!("   {}", pad(key, KEY)));
            lines.push(Line::from(vec![lead, Span::raw(*words)]));
        }
        lines.push(Line::default());
    }
    // Where there is little room, the empty lines go first, then the headings.
    for spans in 1..3 {
        if lines.len() > rows {
            lines.retain(|line| line.spans.len() >= spans);
        }
    }
    for (row, line) in lines.iter().enumerate() {
        canvas.line(row, 0, line);
    }
    let back = " any key: back ";
    let column = canvas.columns().saturating_sub(width(back));
    canvas.line(0, column, &Line::from(theme.span(DIM, back)));
}
