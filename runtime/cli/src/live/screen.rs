//! Standard error: lines that stay, and below them what is drawn in place.

use std::io::Write;

use baton_core::ids::Timestamp;

use super::draw;
use super::model::Model;
use super::stage::Question;
use crate::output::{self, BOLD};
use crate::text::{clean, paint, width};

/// Lines that are kept at the most while a person is asked where nothing is drawn in place.
const KEPT_MAX: usize = 1_000;
/// Rows of progress that are left over beside a long question.
const PROGRESS_ROWS: usize = 4;

/// Standard error, and what of it is drawn in place at its end.
#[derive(Default)]
pub struct Screen {
    /// Rows from the first one that was drawn to where the cursor is; none: nothing is drawn.
    drawn: Option<usize>,
    /// What was drawn last.
    last: String,
    in_place: bool,
    /// What a person is asked, and how many lines of that stay already.
    asked: Option<(Question, usize)>,
    /// Lines to be written when the person has answered.
    kept: Vec<String>,
}

impl Screen {
    /// A screen on which nothing was written yet.
    #[must_use]
    pub fn new(in_place: bool) -> Self {
        Self { in_place, ..Self::default() }
    }

    /// Whether anything is drawn in place.
    #[must_use]
    pub fn in_place(&self) -> bool {
        self.in_place
    }

    /// Whether a person is asked.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// Lines that stay, above what is drawn in place.
    pub fn lines(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        if self.asked.is_some() && !self.in_place {
            let room = KEPT_MAX.saturating_sub(self.kept.len());
            self.kept.extend(lines.iter().take(room).cloned());
            return;
        }
        self.erase();
        self.write(lines);
    }

    /// A person is asked, or has typed more.
    pub fn ask(&mut self, question: Question, model: &Model, now: Timestamp) {
        let there = self.asked.as_ref().map_or(0, |(_, there)| *there);
        if self.in_place {
            self.asked = Some((question, 0));
            self.redraw(model, now);
            return;
        }
        self.write(question.lines.get(there..).unwrap_or_default());
        let there = question.lines.len();
        self.asked = Some((question, there));
    }

    /// Nobody is asked any more: what was asked stays, with the answer.
    pub fn release(&mut self) {
        if let Some((Question { mut lines, typed, .. }, there)) = self.asked.take() {
            if self.in_place {
                self.erase();
                if !typed.is_empty() {
                    lines.push(answer(&typed, usize::MAX));
                }
            }
            self.write(lines.get(there..).unwrap_or_default());
        }
        let kept = std::mem::take(&mut self.kept);
        self.lines(&kept);
    }

    /// Draws in place how far the run is, and below it what a person is asked.
    pub fn redraw(&mut self, model: &Model, now: Timestamp) {
        if !self.in_place {
            return;
        }
        let (columns, rows) = (output::columns(), output::rows());
        let (text, up) =
            frame(self.asked.as_ref().map(|(asked, _)| asked), model, now, columns, rows);
        if text == self.last && self.drawn.is_some() {
            return;
        }
        self.put(&format!("{}{text}", self.erasing()));
        (self.drawn, self.last) = (Some(up), text);
    }

    /// Takes away what is drawn in place.
    pub fn erase(&mut self) {
        let text = self.erasing();
        (self.drawn, self.last) = (None, String::new());
        if !text.is_empty() {
            self.put(&text);
        }
    }

    /// What moves back to the first drawn row and clears from there.
    fn erasing(&self) -> String {
        match self.drawn {
            None => String::new(),
            Some(0) => "\r\x1b[J".into(),
            Some(up) => format!("\x1b[{up}F\x1b[J"),
        }
    }

    fn write(&self, lines: &[String]) {
        for line in lines {
            self.put(&format!("{line}\n"));
        }
    }

    fn put(&self, text: &str) {
        // Nothing depends on whether anybody reads it.
        let mut stream = anstream::stderr().lock();
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }
}

/// What is drawn in place, and how many rows the cursor is below its first one then.
fn frame(
    asked: Option<&Question>,
    model: &Model,
    now: Timestamp,
    columns: usize,
    rows: usize,
) -> (String, usize) {
    let Some(question) = asked else {
        let lines = draw::screen(model, now, columns, rows);
        let up = lines.len();
        return (lines.iter().map(|line| format!("{line}\n")).collect(), up);
    };
    // The end of a question that is taller than the terminal: what can be answered stands there.
    let most = rows.saturating_sub(PROGRESS_ROWS + 1).max(1);
    let mut left = most;
    let shown = question.lines.iter().rev().take_while(|line| {
        let rows = tall(line, columns);
        let fits = rows <= left;
        left = left.saturating_sub(rows);
        fits
    });
    let from = question.lines.len() - shown.count();
    let lines = question.lines.get(from..).unwrap_or_default();
    let asked: usize = lines.iter().map(|line| tall(line, columns)).sum();
    let size = (columns, rows.saturating_sub(asked));
    let progress = draw::beside(model, now, size, Some(&question.task));
    let up = progress.len() + asked;
    let lines = progress.iter().chain(lines).map(|line| format!("{line}\n"));
    (lines.chain([answer(&question.typed, columns)]).collect(), up)
}

/// Rows that a line takes on the terminal.
fn tall(line: &str, columns: usize) -> usize {
    let plain = anstream::adapter::strip_str(line).to_string();
    plain.lines().map(|line| width(line).div_ceil(columns).max(1)).sum::<usize>().max(1)
}

/// What a person types, of which the end is shown where there is no room for all of it.
fn answer(typed: &str, columns: usize) -> String {
    let typed = clean(typed).replace('\t', " ");
    // The cursor stands behind it.
    let room = columns.saturating_sub(6);
    let mut used = 0;
    let fits = typed.char_indices().rev().take_while(|(_, c)| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= room
    });
    let at = fits.last().map_or(typed.len(), |(at, _)| at);
    format!("  {} {}", paint(BOLD, ">"), typed.get(at..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use baton_core::ids::TaskPath;

    use super::*;

    fn model() -> Model {
        let mut model = Model::default();
        model.title = Some(("flow".into(), "run_X".into()));
        model
    }

    fn shown(question: Option<&Question>, columns: usize, rows: usize) -> (Vec<String>, usize) {
        let (text, up) = frame(question, &model(), Timestamp(5_000), columns, rows);
        let text = anstream::adapter::strip_str(&text).to_string();
        (text.lines().map(ToOwned::to_owned).collect(), up)
    }

    #[test]
    fn progress_goes_on_above_a_question() {
        let (lines, up) = shown(None, 80, 24);
        assert_eq!((lines.len(), up), (1, 1));
        let question = Question {
            task: TaskPath::root(),
            lines: vec!["? Publish?".into(), "  > y yes · n no".into()],
            typed: "n: not \u{1b}[2Jyet".into(),
        };
        let (lines, up) = shown(Some(&question), 80, 24);
        assert!(lines[0].starts_with("5.0s  0 of 0 agents done"), "{lines:?}");
        assert_eq!(lines[1..], ["? Publish?", "  > y yes · n no", "  > n: not [2Jyet"]);
        // The cursor is in the last of them.
        assert_eq!(up, 3);
    }

    #[test]
    fn rows_are_counted_as_the_terminal_sets_them() {
        let long = "x".repeat(45);
        let lines = vec![long, "y".into()];
        let question = Question { lines, typed: "ü".repeat(50), ..Question::default() };
        let (lines, up) = shown(Some(&question), 20, 24);
        assert_eq!(up, 1 + 3 + 1);
        let typed = format!("  > {}", "ü".repeat(14));
        assert_eq!(lines.last().map(String::as_str), Some(typed.as_str()));
        // Of a question without room the end is shown, which says what can be answered.
        let lines: Vec<String> = (0..40).map(|number| format!("line {number}")).collect();
        let question = Question { lines, ..Question::default() };
        let (lines, up) = shown(Some(&question), 20, 12);
        assert!(up < 12, "{up}");
        assert_eq!(lines[lines.len() - 2], "line 39");
        assert!(lines[0].starts_with("5.0s"), "{lines:?}");
    }
}
