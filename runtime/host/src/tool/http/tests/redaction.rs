use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::super::redact::Redaction;

const VALUE: &str = "s3cr+t/va?ue \"quoted\" ümlaut";
const STAND_IN: &str = "[it]";

fn redaction() -> Redaction {
    Redaction::new([(VALUE, STAND_IN), ("other-value", "[other]")]).unwrap()
}

/// The value as texts of the net hold it.
fn forms() -> Vec<(&'static str, String)> {
    let json = serde_json::to_string(VALUE).unwrap();
    let percent = |space: &str, upper: bool| -> String {
        VALUE
            .bytes()
            .map(|byte| match byte {
                b' ' => space.to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte if upper => format!("%{byte:02X}"),
                byte => format!("%{byte:02x}"),
            })
            .collect()
    };
    vec![
        ("as it is", VALUE.into()),
        ("JSON", json[1..json.len() - 1].to_owned()),
        ("JSON with escaped slashes", json[1..json.len() - 1].replace('/', "\\/")),
        ("percent", percent("%20", true)),
        ("percent in small letters", percent("%20", false)),
        ("of a form", percent("+", true)),
    ]
}

#[test]
fn a_value_is_found_in_every_form() {
    let redaction = redaction();
    for (what, form) in forms() {
        let text = format!("before {form} and {form}, other-value after");
        let clean = redaction.text(&text);
        assert_eq!(clean, "before [it] and [it], [other] after", "{what}");
    }
    assert!(matches!(redaction.text("nothing of that kind"), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_value_is_found_within_base64() {
    let redaction = redaction();
    for before in ["", "u", "us", "use", "user:", "somebody:"] {
        for after in ["", "x", "xy", "xyz"] {
            let plain = format!("{before}{VALUE}{after}");
            for text in [STANDARD.encode(&plain), URL_SAFE_NO_PAD.encode(&plain)] {
                let clean = redaction.text(&text).into_owned();
                assert!(clean.contains(STAND_IN), "{before} {after}: {clean}");
                // What is left of it are the characters that the value shares with its neighbours.
                let rest = clean.replace(STAND_IN, "");
                let around = 4 * (before.len() + after.len() + 4).div_ceil(3) + 4;
                assert!(rest.len() <= around, "{before} {after}: {clean}");
            }
        }
    }
}

#[test]
fn a_value_is_found_wherever_the_pieces_are_cut() {
    let redaction = Arc::new(redaction());
    for (what, form) in forms() {
        let text = format!("before {form} between {form}other-value after");
        for size in (1..30).chain([text.len()]) {
            let mut stream = redaction.stream();
            let mut clean = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                clean.extend(stream.push(piece));
            }
            clean.extend(stream.end());
            let clean = String::from_utf8(clean).unwrap();
            assert_eq!(clean, "before [it] between [it][other] after", "{what}, cut at {size}");
        }
    }
}

#[test]
fn what_is_certain_goes_on_at_once() {
    let redaction = Arc::new(Redaction::new([("0123456789", "[it]")]).unwrap());
    let mut stream = redaction.stream();
    let long = "a".repeat(1_000);
    assert_eq!(stream.push(long.as_bytes()).len(), 1_000);
    // Only what may be the beginning of a secret waits for more.
    for (piece, passed) in
        [("b01", "b"), ("23", ""), ("c", "0123c"), ("012345678", ""), ("9d", "[it]d"), ("e0", "e")]
    {
        assert_eq!(stream.push(piece.as_bytes()), passed.as_bytes(), "{piece}");
    }
    assert_eq!(stream.end(), b"0");
}

#[test]
fn of_secrets_that_begin_alike_the_longest_is_found_wherever_it_is_cut() {
    let secrets = [("secret-one", "[1]"), ("secret-one-and-more", "[2]"), ("one-and-two", "[3]")];
    let redaction = Arc::new(Redaction::new(secrets).unwrap());
    let text = "a secret-one b secret-one-and-more c secret-one-and-two d one-and-two secret-o";
    let whole = redaction.text(text).into_owned();
    assert!(whole.starts_with("a [1] b [2] c [1]"), "{whole}");
    for size in 1..text.len() {
        let mut stream = redaction.stream();
        let mut clean = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            clean.extend(stream.push(piece));
        }
        clean.extend(stream.end());
        assert_eq!(String::from_utf8(clean).unwrap(), whole, "cut at {size}");
    }
}

#[test]
fn a_file_is_found_line_by_line() {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
    let long: String = (0..300).map(|n| format!("{n} is ü;")).collect();
    for (filler, lines) in [("", 1), ("x\ny\n", 500)] {
        let file = format!("-----BEGIN KEY-----\n{line}\nshort\n{}{long}", filler.repeat(lines));
        let redaction = Arc::new(Redaction::new([(file.as_str(), "[it]")]).unwrap());
        assert_eq!(redaction.text(&format!("a {line} b short c")), "a [it] b short c");
        // A long line goes in parts, of which nothing is left over.
        let clean = redaction.text(&long).into_owned();
        assert_eq!(clean.replace("[it]", ""), "", "{filler:?}");
        let mut stream = redaction.stream();
        let passed: usize = (0..100).map(|_| stream.push(&[b'-'; 100]).len()).sum();
        assert!(passed > 9_000, "{passed}: little is held back");
    }
}

#[test]
fn the_longest_secrets_are_ready_soon() {
    // Values that are like themselves everywhere are the worst case of the search.
    let longest = "x".repeat(64 << 10);
    let redaction = Redaction::new([(longest.as_str(), "[it]")]).unwrap();
    let clean = redaction.text(&longest).into_owned();
    assert_eq!(clean.replace("[it]", ""), "");
}

#[test]
fn nobody_sees_what_is_looked_for() {
    assert!(!format!("{:?}", redaction()).contains("s3cr"));
    assert!(Redaction::new([]).is_none());
}
