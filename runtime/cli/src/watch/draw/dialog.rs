//! Questions and texts at the bottom of the screen, above everything else.

use baton_core::gate::Verdict;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::canvas::{Canvas, Theme};
use crate::output::{BAD, BOLD, DIM, WARN};
use crate::text::{fit, one_line, pad, width, wrap};
use crate::watch::state::answer::{AnswerForm, Field};
use crate::watch::state::input::Input;
use crate::watch::state::{Confirm, Draft, Mode, State};

/// Columns of the names of fields.
const NAME: usize = 8;
/// Lines of a question that are shown.
const QUESTION_MAX: usize = 4;

/// Draws what is asked of the person; where the cursor belongs.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, theme: Theme) -> Option<Position> {
    let columns = canvas.columns();
    let mut panel = Panel { lines: Vec::new(), cursor: None, columns, theme };
    match &state.mode {
        Mode::Confirm(question) => panel.confirm(question),
        Mode::Message(draft) => panel.message(draft),
        Mode::Filter(input, _) => panel.filter(input),
        Mode::Answer(form) => panel.answer(form),
        Mode::Tree | Mode::Detail | Mode::Help => return None,
    }
    let rows = panel.lines.len().min(canvas.rows());
    // What is written stands at the bottom: where there is little room, the top is cut.
    let cut = panel.lines.len() - rows;
    let area = canvas.area;
    let height = u16::try_from(rows).unwrap_or(area.height);
    let mut part = canvas.part(Rect { y: area.bottom() - height, height, ..area });
    part.clear();
    for (row, line) in panel.lines.iter().skip(cut).enumerate() {
        part.line(row, 0, line);
    }
    let (row, column) = panel.cursor?;
    let row = u16::try_from(row.checked_sub(cut)?).ok()?;
    let column = u16::try_from(column).ok()?.min(area.width.saturating_sub(1));
    Some(Position { x: area.x + column, y: part.area.y + row })
}

struct Panel {
    lines: Vec<Line<'static>>,
    cursor: Option<(usize, usize)>,
    columns: usize,
    theme: Theme,
}

impl Panel {
    fn rule(&mut self, title: &str) {
        let title = fit(title, self.columns.saturating_sub(6));
        let rest = "─".repeat(self.columns.saturating_sub(width(&title) + 4));
        self.lines.push(Line::from(vec![
            self.theme.span(WARN, "── "),
            self.theme.span(BOLD, title),
            self.theme.span(WARN, format!(" {rest}")),
        ]));
    }

    fn words(&mut self, style: anstyle::Style, text: &str, max: usize) {
        let room = self.columns.saturating_sub(2);
        for line in wrap(&one_line(text), room).into_iter().take(max) {
            self.lines.push(Line::from(vec![Span::raw(" "), self.theme.span(style, line)]));
        }
    }

    fn keys(&mut self, keys: &[(&str, &str)]) {
        let mut spans = vec![Span::raw(" ")];
        for (key, word) in keys {
            spans.push(self.theme.span(BOLD, *key));
            spans.push(self.theme.span(DIM, format!(" {word}   ")));
        }
        self.lines.push(Line::from(spans));
    }

    /// A line that is written, so much of it as there is room for left of the cursor.
    fn input(&mut self, name: &str, input: &Input, focused: bool) {
        let name = if name.is_empty() { String::new() } else { pad(name, NAME) };
        let lead = format!("{}{name} ", if focused { "►" } else { " " });
        let room = self.columns.saturating_sub(width(&lead) + 1);
        let before = one_visible(input.before());
        let text = one_visible(input.text());
        // The cursor stays in sight.
        let mut hidden = 0;
        let mut start = 0;
        for c in before.chars() {
            if width(&before) - hidden < room {
                break;
            }
            hidden += width(c.encode_utf8(&mut [0; 4]));
            start += c.len_utf8();
        }
        let shown = text.get(start..).unwrap_or_default().to_owned();
        if focused {
            self.cursor = Some((self.lines.len(), width(&lead) + width(&before) - hidden));
        }
        let style = if focused { BOLD } else { DIM };
        self.lines.push(Line::from(vec![self.theme.span(style, lead), Span::raw(shown)]));
    }

    fn confirm(&mut self, question: &Confirm) {
        self.rule("sure?");
        self.words(BOLD, &question.question, QUESTION_MAX);
        let other = question.other.as_ref().map(|(key, words, _)| (key.to_string(), *words));
        let mut keys = vec![("y", "yes")];
        if let Some((key, words)) = &other {
            keys.push((key, words));
        }
        keys.push(("n", "no"));
        self.keys(&keys);
    }

    fn message(&mut self, draft: &Draft) {
        let urgent = if draft.urgent { ", urgent: interrupts" } else { "" };
        self.rule(&format!("message to {}{urgent}", draft.name));
        self.input("", &draft.input, true);
        let word = if draft.urgent { "not urgent" } else { "urgent" };
        self.keys(&[("enter", "send"), ("tab", word), ("esc", "leave")]);
    }

    fn filter(&mut self, input: &Input) {
        self.rule("filter");
        self.input("", input, true);
        self.words(
            DIM,
            "words of a name, phase or backend; is:open is:failed is:waiting is:done",
            2,
        );
        self.keys(&[("enter", "keep"), ("esc", "leave")]);
    }

    fn answer(&mut self, form: &AnswerForm) {
        let word = if form.verdict == Verdict::Approved { "approve" } else { "reject" };
        self.rule(&format!("{word} /{}", form.task));
        self.words(BOLD, &form.spec.question, QUESTION_MAX);
        for field in form.fields() {
            let focused = field == form.focus;
            match field {
                Field::Choice => self.choices(form, focused),
                Field::Data => {
                    self.input("data", &form.data, focused);
                    let schema = form.spec.options.schema.as_ref();
                    let schema = schema.map(|schema| format!("JSON for {schema}"));
                    let room = self.columns.saturating_sub(NAME + 4);
                    let schema = fit(&one_line(&schema.unwrap_or_default()), room);
                    let lead = " ".repeat(NAME + 2);
                    self.lines.push(Line::from(self.theme.span(DIM, lead + &schema)));
                }
                Field::Note => self.input("note", &form.note, focused),
            }
        }
        if let Some(problem) = &form.problem {
            self.words(BAD, &format!("! {problem}"), 2);
        }
        let several = form.fields().len() > 1;
        let mut keys = vec![("enter", "send")];
        keys.extend(several.then_some(("tab", "next field")));
        keys.push(("esc", "leave"));
        self.keys(&keys);
    }

    /// The choices on one line, the chosen one in brackets; from the chosen one on where they have no
    /// room.
    fn choices(&mut self, form: &AnswerForm, focused: bool) {
        let choices = &form.spec.options.choices;
        let one = |at: usize, text: &str| {
            let text = one_line(text);
            if at == form.choice { format!("[{text}]") } else { format!(" {text} ") }
        };
        let lead = format!("{}{} ", if focused { "►" } else { " " }, pad("choice", NAME));
        let room = self.columns.saturating_sub(width(&lead) + 1);
        let all = |from: usize| {
            let shown = choices.iter().enumerate().skip(from);
            shown.map(|(at, text)| one(at, text)).collect::<Vec<_>>().join(" ")
        };
        let line = if width(&all(0)) <= room { all(0) } else { fit(&all(form.choice), room) };
        let style = if focused { BOLD } else { DIM };
        self.lines
            .push(Line::from(vec![self.theme.span(style, lead), self.theme.span(BOLD, line)]));
    }
}

/// Line feeds of a pasted text as a sign.
fn one_visible(text: &str) -> String {
    text.replace('\n', "⏎").replace('\t', " ")
}
