//! Code frames: the lines around a place, with a marker.

use std::fmt::Write;

use crate::position::{Lines, Position};

/// The usual width of a code frame, in characters.
pub const FRAME_WIDTH: usize = 100;

/// The least width a frame is made with: below it nothing could be read.
const WIDTH_MIN: usize = 40;

/// How many lines are shown before and after the marked one.
const AROUND: usize = 2;

/// Tab stops stand at multiples of this.
const TAB: usize = 4;

/// What stands where a line is cut.
const CUT: char = '…';

/// The lines around a place of `source`, ready to print: two before and two after with their
/// numbers, `>` before the marked line, and a caret under the column. A place outside the text
/// marks its nearest line.
///
/// No line is wider than `width` characters (taken as 40 if less); longer ones are cut around
/// the column, with `…` at the cut, and nothing is shown of one
/// that ends before it. A tab becomes spaces up to the next multiple of four; any
/// other control character, and those that change the direction of text, become visible
/// stand-ins, so that hostile text cannot steer a terminal. There is no line break at the end.
pub fn frame(source: &str, position: Position, width: usize) -> String {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let lines = Lines::new(source);
    let marked = (position.line as usize).clamp(1, lines.len());
    let first = marked.saturating_sub(AROUND).max(1);
    let last = marked.saturating_add(AROUND).min(lines.len());
    let digits = last.to_string().len();
    // "> " before the number, " | " behind it.
    let room = width.max(WIDTH_MIN).saturating_sub(digits + 5);

    let (_, caret) = expand(lines.line(marked).unwrap_or_default(), position.column as usize);
    let from = if caret < room { 0 } else { caret - room / 2 };

    let mut out = String::new();
    for number in first..=last {
        let (cells, _) = expand(lines.line(number).unwrap_or_default(), 1);
        let mark = if number == marked { '>' } else { ' ' };
        let text = window(&cells, from, room);
        let line = format!("{mark} {number:>digits$} | {text}");
        out.push_str(line.trim_end());
        out.push('\n');
        if number == marked {
            let _ = writeln!(out, "  {:>digits$} | {:>2$}^", "", "", caret - from);
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// A line as harmless characters of one cell each, and the cell of its character `column` (from
/// 1), or the cell after the last one.
fn expand(line: &str, column: usize) -> (Vec<char>, usize) {
    let mut cells = Vec::with_capacity(line.len());
    let mut place = None;
    for (index, c) in line.chars().enumerate() {
        if index + 1 == column.max(1) {
            place = Some(cells.len());
        }
        match c {
            '\t' => cells.resize(cells.len() + TAB - cells.len() % TAB, ' '),
            c => cells.push(harmless(c)),
        }
    }
    let place = place.unwrap_or(cells.len());
    (cells, place)
}

/// The character itself, or a visible stand-in for one that would act instead of being shown.
fn harmless(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        c => c,
    }
}

/// `room` cells from `from` on, with [`CUT`] at an end behind which there is more.
fn window(cells: &[char], from: usize, room: usize) -> String {
    let mut text: Vec<char> = cells.iter().skip(from).take(room).copied().collect();
    if from > 0
        && let Some(cell) = text.first_mut()
    {
        *cell = CUT;
    }
    if cells.len() > from + room
        && let Some(cell) = text.last_mut()
    {
        *cell = CUT;
    }
    text.into_iter().collect()
}
