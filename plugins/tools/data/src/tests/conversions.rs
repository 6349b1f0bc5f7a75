use super::folder;
use crate::read::Format;
use crate::{ConvertInput, convert};

fn input(text: &str, to: Format) -> ConvertInput {
    ConvertInput { path: None, text: Some(text.into()), format: None, to, pointer: String::new() }
}

#[test]
fn documents_come_out_as_they_went_in() {
    let (_folder, tree) = folder(&[]);
    let text = r#"{"zeta": 1, "alpha": {"list": [1, [2, [], {}], {"a": "b", "c": [true]}], "f": 1.5},
        "texts": ["", "no", "12", "1e3", " a", "a ", "a: b", "a#b", "- a", "\u0085\u2028", "x\ny",
        "ü", "true", "~", "plain words", "'", "\"\\"], "empty": {}, "last": "x"}"#;
    let before = Format::Json.read(text).unwrap();
    for to in [Format::Json, Format::Yaml, Format::Toml] {
        let written = convert(&tree, &input(text, to)).unwrap().text;
        let after = to.read(&written).unwrap();
        assert_eq!(after.value(), before.value(), "{written}");
        // The order of names is kept where the format does not rule it out.
        if to != Format::Toml {
            let order = |text: &str| [text.find("zeta"), text.find("alpha"), text.find("last")];
            assert!(order(&written).is_sorted(), "{written}");
        }
    }
}

#[test]
fn yaml_is_written_in_blocks() {
    let (_folder, tree) = folder(&[]);
    let text = r#"{"a": {"b": [1, {"c": null, "d": [2]}]}, "e": [], "on": "yes"}"#;
    let expected = "\
a:
  b:
  - 1
  - c: null
    d:
    - 2
e: []
\"on\": \"yes\"
";
    assert_eq!(convert(&tree, &input(text, Format::Yaml)).unwrap().text, expected);
}

#[test]
fn parts_and_lines_are_written() {
    let (_folder, tree) = folder(&[]);
    let part = ConvertInput { pointer: "/a".into(), ..input("a: [1, {b: 2}]", Format::Jsonl) };
    assert_eq!(convert(&tree, &part).unwrap().text, "1\n{\"b\":2}\n");
    for pointer in ["/b", "a", "/a/00", "/a/2"] {
        let gone = ConvertInput { pointer: pointer.into(), ..part.clone() };
        assert_eq!(convert(&tree, &gone).unwrap_err().code, "not-found", "{pointer}");
    }
}

#[test]
fn what_a_format_cannot_say_is_refused() {
    let (_folder, tree) = folder(&[]);
    for (text, to) in
        [("[1]", Format::Toml), ("{a: null}", Format::Toml), ("{a: 1}", Format::Jsonl)]
    {
        assert_eq!(convert(&tree, &input(text, to)).unwrap_err().code, "not-expressible");
    }
    let large = format!("[\"{}\"]", "x".repeat(600 << 10));
    assert_eq!(convert(&tree, &input(&large, Format::Json)).unwrap_err().code, "too-large");
}
