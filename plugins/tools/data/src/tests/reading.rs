use serde_json::{Value, json};

use crate::read::Format;

/// The value of a text, and the lines at some pointers.
fn read(format: Format, text: &str, pointers: &[&str]) -> (Value, Vec<usize>) {
    let node = format.read(text).unwrap();
    let lines = pointers.iter().map(|pointer| node.line_at(pointer)).collect();
    (node.value(), lines)
}

#[test]
fn values_have_lines_in_every_format() {
    let json_text = "{\n  \"a\": [1,\n    {\"b\\\"}\": \"x\\\\\"}],\n  \"c\":\n    null\n}";
    let expected = json!({"a": [1, {"b\"}": "x\\"}], "c": null});
    let pointers = ["", "/a", "/a/0", "/a/1", "/a/1/b\"}", "/c", "/c/absent"];
    assert_eq!(read(Format::Json, json_text, &pointers), (expected, vec![1, 2, 2, 3, 3, 4, 4]));

    let yaml = "# top\na:\n  - 1\n  - b: x\nc: &c {d: 1}\ne: *c\n";
    let expected = json!({"a": [1, {"b": "x"}], "c": {"d": 1}, "e": {"d": 1}});
    let pointers = ["/a", "/a/0", "/a/1/b", "/c/d", "/e"];
    assert_eq!(read(Format::Yaml, yaml, &pointers), (expected, vec![2, 3, 4, 5, 6]));

    let toml = "z = 1\n[a.b]\nc = [\n 1,\n 2.5,\n]\n[[d]]\ne = 1979-05-27\n[[d]]\n";
    let expected = json!({"z": 1, "a": {"b": {"c": [1, 2.5]}}, "d": [{"e": "1979-05-27"}, {}]});
    let pointers = ["/z", "/a/b", "/a/b/c", "/a/b/c/1", "/d/0/e", "/d/1"];
    assert_eq!(read(Format::Toml, toml, &pointers), (expected, vec![1, 2, 3, 5, 8, 9]));

    let lines = "{\"a\": 1}\n\n[2]\n";
    assert_eq!(read(Format::Jsonl, lines, &["/0/a", "/1"]), (json!([{"a": 1}, [2]]), vec![1, 3]));
}

#[test]
fn plain_words_of_yaml_mean_what_version_1_2_says() {
    let cases: &[(&str, Value)] = &[
        ("~", Value::Null),
        ("", Value::Null),
        ("yes", json!("yes")),
        ("True", json!(true)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("-12", json!(-12)),
        ("+12", json!(12)),
        ("18446744073709551615", json!(u64::MAX)),
        ("1.5e3", json!(1500.0)),
        (".5", json!(0.5)),
        (".inf", json!(".inf")),
        ("1.2.3", json!("1.2.3")),
        ("2026-01-02", json!("2026-01-02")),
        ("'12'", json!("12")),
        ("!!str 12", json!("12")),
        ("!!int '12'", json!(12)),
        ("!own 12", json!(12)),
        ("|\n  a\n  b\n", json!("a\nb\n")),
        ("--- 1\n--- 2\n", json!([1, 2])),
        ("{1: a, true: b}", json!({"1": "a", "true": "b"})),
    ];
    for (text, expected) in cases {
        assert_eq!(Format::Yaml.read(text).unwrap().value(), *expected, "{text}");
    }
}

#[test]
fn mistakes_have_lines() {
    let deep = "[".repeat(150) + &"]".repeat(150);
    let cases: &[(Format, &str, usize)] = &[
        (Format::Json, "{\n\"a\": 1,\n}", 3),
        (Format::Json, "", 1),
        (Format::Json, "{} {}", 1),
        (Format::Json, &deep, 1),
        (Format::Jsonl, "1\n\n{\n", 3),
        (Format::Yaml, "a: 1\nb: [1,\n", 3),
        (Format::Yaml, "a: 1\na: 2\n", 2),
        (Format::Yaml, "? [a]\n: 1\n", 1),
        (Format::Yaml, "a: &x [*x]", 1),
        (Format::Yaml, &deep, 1),
        (Format::Toml, "a = 1\nb = \n", 2),
        (Format::Toml, "a = 1\na = 2\n", 2),
        (Format::Toml, "\na = 99999999999999999999\n", 2),
    ];
    for (format, text, line) in cases {
        let error = format.read(text).unwrap_err();
        assert_eq!(error.line, *line, "{format:?} {text:.40}: {}", error.message);
    }
}

#[test]
fn aliases_that_multiply_are_stopped() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let below = format!("*a{}", level - 1);
        let items = vec![below; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(Format::Yaml.read(&text).unwrap_err().message.contains("aliases counted"));
}
