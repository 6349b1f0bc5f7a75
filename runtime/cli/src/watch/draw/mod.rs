//! The screen. Pure: a state and a size give cells.

mod canvas;
mod detail;
mod dialog;
mod help;
mod runs;
mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::canvas::Canvas;
pub use self::canvas::Theme;
pub use self::detail::page;
use super::state::{Metrics, Mode, State, Tone};
use crate::output::{BAD, BOLD, DIM, GOOD};
use crate::text::{fit, one_line};

/// From how many columns on the tree and the details lie side by side.
const BESIDE_COLUMNS: u16 = 150;
/// Rows below which only one of the tree and the details is shown.
const BOTH_ROWS: u16 = 10;

/// Where the parts of the screen lie.
struct Layout {
    runs: Rect,
    tree: Rect,
    detail: Rect,
    notice: Rect,
    keys: Rect,
}

/// Draws everything; where the cursor belongs, if something is written.
pub fn draw(buffer: &mut Buffer, state: &State, theme: Theme) -> (Metrics, Option<Position>) {
    let area = buffer.area;
    let mut canvas = Canvas::new(buffer, area);
    let layout = layout(area, state);
    runs::draw(&mut canvas.part(layout.runs), state, theme);
    let mut metrics = Metrics::default();
    if let Some(run) = state.run() {
        let focused = matches!(state.mode, Mode::Detail);
        let shown = tree::draw(&mut canvas.part(layout.tree), run, state.now, !focused, theme);
        (metrics.tree, metrics.top) = shown;
        let shown = detail::draw(&mut canvas.part(layout.detail), run, state.now, focused, theme);
        (metrics.detail, metrics.detail_end) = shown;
    } else {
        let line = theme.span(DIM, "nothing runs here: `baton run WORKFLOW` starts a run");
        canvas.part(layout.tree).line(0, 1, &Line::from(line));
    }
    notice(&mut canvas.part(layout.notice), state, theme);
    keys(&mut canvas.part(layout.keys), state, theme);
    if matches!(state.mode, Mode::Help) {
        help::draw(&mut canvas, theme);
        return (metrics, None);
    }
    (metrics, dialog::draw(&mut canvas, state, theme))
}

fn layout(area: Rect, state: &State) -> Layout {
    let Rect { x, y, width, height } = area;
    let rows = |y: u16, height: u16| Rect { x, y, width, height };
    let many = u16::try_from(state.runs.len()).unwrap_or(u16::MAX);
    let most = match height {
        0..12 => 1,
        12..40 => 3,
        _ => 8,
    };
    let top = many.clamp(1, most).min(height);
    let keys = u16::from(height > 3);
    let notices = u16::from(height > 5 || (state.notice.is_some() && height > 2));
    let body = height.saturating_sub(top + keys + notices);
    let focused = matches!(state.mode, Mode::Detail);
    let below = y + top;
    let nothing = rows(below, 0);
    let (tree, detail) = if width >= BESIDE_COLUMNS && body > 2 {
        let left = width * 11 / 20;
        let tree = Rect { x, y: below, width: left - 2, height: body };
        (tree, Rect { x: x + left, y: below, width: width - left, height: body })
    } else if body < BOTH_ROWS {
        if focused { (nothing, rows(below, body)) } else { (rows(below, body), nothing) }
    } else {
        let first = if focused { (body / 3).max(4) } else { body * 11 / 20 };
        (rows(below, first), rows(below + first, body - first))
    };
    Layout {
        runs: rows(y, top),
        tree,
        detail,
        notice: rows(below + body, notices),
        keys: rows(below + body + notices, keys),
    }
}

fn notice(canvas: &mut Canvas<'_>, state: &State, theme: Theme) {
    let Some(notice) = &state.notice else { return };
    let (style, sign) = match notice.tone {
        Tone::Good => (GOOD, "✓"),
        Tone::Plain => (BOLD, "·"),
        Tone::Bad => (BAD, "!"),
    };
    let text = fit(&one_line(&notice.text), canvas.columns().saturating_sub(3));
    let line = Line::from(vec![theme.span(style, format!("{sign} ")), theme.span(style, text)]);
    canvas.line(0, 1, &line);
}

/// The most useful keys, as far as there is room.
fn keys(canvas: &mut Canvas<'_>, state: &State, theme: Theme) {
    let keys: &[(&str, &str)] = match &state.mode {
        Mode::Detail => &[
            ("↑↓", "scroll"),
            ("←→", "part"),
            ("esc", "tree"),
            ("o", "pager"),
            ("m", "message"),
            ("?", "help"),
            ("q", "quit"),
        ],
        _ => &[
            ("?", "help"),
            ("q", "quit"),
            ("enter", "details"),
            ("/", "filter"),
            ("p", "pause"),
            ("m", "message"),
            ("a", "answer"),
            ("c", "cancel"),
            ("t", "retry"),
            ("o", "pager"),
            ("r", "restart"),
        ],
    };
    let mut spans = Vec::new();
    let mut used = 1;
    for (key, word) in keys {
        used += crate::text::width(key) + crate::text::width(word) + 3;
        if used > canvas.columns() {
            break;
        }
        spans.push(theme.span(BOLD, *key));
        spans.push(theme.span(DIM, format!(" {word}  ")));
    }
    canvas.line(0, 1, &Line::from(spans));
}

#[cfg(test)]
mod tests;
