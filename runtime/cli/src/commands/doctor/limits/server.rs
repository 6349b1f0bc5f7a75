//! What guests meet limits with that are about others: a model, a site and a server of tools in one, on
//! loopback. It answers any request by its path and its words, and keeps nothing.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Bytes of a request at the most: whoever asks is a process of ours.
const REQUEST_BYTES_MAX: u64 = 4 << 20;
/// How long it says nothing where it is to say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// Bytes of what is too long.
const LONG: usize = 5_000;
/// Lines of an answer that is too long altogether.
const MANY: usize = 200;
/// How instructions of the project begin and end, to know how much of them was given.
pub const GUIDANCE: (&str, &str) = ("GUIDE", "END OF GUIDE");

/// Starts one that serves for as long as this process lives. Its port.
///
/// # Errors
/// When the system gives no port.
pub fn start() -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    thread::Builder::new().name("limits-server".into()).spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who hangs up early has met its limit.
            thread::spawn(move || {
                let _ = serve(&stream);
            });
        }
    })?;
    Ok(port)
}

fn serve(stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.take(REQUEST_BYTES_MAX));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut size = 0_u64;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            size = text.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(size).read_to_end(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, more, text) = match path {
        "/long" => ("200 OK", String::new(), "x".repeat(LONG)),
        "/short" => ("200 OK", String::new(), "short".into()),
        "/head" => ("200 OK", format!("x-long: {}\r\n", "y".repeat(LONG)), "head".into()),
        "/away" => ("302 Found", "location: /short\r\n".into(), String::new()),
        "/silent" => {
            thread::sleep(SILENCE);
            return Ok(());
        }
        "/mcp" => match tools(&asked) {
            Some(answer) => ("200 OK", JSON.into(), answer.to_string()),
            None => ("202 Accepted", String::new(), String::new()),
        },
        _ => match model(&asked) {
            Some(answer) => ("200 OK", LINES.into(), answer),
            None => {
                thread::sleep(SILENCE);
                return Ok(());
            }
        },
    };
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", text.len());
    let mut stream = stream;
    stream.write_all(format!("{head}{more}\r\n{text}").as_bytes())
}

const JSON: &str = "content-type: application/json\r\n";
const LINES: &str = "content-type: application/x-ndjson\r\n";

/// The answer of a server of the Model Context Protocol; none: nothing was asked.
fn tools(asked: &Value) -> Option<Value> {
    let id = asked.get("id")?;
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    let result = match text(&asked["method"]).as_str() {
        "initialize" => json!({
            "protocolVersion": asked["params"]["protocolVersion"],
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "limits", "version": "1" },
        }),
        "tools/list" => {
            let tool = |name| json!({ "name": name, "inputSchema": { "type": "object" } });
            let tools = ["one", "two", "three"].map(tool);
            json!({ "tools": tools })
        }
        _ => json!({ "content": [{ "type": "text", "text": "x".repeat(LONG) }] }),
    };
    Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

/// What a model says, as chat of Ollama; none: nothing at all.
fn model(asked: &Value) -> Option<String> {
    let said = |role: &str| -> Vec<&str> {
        let all = asked["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let by = all.iter().filter(|one| one["role"] == role);
        by.filter_map(|one| one["content"].as_str()).collect()
    };
    let (prompt, results, system) = (said("user").concat(), said("tool"), said("system").concat());
    let line = |message: Value| format!("{}\n", json!({ "message": message, "done": false }));
    let text = |text: &str| line(json!({ "role": "assistant", "content": text }));
    let calls = |count: usize| {
        let call = json!({ "function": { "name": "read_file", "arguments": { "path": "1.txt" } } });
        let calls = vec![call; count];
        line(json!({ "role": "assistant", "content": "", "tool_calls": calls }))
    };
    let is = |word: &str| prompt.contains(word);
    let answer = match results.last() {
        _ if is("be silent") => return None,
        None if is("read twice") => calls(2),
        None if is("read once") => calls(1),
        Some(result) if result.contains("of text") => text("read whole"),
        Some(_) => text("read in part"),
        None if is("say something long") => text(&"z".repeat(LONG)),
        None if is("say much") => text("zz").repeat(MANY),
        None if is("how many") => text(&format!("as many as {}", asked["options"]["num_predict"])),
        None if system.contains(GUIDANCE.1) => text("guided whole"),
        None if system.contains(GUIDANCE.0) => text("guided in part"),
        None => text("not guided"),
    };
    let end = json!({
        "message": { "role": "assistant", "content": "" },
        "done": true,
        "done_reason": "stop",
        "prompt_eval_count": 5,
        "eval_count": 5,
    });
    Some(format!("{answer}{end}\n"))
}
