//! The server, as a client of five protocols sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod faults;
mod protocols;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::*;

/// An answer as it came over the wire.
struct Got {
    head: String,
    /// Without what HTTP says of chunks.
    body: Vec<u8>,
    /// The body came to the end that HTTP promised.
    whole: bool,
}

impl Got {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// Sends a request on a connection of its own and reads until the other side closes.
async fn post(server: &FakeLlm, path: &str, body: &Value) -> Got {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nX-Key: k\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // There is no other request: what follows the answer is the end.
    stream.shutdown().await.unwrap();
    read(stream).await
}

async fn read(mut stream: TcpStream) -> Got {
    let mut all = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut all).await;
    let at = all.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(all.len());
    let head = String::from_utf8_lossy(&all[..at]).into_owned();
    let rest = all.get(at + 4..).unwrap_or_default();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => {
            Got { whole: rest.len() == length.parse::<usize>().unwrap(), body: rest.to_vec(), head }
        }
        None => {
            let (body, whole) = unchunked(rest);
            Got { head, body, whole }
        }
    }
}

fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        let end = rest.len().min(at + 2 + size);
        body.extend_from_slice(&rest[at + 2..end]);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    (body, false)
}

/// Path and body of a question in a protocol.
fn question(api: Api, streamed: bool, text: &str) -> (&'static str, Value) {
    match api {
        Api::Anthropic => (
            "/v1/messages?beta=true",
            json!({
                "model": "m-1", "stream": streamed, "max_tokens": 9,
                "system": [{"type": "text", "text": "be kind"}],
                "tools": [{"name": "look", "input_schema": {}}],
                "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
            }),
        ),
        Api::OpenaiChat => (
            "/v1/chat/completions",
            json!({
                "model": "m-1", "stream": streamed,
                "tools": [{"type": "function", "function": {"name": "look"}}],
                "messages": [
                    {"role": "developer", "content": "be kind"},
                    {"role": "user", "content": text},
                ],
            }),
        ),
        Api::OpenaiResponses => (
            "/responses",
            json!({
                "model": "m-1", "stream": streamed, "instructions": "be kind",
                "tools": [{"type": "function", "name": "look"}],
                "input": [{"type": "message", "role": "user",
                           "content": [{"type": "input_text", "text": text}]}],
            }),
        ),
        Api::Gemini => (
            if streamed {
                "/v1beta/models/m-1:streamGenerateContent?alt=sse"
            } else {
                "/v1/models/m-1:generateContent"
            },
            json!({
                "systemInstruction": {"parts": [{"text": "be kind"}]},
                "tools": [{"functionDeclarations": [{"name": "look"}]}],
                "contents": [{"role": "user", "parts": [{"text": text}]}],
            }),
        ),
        Api::Ollama => (
            "/api/chat",
            json!({
                "model": "m-1", "stream": streamed,
                "tools": [{"type": "function", "function": {"name": "look"}}],
                "messages": [
                    {"role": "system", "content": "be kind"},
                    {"role": "user", "content": text},
                ],
            }),
        ),
    }
}

async fn ask(server: &FakeLlm, api: Api, streamed: bool) -> Got {
    let (path, body) = question(api, streamed, "what is it?");
    post(server, path, &body).await
}
