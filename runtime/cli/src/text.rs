//! Text for people: cleaned, measured, cut, and numbers in words.

use std::borrow::Cow;

use anstyle::Style;

/// Text of a guest, file or other machine without what could steer a terminal or deceive a
/// reader: control characters except line feed and tab, and marks that reorder or hide text.
///
/// Everything untrusted passes through here (or [`one_line`]) on its way to a terminal.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) {
        Cow::Owned(text.chars().filter(|&c| !is_hostile(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Like [`clean`], on one line: each run of white space becomes one space.
#[must_use]
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_hostile(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Marks that reorder text, hide it, or break lines where none is seen.
        '\u{061c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// Columns a text takes on a terminal, near enough for tables. What [`paint`] adds takes none.
#[must_use]
pub fn width(text: &str) -> usize {
    widths(text).map(|(_, width)| width).sum()
}

/// The characters of a text with the columns that each takes.
fn widths(text: &str) -> impl Iterator<Item = (char, usize)> {
    let mut styles = false;
    text.chars().map(move |c| {
        styles |= c == '\x1b';
        let width = if styles { 0 } else { char_width(c) };
        // Text of others has no escape: see `clean`. Those of styles end so.
        styles &= c != 'm';
        (c, width)
    })
}

fn char_width(c: char) -> usize {
    match c {
        '\u{0300}'..='\u{036f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        // East Asian wide forms and pictographs.
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// The text cut to at most `columns`, with `…` where something is missing.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.into();
    }
    let mut cut = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += char_width(c);
        if used > columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

/// One line as lines of at most `columns`, broken between words where that can be.
#[must_use]
pub fn wrap(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let (mut lines, mut last, mut used) = (Vec::new(), String::new(), 0);
    for word in line.split_inclusive(' ') {
        // A blank at the end of a line takes no room.
        if used > 0 && used + width(word.trim_end()) > columns {
            lines.push(std::mem::take(&mut last));
            used = 0;
        }
        for (c, width) in widths(word) {
            if used + width > columns {
                if c == ' ' {
                    continue;
                }
                lines.push(std::mem::take(&mut last));
                used = 0;
            }
            last.push(c);
            used += width;
        }
    }
    lines.push(last);
    lines
}

/// One line behind a lead, on lines of at most `columns` that begin below its text; none: on one line,
/// for nobody breaks it.
#[must_use]
pub fn hang(lead: &str, line: &str, columns: Option<usize>) -> Vec<String> {
    let Some(columns) = columns else { return vec![format!("{lead}{line}")] };
    let deep = width(lead);
    let below = " ".repeat(deep);
    let parts = wrap(line, columns.saturating_sub(deep)).into_iter().enumerate();
    parts
        .map(|(at, part)| {
            format!("{}{}", if at == 0 { lead } else { below.as_str() }, part.trim_end())
        })
        .collect()
}

/// The text filled up with spaces to `columns`.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The text in a style. Streams that are not terminals strip it again.
#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// A span of milliseconds, such as `0.4s`, `1m05s` or `2h03m`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{}.{}s", seconds, ms % 1_000 / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A number in at most five characters, such as `950`, `12.3k` or `4.1M`.
#[must_use]
pub fn count(number: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let tenths = number / (unit / 10);
        if tenths < 1_000 {
            format!("{}.{}{name}", tenths / 10, tenths % 10)
        } else {
            format!("{}{name}", tenths / 10)
        }
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => scaled(1_000, "k"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "M"),
        _ => scaled(1_000_000_000, "G"),
    }
}

/// A number of bytes, such as `512 B` or `1.3 MiB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if number < 1_024 {
        return format!("{number} B");
    }
    let mut tenths = number.saturating_mul(10) / 1_024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths /= 1_024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units.get(unit).copied().unwrap_or_default())
}

/// Millionths of a dollar as dollars, such as `$1.25`; below a cent with four digits.
#[must_use]
pub fn dollars(micro: u64) -> String {
    if micro > 0 && micro < 10_000 {
        format!("$0.{:04}", micro / 100)
    } else {
        format!("${}.{:02}", micro / 1_000_000, micro % 1_000_000 / 10_000)
    }
}

/// The same of an amount that may be below zero.
#[must_use]
pub fn signed_dollars(micro: i64) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    format!("{sign}{}", dollars(micro.unsigned_abs()))
}

/// `1 agent`, `2 agents`.
#[must_use]
pub fn plural(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The one of `known` that was probably meant by `word`, if any is near enough.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let at =
                |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&above, j) + usize::from(a != b);
            let mut best = replaced.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
