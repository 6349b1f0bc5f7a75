//! Front matter that is no YAML, read line by line: people write `description: Use when: always`
//! without quotes, and mean what stands there.

use std::collections::BTreeMap;

use super::Value;

/// The fields of the top level. A line `key: rest` begins one; what follows up to the next such
/// line belongs to it. Values stand as they are written, a pair of quotes around them taken off.
pub fn fields(text: &str) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    let mut open: Option<(&str, &str, Vec<&str>)> = None;
    let mut close = |field: Option<(&str, &str, Vec<&str>)>| {
        if let Some((name, rest, below)) = field {
            fields.insert(name.to_owned(), value(rest, &below));
        }
    };
    for line in text.lines() {
        match (key(line), &mut open) {
            (Some((name, rest)), _) => close(open.replace((name, rest, Vec::new()))),
            (None, Some((_, _, below))) => below.push(line),
            (None, None) => {}
        }
    }
    close(open);
    fields
}

/// The parts of a line that begins a field.
fn key(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let apart = rest.is_empty() || rest.starts_with([' ', '\t', '\r']);
    (named && apart).then(|| (name, rest.trim()))
}

/// A value, from what stands behind the colon and on the lines below.
fn value(rest: &str, below: &[&str]) -> Value {
    let below: Vec<&str> =
        below.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let plain = || below.iter().filter(|line| !line.starts_with('#')).copied();
    match rest {
        "~" | "null" => Value::Empty,
        "" => {
            let items: Option<Vec<String>> = plain().map(item).collect();
            match (plain().next(), items) {
                (None, _) => Value::Empty,
                (Some(_), Some(items)) => Value::List(items),
                (Some(first), None) if first.starts_with('-') || key(first).is_some() => {
                    Value::Other
                }
                (Some(_), None) => Value::Text(plain().collect::<Vec<_>>().join(" ")),
            }
        }
        "|" | "|-" | "|+" => Value::Text(below.join("\n")),
        ">" | ">-" | ">+" => Value::Text(below.join(" ")),
        _ => bracketed(rest).unwrap_or_else(|| {
            let whole: Vec<&str> = std::iter::once(rest).chain(plain()).collect();
            Value::Text(unquoted(&whole.join(" ")).to_owned())
        }),
    }
}

/// The entry of a list that a line holds.
fn item(line: &str) -> Option<String> {
    let item = line.strip_prefix('-')?;
    (item.is_empty() || item.starts_with([' ', '\t'])).then(|| unquoted(item.trim()).to_owned())
}

/// A list or object on one line. One that never ends is no text either.
fn bracketed(rest: &str) -> Option<Value> {
    let close = match rest.chars().next()? {
        '[' => ']',
        '{' => '}',
        _ => return None,
    };
    match rest.strip_suffix(close) {
        Some(inner) if close == ']' => {
            let items = inner.get(1..)?.split(',').map(|item| unquoted(item.trim()));
            Some(Value::List(items.filter(|item| !item.is_empty()).map(Into::into).collect()))
        }
        Some(_) => Some(Value::Other),
        None if rest.contains(close) => None,
        None => Some(Value::Other),
    }
}

/// A text without the quotes around it, if both are there.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_as_they_stand() {
        let text = |text: &str| Value::Text(text.into());
        let list = |items: &[&str]| Value::List(items.iter().map(ToString::to_string).collect());
        for (lines, expected) in [
            ("x: Use when: always. Re: \"x\"", text("Use when: always. Re: \"x\"")),
            ("x: \"a: \"b\" c\"\r", text("a: \"b\" c")),
            ("x: 'it''s'", text("it''s")),
            ("x: \"open", text("\"open")),
            ("x: \"", text("\"")),
            ("x: *bold* @at `tick`", text("*bold* @at `tick`")),
            ("x: [a] and b", text("[a] and b")),
            ("x: {a} and b", text("{a} and b")),
            ("x: one\n  two: three\n# note\n\n  four", text("one two: three four")),
            ("x:\n  only below", text("only below")),
            ("x: |\n  one\n  # two", text("one\n# two")),
            ("x: >-\n  one\n  two", text("one two")),
            ("x: https://a", text("https://a")),
            ("x: [Read, 'Grep', ]", list(&["Read", "Grep"])),
            ("x: []", list(&[])),
            ("x:\n  - Read\n  - \"a: b\"", list(&["Read", "a: b"])),
            ("x:\n- Read\n# note\n-", list(&["Read", ""])),
            ("x:", Value::Empty),
            ("x: null", Value::Empty),
            ("x: ~", Value::Empty),
            ("x: [a", Value::Other),
            ("x: {a", Value::Other),
            ("x: { a: 1 }", Value::Other),
            ("x:\n  y: 1", Value::Other),
            ("x:\n  - y\n  z", Value::Other),
        ] {
            assert_eq!(fields(lines).remove("x"), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn only_lines_that_begin_a_field_do() {
        let found = fields("lost\n# note: x\n- item: y\na: 1\nb:2\nc d: 3\n e: 4\nf_g-h: 5\n");
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["a", "f_g-h"]);
        assert_eq!(found.get("a"), Some(&Value::Text("1 b:2 c d: 3 e: 4".into())));
    }
}
