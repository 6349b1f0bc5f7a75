//! Headings of Markdown.

use super::{Kind, Symbol};
use crate::text::cut;

/// Longest heading that is shown, in bytes.
const TEXT_BYTES_MAX: usize = 160;

pub fn symbols(text: &str) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::new();
    // Levels of the headings that the line at hand stands under, and their places.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut count = 0;
    for (index, line) in text.lines().enumerate() {
        count = index + 1;
        let trimmed = line.trim_start();
        if line.len() - trimmed.len() > 3 {
            continue;
        }
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        if fence.is_some() || mark.is_some() {
            continue;
        }
        let Some((level, name)) = heading(trimmed) else { continue };
        while let Some((_, place)) = open.pop_if(|(other, _)| *other >= level) {
            close(&mut symbols, place, index);
        }
        let depth = open.len();
        open.push((level, symbols.len()));
        let text = cut(line.trim(), TEXT_BYTES_MAX).to_owned();
        let name = cut(name, TEXT_BYTES_MAX).to_owned();
        let line = index + 1;
        symbols.push(Symbol { kind: Kind::Heading, name, line, last: line, depth, text });
    }
    for (_, place) in open {
        close(&mut symbols, place, count);
    }
    symbols
}

/// What stands under a heading ends with line `last`.
fn close(symbols: &mut [Symbol], place: usize, last: usize) {
    if let Some(symbol) = symbols.get_mut(place) {
        symbol.last = last;
    }
}

/// Level and text.
fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    if !(1..=6).contains(&level) || !(text.is_empty() || text.starts_with([' ', '\t'])) {
        return None;
    }
    let text = text.trim();
    let name = match text.trim_end_matches('#') {
        plain if plain.is_empty() || plain.ends_with(' ') => plain.trim_end(),
        _ => text,
    };
    (!name.is_empty()).then_some((level, name))
}
