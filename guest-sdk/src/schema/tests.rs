#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Part, bytes, length};
use crate::{Schema, schema_of};

/// How to search.
///
/// The second paragraph
/// goes on.
#[derive(Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Everything {
    /// With "quotes" and a \ slash.
    the_text: String,
    r#type: bool,
    #[serde(rename = "other name")]
    renamed: i8,
    #[serde(default)]
    with_default: f32,
    #[serde(skip)]
    skipped: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe: Option<Vec<u8>>,
    table: BTreeMap<String, Plain>,
    set: BTreeSet<char>,
    nested: Nested,
    boxed: Box<Tagged>,
    anything: Value,
    /// Its own words.
    #[schema(json = r#"{"type":"string","pattern":"^a"}"#)]
    #[serde(with = "plain_text")]
    stated: String,
    generic: Generic<(), String>,
    external: External,
    one_of: Untagged,
}

mod plain_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        String::deserialize(from)
    }
}

/// Nested in words.
#[derive(Serialize, Deserialize, Schema)]
struct Nested(u16);

#[derive(Serialize, Deserialize, Schema)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
enum Plain {
    OneWord,
    #[serde(rename = "two")]
    Second,
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "UPPERCASE")]
enum Tagged {
    /// Nothing in it.
    NoFields,
    Some {
        a_field: u8,
    },
}

#[derive(Serialize, Deserialize, Schema)]
enum External {
    Unit,
    Value(bool),
    Fields { a: Option<u8> },
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(untagged)]
enum Untagged {
    Text(String),
    Number(u32),
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(transparent)]
struct Inner<T> {
    only: T,
}

#[derive(Serialize, Deserialize, Schema)]
struct Generic<A, B> {
    a: A,
    b: Inner<B>,
}

#[test]
fn a_type_says_what_serde_reads() {
    let schema = schema_of::<Everything>();
    assert_eq!(
        schema,
        json!({
            "type": "object",
            "description": "How to search.\n\nThe second paragraph goes on.",
            "properties": {
                "theText": { "type": "string", "description": "With \"quotes\" and a \\ slash." },
                "type": { "type": "boolean" },
                "other name": { "type": "integer" },
                "withDefault": { "type": "number" },
                "maybe": { "anyOf": [
                    { "type": "array", "items": { "type": "integer", "minimum": 0 } },
                    { "type": "null" },
                ] },
                "table": { "type": "object", "additionalProperties": {
                    "type": "string", "enum": ["ONE-WORD", "two"],
                } },
                "set": { "type": "array", "uniqueItems": true, "items": { "type": "string" } },
                "nested": { "description": "Nested in words.", "type": "integer", "minimum": 0 },
                "boxed": { "oneOf": [
                    { "description": "Nothing in it.", "type": "object",
                      "properties": { "kind": { "const": "no_fields" } }, "required": ["kind"] },
                    { "type": "object", "required": ["kind", "A_FIELD"],
                      "properties": {
                        "kind": { "const": "some" },
                        "A_FIELD": { "type": "integer", "minimum": 0 },
                    } },
                ] },
                "anything": { "type": ["null", "boolean", "number", "string", "array", "object"] },
                "stated": { "description": "Its own words.", "type": "string", "pattern": "^a" },
                "generic": { "type": "object", "required": ["a", "b"],
                    "properties": { "a": { "type": "null" }, "b": { "type": "string" } } },
                "external": { "oneOf": [
                    { "const": "Unit" },
                    { "type": "object", "additionalProperties": false, "required": ["Value"],
                      "properties": { "Value": { "type": "boolean" } } },
                    { "type": "object", "additionalProperties": false, "required": ["Fields"],
                      "properties": { "Fields": { "type": "object", "properties": { "a": {
                        "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "null" }],
                    } } } } },
                ] },
                "oneOf": { "anyOf": [{ "type": "string" }, { "type": "integer", "minimum": 0 }] },
            },
            "required": [
                "theText", "type", "other name", "table", "set", "nested", "boxed", "anything",
                "stated", "generic", "external", "oneOf",
            ],
            "additionalProperties": false,
        })
    );
}

#[test]
fn what_is_named_in_a_schema_is_what_serde_writes() {
    let everything = Everything {
        the_text: "a".into(),
        r#type: true,
        renamed: 1,
        with_default: 0.5,
        skipped: 7,
        maybe: Some(vec![1]),
        table: BTreeMap::from([("k".into(), Plain::OneWord), ("l".into(), Plain::Second)]),
        set: BTreeSet::from(['a']),
        nested: Nested(1),
        boxed: Box::new(Tagged::Some { a_field: 1 }),
        anything: json!({}),
        stated: "a".into(),
        generic: Generic { a: (), b: Inner { only: "x".into() } },
        external: External::Fields { a: None },
        one_of: Untagged::Number(1),
    };
    let written = serde_json::to_value(&everything).unwrap();
    let schema = schema_of::<Everything>();
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&written), keys(&schema["properties"]));
    assert_eq!(serde_json::from_value::<Everything>(written.clone()).unwrap().skipped, 0);
    assert_eq!(written["boxed"], json!({ "kind": "some", "A_FIELD": 1 }));
    assert_eq!(written["table"], json!({ "k": "ONE-WORD", "l": "two" }));
    let units = [json!(External::Unit), json!(External::Value(true)), json!(Tagged::NoFields)];
    assert_eq!(units, [json!("Unit"), json!({ "Value": true }), json!({ "kind": "no_fields" })]);
    assert_eq!(json!(Untagged::Text("x".into())), json!("x"));
}

#[test]
fn pieces_become_bytes_when_the_guest_is_compiled() {
    const PARTS: &[Part] = &[Part::Text("{"), Part::Parts(<Vec<bool>>::BODY), Part::Text("}")];
    const LENGTH: usize = length(PARTS);
    const BYTES: [u8; LENGTH] = bytes(PARTS);
    assert_eq!(&BYTES, br#"{"type":"array","items":{"type":"boolean"}}"#);
}
