//! A tool that does one thing with a path of its directory, straight through `wasi:filesystem`: no
//! library takes the path apart before the host sees it.
//!
//! Input `{"act": "read", "path": "a/b"}`, where needed also `at` (another path). Its output is
//! `{"told": …}`, everything that the host let it know, or `{"error": "no-entry"}`.

#![cfg(target_arch = "wasm32")]
#![allow(unsafe_code, reason = "the exports and the manifest section are written by hand")]

mod acts;
mod files;

use bindings::baton::runtime::types::{ToolError, ToolErrorKind};
use serde_json::{Value, json};

#[allow(missing_docs, clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "tool" });

    export!(Paths with_types_in self);
    use super::Paths;
}

const MANIFEST_BYTES: &[u8] = include_bytes!("../manifest.json");

#[used]
#[unsafe(link_section = "baton:manifest")]
static MANIFEST: [u8; MANIFEST_BYTES.len()] = *include_bytes!("../manifest.json");

struct Paths;

impl bindings::Guest for Paths {
    fn call(name: String, input: String) -> Result<String, ToolError> {
        let input: Value = serde_json::from_str(&input).unwrap_or_default();
        if name == "acts" {
            let names: Vec<&str> = acts::ALL.iter().map(|(name, _)| *name).collect();
            return Ok(json!(names).to_string());
        }
        let text = |key: &str| input[key].as_str().unwrap_or_default();
        let Some((_, act)) = acts::ALL.iter().find(|(name, _)| *name == text("act")) else {
            return Err(unknown(text("act")));
        };
        let output = match act(text("path"), text("at")) {
            Ok(told) => json!({ "told": told }),
            Err(code) => json!({ "error": code.name() }),
        };
        Ok(output.to_string())
    }
}

fn unknown(act: &str) -> ToolError {
    ToolError {
        kind: ToolErrorKind::InvalidInput,
        code: "no-such-act".into(),
        message: format!("there is no act `{act}`"),
        detail: "{}".into(),
    }
}
