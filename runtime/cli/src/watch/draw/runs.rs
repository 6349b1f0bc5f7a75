//! The runs: one line each, the shown one among them.

use ratatui::text::{Line, Span};

use super::canvas::{Canvas, Theme};
use crate::live::words::consumed;
use crate::output::{BOLD, DIM, WARN};
use crate::pause;
use crate::render;
use crate::text::{duration, fit, one_line, plural, width};
use crate::watch::state::State;
use crate::watch::state::run::Run;

/// Columns from which on less important numbers are told.
const WIDE: usize = 100;

/// Draws as many of the runs as there is room for, the shown one always.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, theme: Theme) {
    let rows = canvas.rows();
    let all = state.runs.len();
    let top = state.at.saturating_sub(rows.saturating_sub(1)).min(all.saturating_sub(rows));
    let hidden = all.saturating_sub(rows);
    let count = if hidden > 0 { format!("{} of {all} runs ", state.at + 1) } else { String::new() };
    for (row, (index, run)) in state.runs.iter().enumerate().skip(top).take(rows).enumerate() {
        let several = (all > 1).then_some((index, index == state.at));
        let last = row + 1 == rows && hidden > 0;
        let taken = if last { width(&count) + 2 } else { 0 };
        let columns = canvas.columns().saturating_sub(taken);
        let line = line(run, several, state, columns, theme);
        canvas.line(row, 0, &line);
        if last {
            let column = canvas.columns().saturating_sub(width(&count));
            canvas.line(row, column, &Line::from(theme.span(DIM, count.clone())));
        }
    }
}

fn line(
    run: &Run,
    several: Option<(usize, bool)>,
    state: &State,
    columns: usize,
    theme: Theme,
) -> Line<'static> {
    let (sign, word, style) = render::state(run.state(), run.row.owned);
    let mut spans: Vec<Span<'static>> = Vec::new();
    let lead = match several {
        Some((index, true)) => format!("►{} ", index + 1),
        Some((index, false)) => format!(" {} ", index + 1),
        None => " ".to_owned(),
    };
    let shown = several.is_none_or(|(_, shown)| shown);
    let name = fit(&one_line(&run.row.name), 28.min(columns / 3));
    let mut used = width(&lead) + 2 + width(&name);
    spans.push(theme.span(if shown { BOLD } else { DIM }, lead));
    spans.push(theme.span(style, format!("{sign} ")));
    spans.push(theme.span(if shown { BOLD } else { DIM }, name));
    // What has no room is left out: half a number says something else.
    let mut push = |style, text: String| {
        let takes = width(&text) + 2;
        if !text.is_empty() && used + takes <= columns {
            used += takes;
            spans.push(Span::raw("  "));
            spans.push(theme.span(style, text));
        }
    };
    push(style, word.to_owned());
    let ended = run.state().is_final() || !run.row.owned;
    let until = if ended { run.row.updated } else { state.now };
    let began = if run.caught_up { run.model.began } else { run.row.created };
    push(DIM, duration(until.since(began)));
    if let Some(reason) = &run.model.paused {
        push(WARN, fit(&one_line(&pause::words(reason, state.now)), columns / 3));
    } else if run.model.pausing.is_some() {
        push(WARN, "pausing".to_owned());
    }
    for fact in facts(run, columns >= WIDE) {
        push(DIM, fact);
    }
    push(DIM, run.id().to_string());
    Line::from(spans)
}

/// The numbers of a run: of its records once they were read, else of its row.
fn facts(run: &Run, wide: bool) -> Vec<String> {
    let model = &run.model;
    if !run.caught_up {
        let mut facts = vec![plural(run.row.tasks, "task")];
        facts.extend(consumed(&run.row.usage, None));
        return facts;
    }
    let mut facts = Vec::new();
    if !model.gates.is_empty() {
        facts.push(plural(model.gates.len() as u64, "question"));
    }
    let failed = model.total.failed + model.tools.failed;
    if failed > 0 {
        facts.push(format!("{failed} failed"));
    }
    if model.total.spawned > 0 {
        facts.push(format!("{}/{} agents", model.total.ended, model.total.spawned));
    }
    if model.tools.spawned > 0 && wide {
        facts.push(format!("{}/{} tools", model.tools.ended, model.tools.spawned));
    }
    facts.extend(consumed(&model.usage, Some(&model.caps.run)));
    facts
}
