use serde_json::json;

use super::folder;
use crate::{ValidateInput, validate};

#[test]
fn mistakes_are_told_with_their_lines() {
    let (_folder, tree) = folder(&[
        ("a.yaml", "name: x\nport: many\nitems:\n  - 1\n  - b\nmail: nobody\n"),
        ("good.toml", "name = 'x'\nport = 1\n"),
        (
            "schema.json",
            r##"{"type": "object", "required": ["name", "port"], "properties": {
            "port": {"type": "integer"}, "mail": {"format": "email"},
            "items": {"items": {"$ref": "#/$defs/item"}}}, "$defs": {"item": {"type": "integer"}}}"##,
        ),
    ]);
    let input = |path: &str| ValidateInput {
        path: Some(path.into()),
        schema_path: Some("schema.json".into()),
        ..ValidateInput::default()
    };
    let output = validate(&tree, &input("a.yaml")).unwrap();
    let places: Vec<_> = output.errors.iter().map(|one| (one.pointer.as_str(), one.line)).collect();
    assert_eq!(places, [("/port", 2), ("/items/1", 5), ("/mail", 6)]);
    assert!(!output.valid);
    assert!(output.errors[0].message.contains("integer"), "{}", output.errors[0].message);
    assert_eq!(output.errors[0].rule, "/properties/port/type");

    let output = validate(&tree, &input("good.toml")).unwrap();
    assert!(output.valid && output.errors.is_empty());
}

#[test]
fn syntax_alone_can_be_checked() {
    let (_folder, tree) = folder(&[("a.json", "{\n\"a\": }\n"), ("b.json", "{}")]);
    let output = |path: &str| {
        let input = ValidateInput { path: Some(path.into()), ..ValidateInput::default() };
        validate(&tree, &input).unwrap()
    };
    let wrong = output("a.json");
    assert_eq!((wrong.valid, wrong.errors.len(), wrong.errors[0].line), (false, 1, 2));
    assert!(output("b.json").valid);
}

#[test]
fn mistakes_are_counted_up_to_a_limit() {
    let (_folder, tree) = folder(&[]);
    let input = ValidateInput {
        text: Some(format!("[{}]", vec!["1"; 300].join(","))),
        schema: Some(json!({"items": {"type": "string"}})),
        ..ValidateInput::default()
    };
    let output = validate(&tree, &input).unwrap();
    assert_eq!((output.errors.len(), output.truncated), (200, true));
}

#[test]
fn a_schema_that_cannot_be_used_is_refused() {
    let (_folder, tree) = folder(&[("bad.json", "{")]);
    let with = |schema| ValidateInput {
        text: Some("{}".into()),
        schema: Some(schema),
        ..ValidateInput::default()
    };
    for schema in [json!({"type": 7}), json!({"$ref": "https://example.org/other.json"})] {
        let error = validate(&tree, &with(schema)).unwrap_err();
        assert_eq!(error.code, "invalid-schema");
    }
    let both = ValidateInput { schema_path: Some("bad.json".into()), ..with(json!({})) };
    assert_eq!(validate(&tree, &both).unwrap_err().code, "two-schemas");
    let file = ValidateInput { schema: None, ..both };
    assert_eq!(validate(&tree, &file).unwrap_err().code, "syntax");
}
