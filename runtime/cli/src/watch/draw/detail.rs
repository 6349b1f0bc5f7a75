//! The details of what is selected, one part at a time.

mod overview;
mod parts;

use baton_core::ids::Timestamp;
use ratatui::text::{Line, Span};

use super::canvas::{Canvas, Theme};
use crate::output::{BOLD, BUSY, DIM};
use crate::text::{clean, fit, one_line, pad, paint, width, wrap};
use crate::watch::state::detail::Tab;
use crate::watch::state::rows::Node;
use crate::watch::state::run::Run;

/// Columns of the names on the left.
const NAME: usize = 10;
/// Columns of a page for the pager where nobody knows better.
const PAGE_COLUMNS: usize = 100;

/// Draws the details; how many lines there is room for, and the first line that can be shown at most.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    run: &Run,
    now: Timestamp,
    focused: bool,
    theme: Theme,
) -> (usize, usize) {
    let rows = canvas.rows().saturating_sub(1);
    canvas.line(0, 0, &heading(run, canvas.columns(), focused, theme));
    let columns = canvas.columns().saturating_sub(1);
    let text = Text::of(run, now, columns, false);
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.len().saturating_sub(rows);
    let top = run.scroll.unwrap_or(if run.tab.grows() { end } else { 0 }).min(end);
    for (row, line) in lines.iter().skip(top).take(rows).enumerate() {
        canvas.line(row + 1, 0, &theme.line(line));
    }
    if rows > 0 && top < end {
        let more = format!(" {} more ↓ ", end - top);
        let column = canvas.columns().saturating_sub(width(&more) + 1);
        canvas.line(rows, column, &Line::from(theme.span(DIM, more)));
    }
    (rows, end)
}

/// What is shown, whole, for a pager: with its name, and painted.
#[must_use]
pub fn page(run: &Run, now: Timestamp) -> String {
    let name = paint(BOLD, &format!("{} · {}", title(run), run.tab.word()));
    format!("{name}\n\n{}", Text::of(run, now, PAGE_COLUMNS, true))
}

/// What is selected, in words.
fn title(run: &Run) -> String {
    match run.cursor {
        Node::Task(place) => match run.model.at(place) {
            Some(task) if !task.path.is_root() => {
                format!("/{} {}", task.path, one_line(&task.label))
            }
            _ => one_line(&run.row.name),
        },
        Node::Group(place, group) => {
            let group = run.model.at(place).and_then(|task| task.groups.get(group));
            phase_title(run, group.map(|group| group.phase))
        }
        Node::ToCome(place) => phase_title(run, Some(place)),
    }
}

fn phase_title(run: &Run, phase: Option<usize>) -> String {
    let phase = phase.and_then(|phase| run.model.phases.get(phase));
    format!("phase {}", phase.map(|phase| one_line(&phase.title)).unwrap_or_default())
}

/// A rule with the name of what is selected and of the parts, the shown one in brackets.
fn heading(run: &Run, columns: usize, focused: bool, theme: Theme) -> Line<'static> {
    let all: usize = Tab::ALL.iter().map(|tab| width(tab.word()) + 2).sum();
    let several = columns >= all + 20;
    let tabs = if several { all } else { width(run.tab.word()) + 4 };
    let title = fit(&title(run), columns.saturating_sub(tabs + 6));
    let style = if focused { BUSY } else { DIM };
    let mut used = width(&title) + 4;
    let mut spans = vec![theme.span(style, "─ "), theme.span(BOLD, title), theme.span(style, " ─")];
    for tab in Tab::ALL {
        let word = tab.word();
        let shown = *tab == run.tab;
        if shown {
            spans.push(theme.span(BOLD, format!("[{word}]")));
            used += width(word) + 2;
        } else if several {
            spans.push(theme.span(DIM, format!(" {word} ")));
            used += width(word) + 2;
        }
    }
    spans.push(theme.span(style, "─".repeat(columns.saturating_sub(used))));
    Line::from(spans.into_iter().filter(|span| !span.content.is_empty()).collect::<Vec<Span<'_>>>())
}

/// Lines that are being written, painted.
struct Text {
    out: String,
    columns: usize,
    /// For a pager: nothing is cut.
    full: bool,
}

impl Text {
    fn of(run: &Run, now: Timestamp, columns: usize, full: bool) -> String {
        let mut text = Self { out: String::new(), columns, full };
        match run.tab {
            Tab::Overview => overview::write(&mut text, run, now),
            Tab::Transcript => parts::transcript(&mut text, run),
            Tab::Tools => parts::tools(&mut text, run),
            Tab::Files => parts::files(&mut text, run),
            Tab::Handoff => parts::handoff(&mut text, run),
            Tab::Messages => parts::messages(&mut text, run, now),
        }
        text.out
    }

    /// A name and a value, which may have many lines; nothing if it is empty.
    fn fact(&mut self, name: &str, value: &str) {
        self.painted(anstyle::Style::new(), name, value);
    }

    fn painted(&mut self, style: anstyle::Style, name: &str, value: &str) {
        let value = clean(value);
        let room = self.columns.saturating_sub(NAME + 2).max(8);
        let lines =
            value.trim_end().lines().flat_map(|line| wrap(&line.replace('\t', "    "), room));
        for (index, line) in lines.enumerate() {
            if value.trim().is_empty() {
                return;
            }
            let name = if index == 0 { fit(name, NAME) } else { String::new() };
            let name = paint(DIM, &pad(&name, NAME));
            self.out.push_str(&format!(" {name} {}\n", paint(style, line.trim_end())));
        }
    }

    /// A line that says why there is nothing else.
    fn nothing(&mut self, words: &str) {
        self.out.push_str(&format!(" {}\n", paint(DIM, words)));
    }
}
