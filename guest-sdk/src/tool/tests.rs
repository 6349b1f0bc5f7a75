#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Nothing;
use crate::testing::call_tool;
use crate::{Schema, ToolError, ToolErrorKind};

/// What to repeat.
#[derive(Deserialize, Schema)]
pub struct Say {
    text: String,
    #[serde(default)]
    times: Option<usize>,
}

#[derive(Debug, Serialize, Schema)]
pub struct Said {
    text: String,
}

#[crate::tools(
    name = "echo",
    description = "Says \"things\".",
    read("**"),
    exclude("old/**"),
    write("out/**"),
    http("GET https://example.org"),
    env("LANG"),
    secrets("github")
)]
mod tools {
    use super::*;

    /// Repeats a text.
    #[tool(idempotency_key = "text")]
    pub fn say_again(input: Say) -> Result<Said, ToolError> {
        Ok(Said { text: helper(&input.text, input.times.unwrap_or(1))? })
    }

    /// This comment is not seen.
    #[tool(name = "now", description = "What time it is.")]
    pub fn time() -> Result<u64, String> {
        Err("broken clock".into())
    }

    /// From files.
    #[tool(
        input_schema = "macros/src/tests/schema.json",
        output_schema = "macros/src/tests/schema.json"
    )]
    pub fn raw(input: Value) -> Result<Value, ToolError> {
        Ok(input)
    }

    fn helper(text: &str, times: usize) -> Result<String, ToolError> {
        if times > 9 {
            return Err(ToolError::invalid_input("too-often", "at most 9 times").detail("most", 9));
        }
        Ok(text.repeat(times))
    }
}

#[test]
fn the_manifest_names_every_tool_with_its_schemas() {
    let manifest: Value = serde_json::from_slice(&tools::BATON_MANIFEST).unwrap();
    assert_eq!(
        manifest,
        json!({
            "name": "echo",
            "world": "tool",
            "description": "Says \"things\".",
            "requests": {
                "read": { "include": ["**"], "exclude": ["old/**"] },
                "write": { "include": ["out/**"] },
                "http": ["GET https://example.org"],
                "env": ["LANG"],
                "secrets": ["github"],
            },
            "tools": {
                "say-again": {
                    "description": "Repeats a text.",
                    "idempotency_key": "text",
                    "input": {
                        "type": "object",
                        "description": "What to repeat.",
                        "properties": {
                            "text": { "type": "string" },
                            "times": { "anyOf": [
                                { "type": "integer", "minimum": 0 }, { "type": "null" },
                            ] },
                        },
                        "required": ["text"],
                    },
                    "output": {
                        "type": "object",
                        "properties": { "text": { "type": "string" } },
                        "required": ["text"],
                    },
                },
                "now": {
                    "description": "What time it is.",
                    "input": { "type": "object" },
                    "output": { "type": "integer", "minimum": 0 },
                },
                "raw": {
                    "description": "From files.",
                    "input": { "type": "object" },
                    "output": { "type": "object" },
                },
            },
        })
    );
}

#[test]
fn a_call_is_json_in_and_json_out() {
    let said = call_tool(tools::say_again, &json!({ "text": "ab", "times": 2 }));
    assert_eq!(said, Ok(json!({ "text": "abab" })));
    let error = call_tool(tools::say_again, &json!({ "text": "a", "times": 10 })).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ToolErrorKind::InvalidInput, "too-often"));
    assert_eq!(error.detail["most"], 9);
    let error = call_tool(tools::say_again, &json!({})).unwrap_err();
    assert_eq!(error.code, "bad-input");
    let error = call_tool(|_: Nothing| tools::time(), &json!({ "ignored": [1] })).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.to_string().as_str()),
        ("failed", "broken clock (failed)")
    );
    let odd = |_: Nothing| Ok::<_, ToolError>(std::collections::BTreeMap::from([((), ())]));
    assert_eq!(call_tool(odd, &json!(null)).unwrap_err().code, "bad-output");
    assert_eq!(super::unknown("x").code, "unknown-tool");
}

#[test]
fn errors_of_the_standard_library_keep_their_meaning() {
    use std::io;
    let rows: [(ToolError, ToolErrorKind, &str); 7] = [
        (io::Error::from(io::ErrorKind::NotFound).into(), ToolErrorKind::Failed, "not-found"),
        (
            io::Error::from(io::ErrorKind::PermissionDenied).into(),
            ToolErrorKind::Denied,
            "permission-denied",
        ),
        (io::Error::from(io::ErrorKind::TimedOut).into(), ToolErrorKind::Failed, "io"),
        (std::env::VarError::NotPresent.into(), ToolErrorKind::Denied, "env"),
        (serde_json::from_str::<u8>("x").unwrap_err().into(), ToolErrorKind::Failed, "json"),
        (String::from_utf8(vec![0xff]).unwrap_err().into(), ToolErrorKind::Failed, "not-utf8"),
        ("words".into(), ToolErrorKind::Failed, "failed"),
    ];
    for (error, kind, code) in rows {
        assert_eq!((error.kind, error.code.as_str()), (kind, code));
    }
    let error = crate::secret("no-such").unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ToolErrorKind::Denied, "secret-not-granted"));
}
