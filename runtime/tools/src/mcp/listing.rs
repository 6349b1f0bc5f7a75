//! The tools of a server as a run knows them.

use std::collections::BTreeMap;

use baton_agents::schema::Schema;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::Authority;
use baton_core::tool::{Provider, ToolDefinition};
use rmcp::model::{ClientRequest, ListToolsRequest, PaginatedRequestParams, ServerResult, Tool};
use serde_json::Value;

use super::connection::Connection;
use super::error::Problem;

/// Characters of the name of a tool.
const NAME_CHARS_MAX: usize = 64;

/// The tools of a server, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The tools by their own names.
    pub tools: BTreeMap<String, ToolDefinition>,
    /// For people: which tools were left out, and why.
    pub notes: Vec<String>,
}

/// Asks for all tools, page by page.
pub(super) async fn list(
    connection: &Connection,
    server: &str,
    limits: &Limits,
) -> Result<Listing, Problem> {
    let mut listing = Listing::default();
    let (mut bytes, mut cursor) = (0_u64, None::<String>);
    // A page without tools counts as one, so that a list of such pages ends too.
    let mut left = limits.tools.mcp_tools;
    loop {
        let page = page(connection, cursor.clone()).await?;
        left = left.saturating_sub(u64::from(page.tools.is_empty()));
        for tool in page.tools {
            if left == 0 {
                break;
            }
            left -= 1;
            bytes = bytes.saturating_add(tool.to_string().len() as u64);
            if bytes > limits.tools.mcp_message_bytes {
                let max = limits.tools.mcp_message_bytes;
                listing.notes.push(format!(
                    "`{server}`: its tools together have more than {max} bytes; the rest is left out"
                ));
                return Ok(listing);
            }
            if let Err(note) = add(&mut listing, server, tool, limits).await {
                listing.notes.push(note);
            }
        }
        match page.next {
            None => return Ok(listing),
            Some(next) if cursor.as_ref() == Some(&next) => {
                return Err(Problem::Protocol("a page of its tools leads to itself".into()));
            }
            Some(_) if left == 0 => {
                let max = limits.tools.mcp_tools;
                listing.notes.push(format!(
                    "`{server}`: it has more than {max} tools; the rest is left out"
                ));
                return Ok(listing);
            }
            Some(next) => cursor = Some(next),
        }
    }
}

/// One page of a list, its tools as they were sent.
struct Page {
    tools: Vec<Value>,
    /// Where the next page begins, if there is one.
    next: Option<String>,
}

async fn page(connection: &Connection, cursor: Option<String>) -> Result<Page, Problem> {
    let params = PaginatedRequestParams::default().with_cursor(cursor);
    let request = ListToolsRequest { params: Some(params), ..ListToolsRequest::default() };
    let wrong = |why: &str| Err(Problem::Protocol(format!("its answer to `tools/list` {why}")));
    let answer = match connection.ask(ClientRequest::ListToolsRequest(request)).await? {
        ServerResult::ListToolsResult(list) => {
            let tools = list.tools.iter().filter_map(|tool| serde_json::to_value(tool).ok());
            return Ok(Page { tools: tools.collect(), next: list.next_cursor });
        }
        // One tool that the library cannot read must not take the others with it.
        ServerResult::CustomResult(answer) => answer.0,
        _ => return wrong("is not a result of it"),
    };
    let Value::Object(mut answer) = answer else { return wrong("is no object") };
    let next = answer.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
    match answer.remove("tools") {
        Some(Value::Array(tools)) => Ok(Page { tools, next }),
        _ => wrong("has no `tools`"),
    }
}

/// Takes a tool over. The error says why it is left out.
async fn add(
    listing: &mut Listing,
    server: &str,
    tool: Value,
    limits: &Limits,
) -> Result<(), String> {
    let said = tool.get("name").and_then(Value::as_str).unwrap_or_default();
    let said: String = said.chars().take(NAME_CHARS_MAX + 1).collect();
    let left_out = |why: &str| format!("`{server}/{}` is left out: {why}", said.escape_debug());
    if !is_name(&said) {
        return Err(left_out("a name has 1 to 64 of the characters `A-Z a-z 0-9 _ . -`"));
    }
    if listing.tools.contains_key(&said) {
        return Err(left_out("there is another of this name"));
    }
    let tool: Tool = serde_json::from_value(tool).map_err(|error| left_out(&error.to_string()))?;
    let input = schema(Value::Object((*tool.input_schema).clone()), limits).await;
    let input = input.map_err(|why| left_out(&format!("its input schema: {why}")))?;
    let output = match &tool.output_schema {
        None => None,
        Some(output) => {
            let output = schema(Value::Object((**output).clone()), limits).await;
            Some(output.map_err(|why| left_out(&format!("its output schema: {why}")))?)
        }
    };
    let description = tool.description.map(|text| text.into_owned()).or(tool.title);
    let definition = ToolDefinition {
        description: cut(description.unwrap_or_default(), limits.run.text_bytes),
        input: Some(input),
        output,
        provider: Provider::Mcp(server.to_owned()),
        authority: Authority::default(),
        effect: None,
        idempotency_key: None,
        timeout_ms: None,
    };
    listing.tools.insert(said, definition);
    Ok(())
}

/// Whether a name can be part of the full name of a tool.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

/// A schema that fits the limits and compiles.
async fn schema(schema: Value, limits: &Limits) -> Result<Json, String> {
    let text = schema.to_string();
    let json = Json::parse(&text, limits.run.json_bytes, limits.run.json_depth)
        .map_err(|error| error.to_string())?;
    Schema::compile(&json).await.map_err(|failure| failure.message)?;
    Ok(json)
}

/// The text, cut to so many bytes between two characters.
pub(super) fn cut(mut text: String, bytes_max: u64) -> String {
    let max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    text.truncate(text.floor_char_boundary(max));
    text
}
