use baton_core::limits::Limits;
use serde_json::{Value, json};

use crate::mcp::error::{McpError, Problem};
use crate::mcp::result::{INLINE_BYTES_MAX, output};
use baton_agents::backend::BackendError;
use baton_core::handoff::FailureKind;

fn result(result: Value) -> rmcp::model::CallToolResult {
    serde_json::from_value(result).unwrap()
}

fn said(from: Value) -> Result<Value, Problem> {
    output(result(from), &Limits::default()).map(|output| output.value())
}

#[test]
fn what_is_meant_for_programs_is_the_output() {
    let content = json!([{ "type": "text", "text": "{\"a\":1}" }]);
    for structured in [json!({ "a": 1 }), json!([1, 2]), json!("text"), json!(null)] {
        let output = said(json!({ "content": content, "structuredContent": structured }));
        assert_eq!(output.unwrap(), structured);
    }
}

#[test]
fn content_is_brought_into_one_form() {
    for (block, expected) in [
        (
            json!({ "type": "text", "text": "{\"a\":1}" }),
            json!({ "type": "text", "text": "{\"a\":1}" }),
        ),
        (
            json!({ "type": "text", "text": "x", "annotations": { "priority": 1.0 } }),
            json!({ "type": "text", "text": "x" }),
        ),
        (
            json!({ "type": "image", "data": "AAECAw==", "mimeType": "image/png" }),
            json!({ "type": "image", "media_type": "image/png", "bytes": 4, "data": "AAECAw==" }),
        ),
        (
            json!({ "type": "audio", "data": "AAEC", "mimeType": "audio/wav" }),
            json!({ "type": "audio", "media_type": "audio/wav", "bytes": 3, "data": "AAEC" }),
        ),
        (
            json!({ "type": "resource", "resource": { "uri": "demo://1", "mimeType": "text/plain", "text": "t" } }),
            json!({ "type": "resource", "uri": "demo://1", "media_type": "text/plain", "text": "t" }),
        ),
        (
            json!({ "type": "resource", "resource": { "uri": "demo://2", "blob": "AA==" } }),
            json!({ "type": "resource", "uri": "demo://2", "bytes": 1, "data": "AA==" }),
        ),
        (
            json!({ "type": "resource_link", "uri": "demo://3", "name": "three", "mimeType": "text/plain" }),
            json!({ "type": "resource-link", "uri": "demo://3", "name": "three", "media_type": "text/plain" }),
        ),
    ] {
        assert_eq!(said(json!({ "content": [block] })).unwrap(), json!({ "content": [expected] }));
    }
    assert_eq!(said(json!({ "content": [] })).unwrap(), json!({ "content": [] }));
}

#[test]
fn of_something_large_that_is_no_text_only_the_size_is_told() {
    for (bytes, inline) in [(INLINE_BYTES_MAX / 3 * 3, true), (INLINE_BYTES_MAX / 3 * 3 + 3, false)]
    {
        let data = "A".repeat(bytes / 3 * 4);
        let image = json!({ "type": "image", "data": data, "mimeType": "image/png" });
        let output = said(json!({ "content": [image] })).unwrap();
        assert_eq!(output["content"][0]["bytes"], bytes);
        assert_eq!(output["content"][0].get("data").is_some(), inline, "{bytes}");
    }
}

#[test]
fn a_tool_that_says_it_failed_did() {
    let content = json!([
        { "type": "text", "text": "first" },
        { "type": "image", "data": "", "mimeType": "image/png" },
        { "type": "text", "text": "second" },
    ]);
    let problem = said(json!({ "isError": true, "content": content, "structuredContent": {} }));
    let Problem::Tool { message, content } = problem.unwrap_err() else { panic!() };
    assert_eq!(message, "first\nsecond");
    assert_eq!(content["content"].as_array().unwrap().len(), 3);
    let problem = said(json!({ "isError": true, "content": [] })).unwrap_err();
    assert!(problem.to_string().contains("does not say why"));
    assert!(said(json!({ "isError": false, "content": [] })).is_ok());
}

#[test]
fn a_result_is_held_against_the_limits() {
    let mut limits = Limits::default();
    limits.run.result_bytes = 20;
    limits.run.json_depth = 3;
    limits.tools.mcp_message_bytes = 500;
    for (structured, code) in [
        (json!("x".repeat(18)), None),
        (json!("x".repeat(19)), Some("run.result_bytes")),
        (json!([[[]]]), None),
        (json!([[[[]]]]), Some("run.json_depth")),
    ] {
        let found = output(result(json!({ "structuredContent": structured })), &limits);
        match (found, code) {
            (Ok(found), None) => assert_eq!(found.value(), structured),
            (Err(Problem::Result { code: found, .. }), Some(code)) => assert_eq!(found, code),
            (found, _) => panic!("{found:?} where {code:?}"),
        }
    }
    let large = json!({ "content": [{ "type": "text", "text": "x".repeat(500) }] });
    let problem = output(result(large), &limits).unwrap_err();
    assert!(matches!(problem, Problem::MessageBytes { max: 500 }));
}

#[test]
fn problems_end_a_call_with_stable_codes() {
    let refused = Problem::Refused { code: -7, message: "no".into(), data: Some(json!([1])) };
    let tool = Problem::Tool { message: "no".into(), content: json!({ "content": [] }) };
    for (problem, kind, code, detail) in [
        (Problem::Unknown, FailureKind::Failed, "mcp-unknown", json!({})),
        (Problem::Protocol("x".into()), FailureKind::Failed, "mcp-protocol", json!({})),
        (refused, FailureKind::Failed, "mcp-protocol", json!({ "code": -7, "data": [1] })),
        (tool, FailureKind::Failed, "mcp-tool-error", json!({ "content": [] })),
        (
            Problem::MessageBytes { max: 1 },
            FailureKind::Limit,
            "tools.mcp_message_bytes",
            json!({}),
        ),
        (Problem::TimedOut { ms: 1 }, FailureKind::TimedOut, "timeout", json!({})),
        (
            Problem::Result { code: "run.result_bytes", message: "x".into() },
            FailureKind::Limit,
            "run.result_bytes",
            json!({}),
        ),
    ] {
        let BackendError::Permanent(failure) = McpError::new("s", problem).backend() else {
            panic!("{code}")
        };
        assert_eq!((failure.kind, failure.code.as_str()), (kind, code));
        assert_eq!(failure.detail.value(), detail);
        assert!(failure.message.starts_with("the MCP server `s` "), "{}", failure.message);
    }
    for (problem, code) in
        [(Problem::Start("x".into()), "mcp-start"), (Problem::Closed("x".into()), "mcp-closed")]
    {
        let BackendError::Retryable { failure, .. } = McpError::new("s", problem).backend() else {
            panic!("{code}")
        };
        assert_eq!(failure.code, code);
    }
}

#[test]
fn what_a_server_says_is_cleaned_and_cut_before_it_is_told() {
    let told = |problem: Problem| {
        problem.told(
            |text| text.replace("hunter2", "[secret x]"),
            |json| {
                serde_json::from_str(&json.to_string().replace("hunter2", "[secret x]")).unwrap()
            },
            30,
        )
    };
    assert_eq!(
        told(Problem::Start("with hunter2".into())).to_string(),
        "could not be started: with [secret x]"
    );
    // The secret would have been cut in half: it is taken out before.
    let text = "123456789012345678901234 hunter2 and so on".to_owned();
    let Problem::Closed(text) = told(Problem::Closed(text)) else { panic!() };
    assert_eq!(text, "123456789012345678901234 [secr");
    for (data, kept) in
        [(json!("hunter2"), Some(json!("[secret x]"))), (json!("x".repeat(40)), None)]
    {
        let problem = Problem::Refused { code: 1, message: "m".into(), data: Some(data) };
        let Problem::Refused { data, .. } = told(problem) else { panic!() };
        assert_eq!(data, kept);
    }
    let problem =
        Problem::Tool { message: "hunter2".into(), content: json!({ "a": "x".repeat(40) }) };
    let Problem::Tool { message, content } = told(problem) else { panic!() };
    assert_eq!((message.as_str(), content), ("[secret x]", json!(null)));
}
