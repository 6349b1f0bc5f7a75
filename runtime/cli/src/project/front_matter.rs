//! The front matter of a Markdown file: YAML between two fences at its top.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

mod lines;

/// The value of a field. Only what agent definitions use is told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: the field is empty or `null`.
    Empty,
    /// A text, number or truth value, as it is written.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Anything else.
    Other,
}

/// A file taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The fields of the top level.
    pub fields: BTreeMap<String, Value>,
    /// Why it is no YAML, if it is none: then its lines are taken as they stand.
    pub slip: Option<PageError>,
    /// Everything below the second fence.
    pub body: &'a str,
}

/// Why a file has no fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// It does not begin with front matter.
    #[error("it has no front matter")]
    None,
    /// The front matter is never closed.
    #[error("the front matter is not closed: a line `---` is missing")]
    Open,
    /// The front matter does not parse.
    #[error("line {line}: the front matter is not YAML: {message}")]
    Syntax {
        /// The line of the file, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// The front matter is no list of fields.
    #[error("the front matter has no fields")]
    NoFields,
}

/// Takes a file apart.
///
/// # Errors
/// Says why it has no fields.
pub fn parse(text: &str) -> Result<Page<'_>, PageError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---").ok_or(PageError::None)?;
    let start = first.len();
    let mut at = start;
    for line in lines {
        let end = at + line.len();
        if line.trim_end() == "---" {
            let yaml = text.get(start..at).unwrap_or_default();
            let (fields, slip) = match fields(yaml) {
                Ok(fields) => (fields, None),
                Err(slip @ PageError::Syntax { .. }) => (lines::fields(yaml), Some(slip)),
                Err(error) => return Err(error),
            };
            return Ok(Page { fields, slip, body: text.get(end..).unwrap_or_default() });
        }
        at = end;
    }
    Err(PageError::Open)
}

/// Fields of the top level. Works on events, so that aliases are never expanded.
fn fields(yaml: &str) -> Result<BTreeMap<String, Value>, PageError> {
    let mut fields = BTreeMap::new();
    let mut depth = 0_u32;
    let mut key: Option<String> = None;
    // The list that is being read; none within it: it holds more than texts.
    let mut list: Option<Option<Vec<String>>> = None;
    for event in Parser::new_from_str(yaml) {
        let (event, _) = event.map_err(|error| PageError::Syntax {
            // One line for the fence above; the parser counts from 1.
            line: error.marker().line().saturating_add(1),
            message: error.info().split_whitespace().collect::<Vec<_>>().join(" "),
        })?;
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if depth == 1 && key.is_some() && matches!(event, Event::SequenceStart(..)) {
                    list = Some(Some(Vec::new()));
                } else if depth >= 1 {
                    list = Some(None);
                } else if matches!(event, Event::SequenceStart(..)) {
                    return Err(PageError::NoFields);
                }
                depth += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.saturating_sub(1);
                if depth == 1
                    && let (Some(name), Some(read)) = (key.take(), list.take())
                {
                    fields.insert(name, read.map_or(Value::Other, Value::List));
                }
            }
            Event::Scalar(value, style, ..) => match depth {
                0 if value.is_empty() => {}
                0 => return Err(PageError::NoFields),
                1 => match key.take() {
                    None => key = Some(value.into_owned()),
                    Some(name) => {
                        let plain = style == ScalarStyle::Plain;
                        let empty = plain && matches!(&*value, "" | "~" | "null");
                        let value =
                            if empty { Value::Empty } else { Value::Text(value.into_owned()) };
                        fields.insert(name, value);
                    }
                },
                2 => {
                    if let Some(Some(items)) = &mut list {
                        items.push(value.into_owned());
                    }
                }
                _ => {}
            },
            Event::Alias(_) => match (depth, key.take()) {
                (1, Some(name)) => {
                    fields.insert(name, Value::Other);
                }
                (_, kept) => {
                    key = kept;
                    list = list.map(|_| None);
                }
            },
            _ => {}
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn fields_and_body_are_taken_apart() {
        let text = "---\r\nname: a\ndescription: \"x: y\"\ntools:\n  - Read\n  - Grep\nn: 3\nempty:\n\
                    nested: { a: [1] }\nmixed: [a, [b]]\n---\n\nBody\n---\nmore\n";
        let page = parse(text).unwrap();
        let field = |name: &str| page.fields.get(name).cloned();
        assert_eq!(field("name"), Some(Value::Text("a".into())));
        assert_eq!(field("description"), Some(Value::Text("x: y".into())));
        assert_eq!(field("tools"), Some(Value::List(vec!["Read".into(), "Grep".into()])));
        assert_eq!(field("n"), Some(Value::Text("3".into())));
        assert_eq!(field("empty"), Some(Value::Empty));
        assert_eq!(field("nested"), Some(Value::Other));
        assert_eq!(field("mixed"), Some(Value::Other));
        assert_eq!(field("absent"), None);
        assert_eq!(page.body, "\nBody\n---\nmore\n");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, said) in [
            ("# Title\n", "it has no front matter"),
            ("", "it has no front matter"),
            ("---\nname: a\n", "the front matter is not closed: a line `---` is missing"),
            ("---\n- a\n---\n", "the front matter has no fields"),
            ("---\njust words\n---\n", "the front matter has no fields"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), said, "{text:?}");
        }
        let torn = "---\nname: a\ndescription: b: c\n---\nbody";
        let page = parse(torn).unwrap();
        let slip = page.slip.unwrap().to_string();
        assert!(slip.starts_with("line 3: the front matter is not YAML: "), "{slip}");
        assert_eq!(page.fields.get("description"), Some(&Value::Text("b: c".into())));
        assert_eq!(page.body, "body");
        assert_eq!(parse("---\nname: a\n---\n").unwrap().slip, None);
        assert_eq!(parse("---\n---\nx").unwrap().fields.len(), 0);
    }

    #[test]
    fn aliases_are_never_expanded() {
        let bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\nname: *a\nlast: y\n---\n";
        let page = parse(bomb).unwrap();
        assert_eq!(page.fields.get("b"), Some(&Value::Other));
        assert_eq!(page.fields.get("name"), Some(&Value::Other));
        assert_eq!(page.fields.get("last"), Some(&Value::Text("y".into())));
    }
}
