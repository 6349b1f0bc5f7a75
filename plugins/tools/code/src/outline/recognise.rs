//! From lines to symbols.

use super::clean::Cleaner;
use super::{Kind, Language, Symbol, brace, rust, script};
use crate::text::cut;

/// Longest line that is shown, in bytes.
const TEXT_BYTES_MAX: usize = 160;
/// Width of a tab.
const TAB: usize = 4;

/// A line of code that a recogniser looks at.
pub struct Line<'a> {
    /// The code, without the space around it.
    pub code: &'a str,
    /// Whether it stands at the left edge.
    pub at_edge: bool,
    /// The symbol it stands in.
    pub parent: Option<(Kind, &'a str)>,
}

/// What a recogniser says of a line.
pub type Found = Option<(Kind, String)>;

/// A line with its code.
struct Row<'a> {
    text: &'a str,
    code: String,
    indent: usize,
    /// Nothing here tells anything about blocks.
    blank: bool,
}

/// The symbols of a text, by the recogniser of its language.
pub fn symbols(language: Language, text: &str) -> Vec<Symbol> {
    let mut cleaner = Cleaner::new(language);
    let rows: Vec<Row> = text
        .lines()
        .map(|text| {
            let (code, inside) = cleaner.line(text);
            let indent = indent(text);
            let code = code.trim().to_owned();
            Row { text, blank: code.is_empty() || inside, code, indent }
        })
        .collect();
    let mut symbols: Vec<Symbol> = Vec::new();
    // Places in `symbols` of those that the line at hand stands in.
    let mut open: Vec<usize> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if row.blank {
            continue;
        }
        let last = |at: &usize| symbols.get(*at).map_or(0, |symbol| symbol.last);
        open.retain(|at| last(at) > index);
        let parent = open.last().and_then(|at| symbols.get(*at));
        let line = Line {
            code: &row.code,
            at_edge: row.indent == 0,
            parent: parent.map(|symbol| (symbol.kind, symbol.name.as_str())),
        };
        let found = match language {
            Language::Rust => rust::recognise(&line),
            Language::Javascript | Language::Typescript => script::javascript(&line),
            Language::Python => script::python(&line),
            Language::Go => brace::go(&line),
            Language::C => brace::c(&line),
            Language::Java => brace::java(&line),
            Language::Markdown => None,
        };
        if let Some((kind, name)) = found {
            let last = last_line(&rows, index, language) + 1;
            let depth = open.len();
            open.push(symbols.len());
            let text = cut(row.text.trim(), TEXT_BYTES_MAX).to_owned();
            symbols.push(Symbol { kind, name, line: index + 1, last, depth, text });
        }
    }
    symbols
}

fn indent(text: &str) -> usize {
    text.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { TAB } else { 1 }).sum()
}

/// Index of the last line of what begins at a line: what is indented deeper belongs to it, and the
/// line that closes it.
fn last_line(rows: &[Row], first: usize, language: Language) -> usize {
    let Some(row) = rows.get(first) else { return first };
    if row.code.ends_with(';') || row.code.ends_with("{}") {
        return first;
    }
    let mut last = first;
    for (index, other) in rows.iter().enumerate().skip(first + 1) {
        if other.blank {
            continue;
        }
        if other.indent > row.indent {
            last = index;
            continue;
        }
        let closes = other.code.starts_with(['}', ')', ']']);
        let opens = other.code.ends_with(['{', '(', '[', ':', ',']);
        let goes_on = other.code.starts_with('{')
            || (language == Language::Rust && other.code.starts_with("where"));
        if other.indent < row.indent || !(closes || goes_on) {
            break;
        }
        last = index;
        if closes && !opens {
            break;
        }
    }
    last
}
