//! Chat completions of `OpenAI`.

use serde_json::{Value, json};

use super::{EVENT_STREAM, Frame, Wire, calls, data, end, finish, model, pieces, text, thinking};
use crate::reply::{Reply, Usage};
use crate::seen::Seen;

pub(super) const WIRE: Wire = Wire { whole, stream, error, unknown, stream_type: EVENT_STREAM };

const STOPS: [&str; 4] = ["stop", "tool_calls", "length", "content_filter"];

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": 0},
    })
}

fn whole(reply: &Reply, seen: &Seen) -> Value {
    let text = text(reply);
    let mut message = json!({
        "role": "assistant",
        "content": if text.is_empty() { Value::Null } else { json!(text) },
    });
    let thinking = thinking(reply);
    if !thinking.is_empty() {
        message["reasoning_content"] = json!(thinking);
    }
    if reply.calls() {
        let calls = calls(reply, seen).into_iter().map(|(id, name, input)| {
            json!({
                "id": id, "type": "function",
                "function": {"name": name, "arguments": input.to_string()},
            })
        });
        message["tool_calls"] = calls.collect();
    }
    let mut answer = json!({
        "id": format!("chatcmpl-{}", seen.number),
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model(seen),
        "choices": [{"index": 0, "message": message, "finish_reason": finish(reply, STOPS)}],
    });
    if let Some(tokens) = reply.usage {
        answer["usage"] = usage(tokens);
    }
    answer
}

fn stream(reply: &Reply, seen: &Seen) -> Vec<Frame> {
    let chunk = |choices: Value| {
        json!({
            "id": format!("chatcmpl-{}", seen.number),
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": model(seen),
            "choices": choices,
        })
    };
    let delta =
        |delta: Value| data(&chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}])));
    let mut frames = vec![delta(json!({"role": "assistant", "content": ""}))];
    let (reasoning, said) = (thinking(reply), text(reply));
    if !reasoning.is_empty() {
        frames.extend(
            pieces(&reasoning, reply.piece)
                .into_iter()
                .map(|piece| delta(json!({"reasoning_content": piece}))),
        );
    }
    if !said.is_empty() {
        frames.extend(
            pieces(&said, reply.piece).into_iter().map(|piece| delta(json!({"content": piece}))),
        );
    }
    for (index, (id, name, input)) in calls(reply, seen).into_iter().enumerate() {
        frames.push(delta(json!({"tool_calls": [{
            "index": index, "id": id, "type": "function",
            "function": {"name": name, "arguments": ""},
        }]})));
        frames.extend(pieces(&input.to_string(), reply.piece).into_iter().map(|piece| {
            delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
        }));
    }
    let reason = finish(reply, STOPS);
    frames.push(end(data(&chunk(json!([{"index": 0, "delta": {}, "finish_reason": reason}])))));
    if let Some(tokens) = reply.usage {
        let mut last = chunk(json!([]));
        last["usage"] = usage(tokens);
        frames.push(end(data(&last)));
    }
    frames.push(Frame { bytes: "data: [DONE]\n\n".into(), end: true });
    frames
}

fn error() -> Frame {
    data(&json!({"error": {
        "message": "The server had an error while processing your request.",
        "type": "server_error", "param": null, "code": null,
    }}))
}

fn unknown() -> Vec<Frame> {
    vec![
        data(&json!({"object": "chat.completion.weather", "choices": [], "weather": "rain"})),
        Frame { bytes: ": a comment\n\n".into(), end: false },
    ]
}
