//! Texts that match a regular expression.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::draw::Draw;

/// Repetitions beyond the least that are made of something that may be repeated for ever.
const MORE: u32 = 3;

/// Bytes that a text does not exceed.
const BYTES_MAX: usize = 4_096;

/// A text that matches; none: the expression is one that this parser does not know.
pub(super) fn matching(expression: &str, draw: &mut Draw) -> Option<String> {
    let hir = regex_syntax::parse(expression).ok()?;
    let mut text = String::new();
    write(&hir, draw, &mut text)?;
    Some(text)
}

fn write(hir: &Hir, draw: &mut Draw, text: &mut String) -> Option<()> {
    if text.len() > BYTES_MAX {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(one(class, draw)?),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            let most = max.unwrap_or(min.saturating_add(MORE)).min(min.saturating_add(MORE));
            for _ in 0..draw.between(*min as usize, most as usize) {
                write(sub, draw, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, draw, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, draw, text)?;
            }
        }
        HirKind::Alternation(branches) => write(draw.pick(branches)?, draw, text)?,
    }
    Some(())
}

/// A character of a class: a plain one where there is one.
fn one(class: &Class, draw: &mut Draw) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|r| (r.start(), r.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|r| (char::from(r.start()), char::from(r.end()))).collect()
        }
    };
    let plain: Vec<char> = (' '..='~')
        .filter(|c| ranges.iter().any(|(start, end)| (start..=end).contains(&c)))
        .collect();
    let common: Vec<char> = plain.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    draw.pick(&common).or_else(|| plain.first()).copied().or(ranges.first().map(|range| range.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_made_matches() {
        let cases = [
            "^[a-z][a-z0-9-]{2,12}$",
            "^(fix|feat)\\([a-z]+\\): .+$",
            "^\\d{4}-\\d{2}$",
            "^#[0-9A-F]{6}$",
            "^v?\\d+\\.\\d+\\.\\d+$",
            "abc",
            "^$",
            "[^/]+/[^/]+",
        ];
        for case in cases {
            for seed in 0..20 {
                let text = matching(case, &mut Draw::of(seed, &[case])).unwrap();
                assert!(regex_lite(case, &text), "{case}: {text}");
            }
        }
        assert_eq!(matching("(?=x)", &mut Draw::of(0, &[])), None, "look-around is not known");
        assert_eq!(matching("a{5000}", &mut Draw::of(0, &[])), None, "too long");
    }

    fn regex_lite(expression: &str, text: &str) -> bool {
        let schema = serde_json::json!({ "type": "string", "pattern": expression });
        jsonschema::is_valid(&schema, &serde_json::Value::String(text.to_owned()))
    }
}
