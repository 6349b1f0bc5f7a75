use baton_core::limits::Limits;
use baton_core::scope::Authority;
use baton_core::tool::Provider;
use serde_json::{Value, json};

use super::fake::connected;
use crate::mcp::error::Problem;
use crate::mcp::listing::{Listing, list};

fn tool(name: &str) -> Value {
    json!({ "name": name, "inputSchema": { "type": "object" } })
}

/// What a client makes of pages. Stops to answer when it stops to ask.
async fn listed(limits: &Limits, pages: Vec<Value>) -> Result<Listing, Problem> {
    let (connection, mut fake) = connected(limits).await;
    let serve = async {
        let mut cursor = Value::Null;
        for page in pages {
            let request = fake.expect("tools/list").await;
            assert_eq!(request["params"]["cursor"], cursor);
            cursor = page["nextCursor"].clone();
            fake.answer(&request, page).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        listing = list(&connection, "fake", limits) => listing,
        () = serve => unreachable!(),
    }
}

#[tokio::test]
async fn pages_are_asked_for_until_there_is_none() {
    let first = json!({ "tools": [tool("a"), tool("b")], "nextCursor": "more" });
    let empty = json!({ "tools": [], "nextCursor": "still more" });
    let last = json!({ "tools": [tool("c")] });
    let listing = listed(&Limits::default(), vec![first, empty, last]).await.unwrap();
    let names: Vec<&str> = listing.tools.keys().map(String::as_str).collect();
    assert_eq!((names, listing.notes), (vec!["a", "b", "c"], vec![]));
}

#[tokio::test]
async fn a_tool_is_taken_over_without_a_promise_about_its_effects() {
    let described = json!({
        "name": "a.B-c_9",
        "title": "Title",
        "description": "What it does.",
        "inputSchema": { "type": "object", "required": ["x"] },
        "outputSchema": { "type": "object" },
        "annotations": { "readOnlyHint": true, "idempotentHint": true },
    });
    let titled = json!({ "name": "t", "title": "Title", "inputSchema": {} });
    let page = json!({ "tools": [described, titled] });
    let listing = listed(&Limits::default(), vec![page]).await.unwrap();
    let tool = &listing.tools["a.B-c_9"];
    assert_eq!(tool.description, "What it does.");
    assert_eq!(tool.input.as_ref().unwrap().value()["required"], json!(["x"]));
    assert_eq!(tool.output.as_ref().unwrap().value(), json!({ "type": "object" }));
    assert_eq!(tool.provider, Provider::Mcp("fake".into()));
    assert_eq!(tool.authority, Authority::default());
    assert_eq!((tool.effect, &tool.idempotency_key, tool.timeout_ms), (None, &None, None));
    assert_eq!(listing.tools["t"].description, "Title");
}

#[tokio::test]
async fn what_cannot_be_a_tool_is_left_out_and_said() {
    let long = "n".repeat(65);
    let bad_schema = json!({ "name": "schema", "inputSchema": { "type": "nonsense" } });
    let far = json!({ "name": "far", "inputSchema": { "$ref": "http://example.org/x" } });
    let output = json!({ "name": "out", "inputSchema": {}, "outputSchema": { "type": 7 } });
    let mut deep = json!({});
    for _ in 0..70 {
        deep = json!({ "not": deep });
    }
    let deep = json!({ "name": "deep", "inputSchema": deep });
    for (tool, says) in [
        (tool(""), "a name has 1 to 64"),
        (tool("a b"), "`fake/a b` is left out: a name has 1 to 64"),
        (tool("a/b"), "a name has 1 to 64"),
        (tool("ä"), "a name has 1 to 64"),
        (tool("\u{1b}[2J"), "`fake/\\u{1b}[2J` is left out"),
        (tool(&long), "a name has 1 to 64"),
        (json!({ "name": 7, "inputSchema": {} }), "a name has 1 to 64"),
        (json!({ "inputSchema": {} }), "a name has 1 to 64"),
        (json!(null), "a name has 1 to 64"),
        (tool("good"), "there is another of this name"),
        (json!({ "name": "none" }), "`fake/none` is left out: missing field `inputSchema`"),
        (json!({ "name": "text", "inputSchema": "{}" }), "`fake/text` is left out"),
        (bad_schema, "`fake/schema` is left out: its input schema: "),
        (far, "`fake/far` is left out: its input schema: "),
        (deep, "JSON nested deeper than 64 levels"),
        (output, "`fake/out` is left out: its output schema: "),
    ] {
        let page = json!({ "tools": [self::tool("good"), tool] });
        let listing = listed(&Limits::default(), vec![page]).await.unwrap();
        let names: Vec<&str> = listing.tools.keys().map(String::as_str).collect();
        assert_eq!(names, ["good"], "{says}");
        let [note] = listing.notes.as_slice() else { panic!("{:?}: {says}", listing.notes) };
        assert!(note.contains(says), "{note}: {says}");
    }
}

#[tokio::test]
async fn limits_cut_what_a_run_takes_over() {
    let mut limits = Limits::default();
    limits.tools.mcp_tools = 3;
    let page = |names: [&str; 2], next| json!({ "tools": names.map(tool), "nextCursor": next });
    let pages = vec![page(["a", "b"], "2"), page(["c", "d"], "3")];
    let listing = listed(&limits, pages).await.unwrap();
    assert_eq!(listing.tools.len(), 3);
    assert_eq!(listing.notes, ["`fake`: it has more than 3 tools; the rest is left out"]);

    limits = Limits::default();
    limits.tools.mcp_message_bytes = 1_000;
    let tool = json!({ "name": "big", "description": "x".repeat(600), "inputSchema": {} });
    let other = json!({ "name": "other", "description": "x".repeat(600), "inputSchema": {} });
    let pages = vec![json!({ "tools": [tool], "nextCursor": "2" }), json!({ "tools": [other] })];
    let listing = listed(&limits, pages).await.unwrap();
    assert_eq!(listing.tools.keys().collect::<Vec<_>>(), ["big"]);
    assert!(listing.notes[0].contains("more than 1000 bytes"), "{:?}", listing.notes);

    limits = Limits::default();
    limits.run.text_bytes = 5;
    limits.run.json_bytes = 40;
    let wordy = json!({ "name": "wordy", "description": "1234äö", "inputSchema": {} });
    let wide = json!({ "name": "wide", "inputSchema": { "title": "x".repeat(40) } });
    let listing = listed(&limits, vec![json!({ "tools": [wordy, wide] })]).await.unwrap();
    assert_eq!(listing.tools["wordy"].description, "1234");
    assert!(listing.notes[0].contains("bytes of JSON where 40 are the limit"));
}

#[tokio::test]
async fn a_list_that_never_ends_ends() {
    let mut limits = Limits::default();
    limits.tools.mcp_tools = 5;
    let page = |next: usize| json!({ "tools": [], "nextCursor": next.to_string() });
    let listing = listed(&limits, (0..5).map(page).collect()).await.unwrap();
    assert_eq!(listing.notes.len(), 1);

    let same = || json!({ "tools": [tool("a")], "nextCursor": "same" });
    let problem = listed(&limits, vec![same(), same()]).await.unwrap_err();
    assert!(matches!(problem, Problem::Protocol(_)), "{problem}");
}

#[tokio::test]
async fn an_answer_that_is_no_list_is_told() {
    for (answer, says) in [
        (json!({ "tools": "none" }), "has no `tools`"),
        (json!({ "something": 1 }), "has no `tools`"),
        (json!("text"), "is no object"),
        (json!({}), "not a result of it"),
        (json!({ "content": [] }), "not a result of it"),
    ] {
        let problem = listed(&Limits::default(), vec![answer]).await.unwrap_err();
        assert!(problem.to_string().contains(says), "{problem}: {says}");
    }
}
