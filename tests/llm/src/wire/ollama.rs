//! Chat of Ollama.

use serde_json::{Value, json};

use super::{Frame, Wire, calls, end, finish, line, model, pieces, text, thinking};
use crate::reply::{Reply, Say};
use crate::seen::Seen;

pub(super) const WIRE: Wire =
    Wire { whole, stream, error, unknown, stream_type: "application/x-ndjson" };

const STOPS: [&str; 4] = ["stop", "stop", "length", "stop"];

fn message(seen: &Seen, message: Value) -> Value {
    json!({
        "model": model(seen),
        "created_at": "2026-01-01T00:00:00Z",
        "message": message,
        "done": false,
    })
}

fn finished(reply: &Reply, seen: &Seen, content: Value) -> Value {
    let mut last = message(seen, content);
    last["done"] = json!(true);
    last["done_reason"] = json!(finish(reply, STOPS));
    last["total_duration"] = json!(1_000_000);
    if let Some(tokens) = reply.usage {
        last["prompt_eval_count"] = json!(tokens.input);
        last["prompt_eval_cached_count"] = json!(tokens.cached);
        last["eval_count"] = json!(tokens.output);
    }
    last
}

fn tool_calls(reply: &Reply, seen: &Seen) -> Value {
    calls(reply, seen)
        .into_iter()
        .map(|(id, name, input)| json!({"id": id, "function": {"name": name, "arguments": input}}))
        .collect()
}

fn whole(reply: &Reply, seen: &Seen) -> Value {
    let mut content = json!({"role": "assistant", "content": text(reply)});
    let thinking = thinking(reply);
    if !thinking.is_empty() {
        content["thinking"] = json!(thinking);
    }
    if reply.calls() {
        content["tool_calls"] = tool_calls(reply, seen);
    }
    finished(reply, seen, content)
}

fn stream(reply: &Reply, seen: &Seen) -> Vec<Frame> {
    let mut lines = Vec::new();
    for say in &reply.say {
        let name = match say {
            Say::Text(_) => "content",
            Say::Thinking(_) => "thinking",
            Say::Call { .. } => continue,
        };
        let (Say::Text(text) | Say::Thinking(text)) = say else { continue };
        for piece in pieces(text, reply.piece) {
            let mut content = json!({"role": "assistant", "content": ""});
            content[name] = json!(piece);
            lines.push(line(&message(seen, content)));
        }
    }
    if reply.calls() {
        let content =
            json!({"role": "assistant", "content": "", "tool_calls": tool_calls(reply, seen)});
        lines.push(line(&message(seen, content)));
    }
    let last = finished(reply, seen, json!({"role": "assistant", "content": ""}));
    lines.push(end(line(&last)));
    lines
}

fn error() -> Frame {
    line(&json!({"error": "an error was encountered while running the model"}))
}

fn unknown() -> Vec<Frame> {
    vec![line(&json!({"weather": "rain", "done": false}))]
}
