#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::attributes::Case;
use super::derive;

fn error(item: &str) -> String {
    match derive(&syn::parse_str(item).unwrap()) {
        Ok(tokens) => panic!("{item} becomes {tokens}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_cannot_be_told_from_the_type_is_refused_in_words() {
    let rows = [
        ("union U { a: u8 }", "a union has no JSON"),
        ("struct T(u8, u8);", "give the fields names"),
        ("enum E { A(u8, u8) }", "give the fields names"),
        ("#[serde(tag = \"t\")] enum E { A(u8) }", "give the fields names"),
        ("struct T { #[serde(flatten)] a: A }", "`flatten` hides what the JSON looks like"),
        ("struct T { #[serde(with = \"m\")] a: A }", "`with` hides what the JSON looks like"),
        ("#[serde(tag = \"t\", content = \"c\")] enum E { A }", "`content` hides"),
        ("#[serde(from = \"X\")] struct T { a: u8 }", "`from` hides"),
        ("#[serde(rename(serialize = \"x\"))] struct T { a: u8 }", "one name for both directions"),
        ("#[serde(rename_all = \"Train-Case\")] struct T { a: u8 }", "no case that serde knows"),
        ("#[serde(unheard = 1)] struct T { a: u8 }", "cannot be made past this attribute"),
        ("#[serde(transparent)] struct T { a: u8, b: u8 }", "more than one field is left"),
        ("struct T { #[schema(minimum = 1)] a: u8 }", "`json = \"…\"` is known here"),
        ("struct T { #[schema(json = \"{\")] a: u8 }", "EOF while parsing"),
        ("struct T { #[schema(json = \"{}\")] a: u8 }", "at least one member"),
        ("struct T { #[schema(json = \"true\")] a: u8 }", "a JSON object is wanted"),
        (
            "/// Doc.\n#[schema(json = \"{\\\"description\\\":1}\")] struct T { a: u8 }",
            "the description already",
        ),
    ];
    for (item, words) in rows {
        let error = error(item);
        assert!(error.contains(words), "{item}: {error}");
    }
}

#[test]
fn names_are_written_as_serde_writes_them() {
    let rows = [
        (Case::AsIs, "two_words", "TwoWords"),
        (Case::Lower, "two_words", "twowords"),
        (Case::Upper, "TWO_WORDS", "TWOWORDS"),
        (Case::Pascal, "TwoWords", "TwoWords"),
        (Case::Camel, "twoWords", "twoWords"),
        (Case::Snake, "two_words", "two_words"),
        (Case::ScreamingSnake, "TWO_WORDS", "TWO_WORDS"),
        (Case::Kebab, "two-words", "two-words"),
        (Case::ScreamingKebab, "TWO-WORDS", "TWO-WORDS"),
    ];
    for (case, field, variant) in rows {
        assert_eq!(case.field("two_words"), field, "{case:?}");
        assert_eq!(case.variant("TwoWords"), variant, "{case:?}");
    }
}
