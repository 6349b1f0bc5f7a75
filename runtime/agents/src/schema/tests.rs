#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;

async fn errors(schema: Value, output: Value) -> Vec<String> {
    Schema::compile(&schema.into()).await.unwrap().errors(&output.into()).await.unwrap()
}

#[tokio::test]
async fn errors_say_where_and_what() {
    let schema = json!({
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "list": {"items": {"$ref": "#/$defs/n"}}},
        "$defs": {"n": {"minimum": 3}},
    });
    for (output, expected) in [
        (json!({"name": "x", "list": [3, 4]}), vec![]),
        (json!({}), vec!["at /: \"name\" is a required property"]),
        (
            json!({"name": 1, "list": [5, 2]}),
            vec![
                "at /list/1: 2 is less than the minimum of 3",
                "at /name: 1 is not of type \"string\"",
            ],
        ),
        (json!(7), vec!["at /: 7 is not of type \"object\""]),
    ] {
        let mut found = errors(schema.clone(), output).await;
        found.sort();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn errors_are_bounded_in_number_and_length() {
    let found = errors(json!({"items": {"type": "string"}}), json!(vec![1; 50])).await;
    assert_eq!(found.len(), ERRORS_MAX);
    let found = errors(json!({"maxLength": 1}), json!("é".repeat(10_000))).await;
    assert_eq!(found[0].chars().count(), ERROR_CHARS_MAX + 1, "cut, with an ellipsis");
}

#[tokio::test]
async fn the_draft_is_2020_12_unless_named() {
    // `prefixItems` came with that draft; `items` with an array went with it.
    assert_eq!(errors(json!({"prefixItems": [{"type": "string"}]}), json!([1])).await.len(), 1);
    let old = json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]});
    assert_eq!(errors(old, json!([1])).await.len(), 1);
}

#[tokio::test]
async fn schemas_that_do_not_compile() {
    for schema in [
        json!(3),
        json!({"type": "strong"}),
        json!({"minimum": "three"}),
        json!({"pattern": "("}),
        json!({"pattern": "(?=look)ahead"}),
        json!({"$ref": "#/nowhere"}),
        json!({"$ref": "https://example.com/schema.json"}),
        json!({"$ref": "file:///etc/passwd"}),
        json!({"$schema": "https://example.com/meta.json"}),
    ] {
        let failure = Schema::compile(&schema.clone().into()).await.err();
        let failure = failure.unwrap_or_else(|| panic!("{schema} compiles"));
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, "bad-schema"));
    }
}

/// Each level of the output is validated twice against what lies below it: two to the power of the
/// depth, from a few bytes.
#[tokio::test]
async fn an_endless_validation_is_given_up() {
    let schema = json!({
        "$ref": "#/$defs/x",
        "$defs": {"x": {"anyOf": [
            {"type": "array", "items": {"$ref": "#/$defs/x"}},
            {"minItems": 1, "items": {"$ref": "#/$defs/x"}, "type": "array"},
        ]}},
    });
    let mut output = json!(1);
    for _ in 0..60 {
        output = json!([output]);
    }
    let schema = Schema::compile(&schema.into()).await.unwrap();
    let failure = schema.errors(&output.into()).await.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Limit, "schema-time"));
}
