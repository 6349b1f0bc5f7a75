//! Lines without comments and without the content of strings.

use super::Language;

/// What the scanner stands in at the beginning of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Code,
    /// A block comment, so many levels deep.
    Comment(usize),
    /// A text that goes over several lines, up to this mark.
    Text { end: String, escapes: bool },
}

/// Takes comments and the content of strings out of the lines of one file, in order.
pub struct Cleaner {
    language: Language,
    inside: Inside,
}

impl Cleaner {
    pub fn new(language: Language) -> Self {
        Self { language, inside: Inside::Code }
    }

    /// The code of the next line, and whether the line begins inside of a comment or text.
    pub fn line(&mut self, line: &str) -> (String, bool) {
        let begins_inside = self.inside != Inside::Code;
        let mut code = String::with_capacity(line.len());
        let mut rest = line;
        while !rest.is_empty() {
            rest = match &self.inside {
                Inside::Code => self.code(rest, &mut code),
                Inside::Comment(depth) => {
                    let depth = *depth;
                    self.comment(rest, depth)
                }
                Inside::Text { end, escapes } => match end_of_text(rest, end, *escapes) {
                    Some(rest) => {
                        code.push('"');
                        self.inside = Inside::Code;
                        rest
                    }
                    None => "",
                },
            };
        }
        (code, begins_inside)
    }

    fn comment<'a>(&mut self, rest: &'a str, depth: usize) -> &'a str {
        let close = rest.find("*/");
        let open = rest.find("/*").filter(|_| self.language == Language::Rust);
        match (open, close) {
            (Some(open), Some(close)) if open < close => {
                self.inside = Inside::Comment(depth + 1);
                after(rest, open + 2)
            }
            (Some(open), None) => {
                self.inside = Inside::Comment(depth + 1);
                after(rest, open + 2)
            }
            (_, Some(close)) => {
                self.inside = if depth > 1 { Inside::Comment(depth - 1) } else { Inside::Code };
                after(rest, close + 2)
            }
            (None, None) => "",
        }
    }

    /// Takes one piece of code, or enters what begins here.
    fn code<'a>(&mut self, rest: &'a str, code: &mut String) -> &'a str {
        let python = self.language == Language::Python;
        if rest.starts_with(if python { "#" } else { "//" }) {
            return "";
        }
        if !python && rest.starts_with("/*") {
            self.inside = Inside::Comment(1);
            return after(rest, 2);
        }
        if let Some((length, end, escapes, several)) = self.text_begins(rest, code) {
            let body = after(rest, length);
            code.push('"');
            return match end_of_text(body, &end, escapes) {
                Some(rest) => {
                    code.push('"');
                    rest
                }
                None => {
                    if several {
                        self.inside = Inside::Text { end, escapes };
                    }
                    ""
                }
            };
        }
        let length = rest.chars().next().map_or(0, char::len_utf8);
        code.push_str(rest.get(..length).unwrap_or_default());
        after(rest, length)
    }

    /// Length of the mark that begins a text here, the mark that ends it, whether `\` escapes in it,
    /// and whether it may go over several lines.
    fn text_begins(&self, rest: &str, code: &str) -> Option<(usize, String, bool, bool)> {
        let first = rest.chars().next()?;
        match (self.language, first) {
            (Language::Python | Language::Java, '"' | '\'') => {
                let triple = String::from(first).repeat(3);
                if rest.starts_with(&triple) {
                    return Some((3, triple, true, true));
                }
                Some((1, first.into(), true, false))
            }
            (Language::Rust, 'r') if !code.ends_with(is_word) => {
                let hashes = after(rest, 1).chars().take_while(|c| *c == '#').count();
                let body = after(rest, 1 + hashes);
                body.starts_with('"')
                    .then(|| (2 + hashes, format!("\"{}", "#".repeat(hashes)), false, true))
            }
            (Language::Rust, '\'') => {
                // A character, unless it is the beginning of a lifetime.
                let body = after(rest, 1);
                let second = body.chars().nth(1);
                (body.starts_with('\\') || second == Some('\''))
                    .then(|| (1, "'".into(), true, false))
            }
            (Language::Rust, '"') => Some((1, "\"".into(), true, true)),
            (Language::Javascript | Language::Typescript, '`') => Some((1, "`".into(), true, true)),
            (Language::Go, '`') => Some((1, "`".into(), false, true)),
            (_, '"' | '\'') => Some((1, first.into(), true, false)),
            _ => None,
        }
    }
}

/// What follows the mark that ends a text.
fn end_of_text<'a>(body: &'a str, end: &str, escapes: bool) -> Option<&'a str> {
    let mut at = 0;
    loop {
        let rest = body.get(at..)?;
        if rest.starts_with(end) {
            return Some(after(rest, end.len()));
        }
        let letter = rest.chars().next()?;
        at += letter.len_utf8();
        if escapes && letter == '\\' {
            at += body.get(at..)?.chars().next().map_or(0, char::len_utf8);
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn after(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}
