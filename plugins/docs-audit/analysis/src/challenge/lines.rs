//! Where code blocks and comments are, by looking at raw lines.

use crate::report::Place;

/// Whether a line, from 1, is inside a fenced code block.
pub fn in_fence(text: &str, line: u32) -> bool {
    let mut open: Option<(char, usize)> = None;
    for (number, raw) in (1_u32..).zip(text.lines()) {
        let trimmed = raw.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| trimmed.chars().take_while(|c| *c == mark).count());
        let rest = trimmed.get(length..).unwrap_or_default();
        match (open, mark) {
            (None, Some(mark)) if length >= 3 && !(mark == '`' && rest.contains('`')) => {
                open = Some((mark, length));
            }
            (Some((fence, least)), Some(mark))
                if mark == fence && length >= least && rest.trim().is_empty() =>
            {
                open = None;
            }
            _ => {}
        }
        if number >= line {
            break;
        }
    }
    open.is_some()
}

/// Whether the quote of a place stands between `<!--` and `-->`.
pub fn in_comment(text: &str, place: &Place) -> bool {
    let skipped = usize::try_from(place.lines.first.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(skipped).map(str::len).sum();
    let quote = text.get(start..).and_then(|rest| rest.find(&place.quote)).unwrap_or(0);
    let before = text.get(..start + quote).unwrap_or_default();
    match (before.rfind("<!--"), before.rfind("-->")) {
        (Some(open), Some(close)) => open > close,
        (Some(_), None) => text.get(start + quote..).is_some_and(|rest| rest.contains("-->")),
        _ => false,
    }
}
