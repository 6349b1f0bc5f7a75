//! The tree of phases and tasks: only the lines that are seen are made.

use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_journal::rows::State;
use ratatui::text::{Line, Span};

use super::canvas::{Canvas, Theme};
use crate::live::model::{Doing, Kind, Task};
use crate::live::words::{doing, last};
use crate::output::{BAD, BOLD, DIM, GOOD, WARN};
use crate::render;
use crate::text::{count, dollars, duration, fit, one_line, pad, plural, width};
use crate::watch::state::rows::{Node, Row};
use crate::watch::state::run::Run;

/// Columns of a time, of tokens and of money.
const TIME: usize = 6;
const TOKENS: usize = 6;
const COST: usize = 8;
/// Most levels that are indented: what lies deeper stands below each other.
const INDENT_MAX: usize = 8;

/// Which columns there is room for, and how wide they are.
struct Columns {
    all: usize,
    name: usize,
    backend: usize,
    doing: usize,
    time: bool,
    spent: bool,
}

impl Columns {
    fn of(all: usize) -> Self {
        let (time, spent) = (all >= 36, all >= 60);
        let numbers = if time { TIME + 2 } else { 0 } + if spent { TOKENS + COST + 4 } else { 0 };
        let left = all.saturating_sub(numbers);
        let backend = if all >= 108 { 26 } else { 0 };
        let name = match all {
            0..36 => left,
            _ => ((left - backend) / 2).clamp(16, 44).min(left),
        };
        let gaps = 2 + if backend > 0 { 2 } else { 0 };
        Self { all, name, backend, doing: left.saturating_sub(name + backend + gaps), time, spent }
    }
}

/// Draws the tree; how many lines of it there is room for, and the first that is shown.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    run: &Run,
    now: Timestamp,
    focused: bool,
    theme: Theme,
) -> (usize, usize) {
    let rows = canvas.rows().saturating_sub(1);
    let columns = Columns::of(canvas.columns());
    canvas.line(0, 0, &heading(run, &columns, theme));
    let at = run.position().unwrap_or_default();
    // A page moves only when the selected line would leave it.
    let end = run.rows.len().saturating_sub(rows);
    let top = run.top.clamp((at + 1).saturating_sub(rows), at.max((at + 1).saturating_sub(rows)));
    let top = top.min(end);
    for (index, row) in run.rows.iter().enumerate().skip(top).take(rows) {
        let selected = index == at;
        let line = line(run, *row, selected, now, &columns, theme);
        canvas.line(index - top + 1, 0, &line);
        if selected && focused {
            canvas.reverse(index - top + 1);
        }
    }
    if run.rows.len() <= 1 {
        let words = match (run.filter.is_empty(), run.caught_up) {
            (false, _) => "nothing fits the filter; esc shows everything",
            (true, true) => "no tasks yet",
            (true, false) => "reading the records …",
        };
        canvas.line(2, 3, &Line::from(theme.span(DIM, words)));
    }
    (rows, top)
}

fn heading(run: &Run, columns: &Columns, theme: Theme) -> Line<'static> {
    let mut text = if run.filter.is_empty() {
        " task".to_owned()
    } else {
        let tasks = run.rows.iter().filter(|row| matches!(row.node, Node::Task(_))).count();
        let filter = one_line(&run.filter.text);
        format!(" only `{filter}`: {}", plural(tasks.saturating_sub(1) as u64, "task"))
    };
    let style = if run.filter.is_empty() { DIM } else { WARN };
    if columns.time {
        text = pad(&fit(&text, columns.name), columns.name);
        if columns.backend > 0 {
            text.push_str(&format!("  {}", pad("by", columns.backend)));
        }
        text.push_str(&format!("  {}  {:>TIME$}", pad("does", columns.doing), "time"));
    }
    if columns.spent {
        text.push_str(&format!("  {:>TOKENS$}  {:>COST$}", "tokens", "cost"));
    }
    Line::from(theme.span(style, fit(&text, columns.all)))
}

fn line(
    run: &Run,
    row: Row,
    selected: bool,
    now: Timestamp,
    columns: &Columns,
    theme: Theme,
) -> Line<'static> {
    let cells = match row.node {
        Node::Task(place) => run.model.at(place).map(|task| task_cells(run, task, now)),
        Node::Group(place, group) => group_cells(run, place, group),
        Node::ToCome(place) => run.model.phases.get(place).map(|phase| Cells {
            style: DIM,
            sign: "○",
            name: one_line(&phase.title),
            name_style: DIM,
            doing: "not started".into(),
            ..Cells::default()
        }),
    };
    cells.unwrap_or_default().line(row, selected, columns, theme)
}

/// What stands in the columns of a line.
struct Cells {
    style: anstyle::Style,
    sign: &'static str,
    name: String,
    name_style: anstyle::Style,
    backend: String,
    doing: String,
    doing_style: anstyle::Style,
    /// What it does is to say something.
    speaks: bool,
    time: String,
    usage: Usage,
}

impl Default for Cells {
    fn default() -> Self {
        let plain = anstyle::Style::new();
        Self {
            style: plain,
            sign: " ",
            name: String::new(),
            name_style: plain,
            backend: String::new(),
            doing: String::new(),
            doing_style: DIM,
            speaks: false,
            time: String::new(),
            usage: Usage::default(),
        }
    }
}

impl Cells {
    fn line(self, row: Row, selected: bool, columns: &Columns, theme: Theme) -> Line<'static> {
        let mark = if selected { "►" } else { " " };
        let fold = match row.open {
            Some(true) => "▾ ",
            Some(false) => "▸ ",
            None => "  ",
        };
        let lead = format!("{mark}{}{fold}", "  ".repeat(row.depth.min(INDENT_MAX)));
        let room = columns.name.saturating_sub(width(&lead) + 2);
        let name = pad(&fit(&self.name, room), room);
        let mut spans = vec![
            Span::raw(lead),
            theme.span(self.style, format!("{} ", self.sign)),
            theme.span(self.name_style, name),
        ];
        if columns.time {
            if columns.backend > 0 {
                let backend = pad(&fit(&self.backend, columns.backend), columns.backend);
                spans.push(theme.span(DIM, format!("  {backend}")));
            }
            // Of what is said the end matters.
            let doing = if self.speaks { last(&self.doing, columns.doing) } else { self.doing };
            let doing = pad(&fit(&doing, columns.doing), columns.doing);
            spans.push(theme.span(self.doing_style, format!("  {doing}")));
            spans.push(Span::raw(format!("  {:>TIME$}", self.time)));
        }
        if columns.spent {
            let about = if self.usage.estimated_calls > 0 { "~" } else { "" };
            let shown = |number: u64, words: fn(u64) -> String| match number {
                0 => String::new(),
                number => format!("{about}{}", words(number)),
            };
            let tokens = shown(self.usage.tokens(), count);
            let cost = shown(self.usage.cost_micro_usd, dollars);
            spans.push(Span::raw(format!("  {tokens:>TOKENS$}  {cost:>COST$}")));
        }
        Line::from(spans)
    }
}

fn task_cells(run: &Run, task: &Task, now: Timestamp) -> Cells {
    let root = task.path.is_root();
    let state = if root { run.state() } else { task.state };
    let (sign, _, style) = match (task.kind, state) {
        // What did not begin is not interrupted when nobody drives the run.
        (_, State::Queued) => render::state(state, true),
        // Nobody needs to drive what waits for the clock.
        (Kind::Timer, State::Running) => render::state(state, true),
        _ => render::state(state, run.row.owned),
    };
    // What nobody drives does not grow older.
    let until = if run.row.owned { now } else { run.row.updated };
    let number = task.path.number().map(|number| format!("{number} ")).unwrap_or_default();
    let label = one_line(&task.label);
    let backend = task.backend.as_deref().filter(|backend| *backend != task.label);
    Cells {
        style,
        sign,
        name: format!("{number}{label}"),
        name_style: if root || state == State::Waiting { BOLD } else { anstyle::Style::new() },
        backend: backend.map(one_line).unwrap_or_default(),
        doing: doing(task, now),
        speaks: task.ended.is_none()
            && matches!(task.doing, Doing::Writing(_) | Doing::Thinking(_)),
        doing_style: match state {
            State::Failed => BAD,
            State::Waiting => WARN,
            State::Running => anstyle::Style::new(),
            _ => DIM,
        },
        time: task.elapsed(until).map(duration).unwrap_or_default(),
        usage: task.usage,
    }
}

fn group_cells(run: &Run, place: usize, group: usize) -> Option<Cells> {
    let group = run.model.at(place)?.groups.get(group)?;
    let phase = run.model.phases.get(group.phase)?;
    let (all, ended, failed) = (group.members.len(), group.ended, group.failed);
    let mut doing = format!("{ended}/{all} ended");
    if failed > 0 {
        doing.push_str(&format!(", {failed} failed"));
    }
    if let Some((done, total)) = phase.progress {
        let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
        doing.push_str(&format!(", says {done}{total}"));
    }
    let (style, sign) = match (ended < all, failed > 0) {
        (true, _) if !phase.open.is_empty() => {
            let mut open = phase.open.iter().filter_map(|place| run.model.at(*place));
            let asks = open.all(|task| task.kind == Kind::Gate);
            let state = if asks { State::Waiting } else { State::Running };
            let (sign, _, style) = render::state(state, run.row.owned);
            (style, sign)
        }
        (true, _) => (DIM, "○"),
        (false, true) => (BAD, "✗"),
        (false, false) => (GOOD, "✓"),
    };
    Some(Cells {
        style,
        sign,
        name: one_line(&phase.title),
        name_style: BOLD,
        doing,
        usage: group.usage,
        ..Cells::default()
    })
}
