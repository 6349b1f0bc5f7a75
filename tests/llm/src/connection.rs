//! One connection: which protocol a request speaks, and what else clients ask.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::http::{self, Length, Request};
use crate::play::{self, After};
use crate::seen::{Api, Seen};
use crate::server::Shared;

/// Answers requests until the connection ends.
pub(crate) async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = BytesMut::new();
    while let Ok(Some(request)) = http::read(&mut stream, &mut buffer).await {
        match answer(&mut stream, request, &shared).await {
            Ok(After::Keep) => {}
            _ => return,
        }
    }
}

async fn answer(stream: &mut TcpStream, request: Request, shared: &Shared) -> io::Result<After> {
    let Some(api) = api(&request) else {
        if !request.target.starts_with("/__") {
            shared.probed(&request.method, &request.target, &request.body);
        }
        let (status, body) = aside(&request, shared);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = http::head(status, "application/json", &[], Length::Bytes(body.len()));
        stream.write_all(&head).await?;
        if request.method != "HEAD" {
            stream.write_all(body.as_bytes()).await?;
        }
        return Ok(After::Keep);
    };
    let seen = Seen::read(api, &request.target, request.headers, request.body);
    let answering = shared.begin();
    let (seen, reply) = shared.ask(seen);
    let played = play::play(stream, &reply, &seen).await;
    // An error while writing means that nobody reads any more.
    let after = played.unwrap_or(After::Gone);
    shared.count(after == After::Gone);
    drop(answering);
    Ok(after)
}

/// The protocol of a request for an answer.
fn api(request: &Request) -> Option<Api> {
    if request.method != "POST" {
        return None;
    }
    let path = request.target.split('?').next().unwrap_or_default().trim_end_matches('/');
    let ends = |end: &str| path.ends_with(end);
    if ends("/messages") {
        Some(Api::Anthropic)
    } else if ends("/chat/completions") {
        Some(Api::OpenaiChat)
    } else if ends("/responses") {
        Some(Api::OpenaiResponses)
    } else if ends(":generateContent") || ends(":streamGenerateContent") {
        Some(Api::Gemini)
    } else if ends("/api/chat") {
        Some(Api::Ollama)
    } else {
        None
    }
}

/// What clients ask besides.
fn aside(request: &Request, shared: &Shared) -> (u16, Value) {
    let path = request.target.split('?').next().unwrap_or_default();
    // About four bytes are a token.
    let tokens = request.body.len().div_ceil(4);
    match path {
        "/__log" => (200, shared.log_json()),
        "/__stats" => (200, shared.stats_json()),
        "/api/tags" => (200, json!({"models": [{"name": "fake", "model": "fake"}]})),
        "/api/version" => (200, json!({"version": "0.0.0"})),
        "/api/show" => (200, json!({"details": {}, "model_info": {}, "capabilities": ["tools"]})),
        _ if path.ends_with("/messages/count_tokens") => (200, json!({"input_tokens": tokens})),
        _ if path.ends_with(":countTokens") => (200, json!({"totalTokens": tokens})),
        _ if path.ends_with("/models") && request.target.contains("v1beta") => {
            (200, json!({"models": [{"name": "models/fake", "displayName": "fake"}]}))
        }
        _ if path.ends_with("/models") => (
            200,
            json!({
                "object": "list", "has_more": false,
                "data": [{"id": "fake", "object": "model", "type": "model", "display_name": "fake"}],
            }),
        ),
        _ if request.method == "GET" || request.method == "HEAD" => (200, json!({})),
        _ if request.method == "POST" => (200, json!({})),
        _ => (204, Value::Null),
    }
}
