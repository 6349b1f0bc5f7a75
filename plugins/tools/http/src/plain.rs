//! The text of an HTML page.

/// Elements whose content is not shown.
const SILENT: &[&str] = &["script", "style", "noscript", "template", "svg", "head"];
/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "nav",
    "main",
    "blockquote",
    "pre",
    "hr",
    "dt",
    "dd",
    "figure",
    "form",
    "title",
];
/// Longest name of a character, in bytes.
const ENTITY_BYTES_MAX: usize = 10;

/// The text of an HTML page without its markup: blocks on lines of their own, items with a dash,
/// headings with `#`.
#[must_use]
pub fn plain(html: &str) -> String {
    let mut text = Text::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.add(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(tag) = tag(rest) else {
            // A bracket that begins no tag is text.
            text.add("<");
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let (name, closing, length) = tag;
        rest = rest.get(length..).unwrap_or_default();
        if SILENT.contains(&name.as_str()) && !closing {
            rest = past_end(rest, &name);
            continue;
        }
        if BLOCKS.contains(&name.as_str()) {
            text.line();
        } else if matches!(name.as_str(), "td" | "th") {
            text.add(" ");
        }
        if !closing {
            match name.as_str() {
                "li" => text.mark("- "),
                "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                    let level = name.bytes().last().map_or(1, |digit| usize::from(digit - b'0'));
                    text.line();
                    text.mark(&("#".repeat(level) + " "));
                }
                _ => {}
            }
        }
    }
    text.add(rest);
    text.line();
    text.text.trim().to_owned()
}

/// Name of the tag at the beginning, whether it is a closing one, and its length.
fn tag(text: &str) -> Option<(String, bool, usize)> {
    let body = text.strip_prefix('<')?;
    let closing = body.starts_with('/');
    let name: String = body
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    if name.is_empty() && !body.starts_with(['!', '?']) {
        return None;
    }
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '>') => return Some((name, closing, at + 1)),
            _ => {}
        }
    }
    Some((name, closing, text.len()))
}

/// What follows the end of an element whose content is not shown.
fn past_end<'a>(text: &'a str, name: &str) -> &'a str {
    for (at, _) in text.match_indices("</") {
        let rest = text.get(at..).unwrap_or_default();
        if let Some((found, _, length)) = tag(rest)
            && found == name
        {
            return rest.get(length..).unwrap_or_default();
        }
    }
    ""
}

#[derive(Default)]
struct Text {
    text: String,
    line: String,
}

impl Text {
    /// Adds text, space taken together.
    fn add(&mut self, text: &str) {
        let text = decoded(text);
        for letter in text.chars() {
            if !letter.is_whitespace() {
                self.line.push(letter);
            } else if !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
        }
    }

    /// Adds something at the beginning of a line.
    fn mark(&mut self, mark: &str) {
        self.line.push_str(mark);
    }

    /// Ends the line; empty ones are left out.
    fn line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end();
        let is_mark = line.chars().all(|c| matches!(c, '-' | '#'));
        if !is_mark {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }
}

/// Names of characters put in place.
fn decoded(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        result.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let end = rest.find(';').filter(|end| *end <= ENTITY_BYTES_MAX);
        let name = end.and_then(|end| rest.get(1..end));
        match name.and_then(character) {
            Some(letter) => {
                result.push(letter);
                rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
            }
            None => {
                result.push('&');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    result + rest
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(number.ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "copy" => '©',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "times" => '×',
        "euro" => '€',
        _ => return None,
    })
}
