//! Responses of `OpenAI`.

use serde_json::{Value, json};

use super::{EVENT_STREAM, Frame, Wire, end, model, named, pieces};
use crate::reply::{Finish, Reply, Say, Usage};
use crate::seen::Seen;

pub(super) const WIRE: Wire = Wire { whole, stream, error, unknown, stream_type: EVENT_STREAM };

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.input + usage.output,
    })
}

fn item(say: &Say, seen: &Seen, index: usize) -> Value {
    let number = seen.number;
    match say {
        Say::Text(text) => json!({
            "id": format!("msg_{number}_{index}"), "type": "message", "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }),
        Say::Thinking(text) => json!({
            "id": format!("rs_{number}_{index}"), "type": "reasoning",
            "summary": [{"type": "summary_text", "text": text}],
        }),
        Say::Call { name, input } => json!({
            "id": format!("fc_{number}_{index}"), "type": "function_call", "status": "completed",
            "call_id": format!("call_{number}_{index}"), "name": name,
            "arguments": input.to_string(),
        }),
    }
}

fn response(reply: &Reply, seen: &Seen, status: &str, output: &[Value]) -> Value {
    json!({
        "id": format!("resp_{}", seen.number),
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": null,
        "incomplete_details": match reply.finish {
            Finish::Length if status == "incomplete" => json!({"reason": "max_output_tokens"}),
            Finish::Refused if status == "incomplete" => json!({"reason": "content_filter"}),
            _ => Value::Null,
        },
        "model": model(seen),
        "output": output,
        "parallel_tool_calls": true,
        "tool_choice": "auto",
        "tools": [],
        "usage": null,
    })
}

fn whole(reply: &Reply, seen: &Seen) -> Value {
    let output: Vec<_> =
        reply.say.iter().enumerate().map(|(index, say)| item(say, seen, index)).collect();
    let status = if reply.finish == Finish::Fitting { "completed" } else { "incomplete" };
    let mut answer = response(reply, seen, status, &output);
    if let Some(tokens) = reply.usage {
        answer["usage"] = usage(tokens);
    }
    answer
}

fn stream(reply: &Reply, seen: &Seen) -> Vec<Frame> {
    let mut events = Vec::new();
    let begun = response(reply, seen, "in_progress", &[]);
    events.push(json!({"type": "response.created", "response": begun}));
    events.push(json!({"type": "response.in_progress", "response": begun}));
    for (index, say) in reply.say.iter().enumerate() {
        item_events(&mut events, say, reply, seen, index);
    }
    let kind = match reply.finish {
        Finish::Fitting => "response.completed",
        _ => "response.incomplete",
    };
    events.push(json!({"type": kind, "response": whole(reply, seen)}));
    let last = events.len() - 1;
    events
        .into_iter()
        .enumerate()
        .map(|(number, mut event)| {
            event["sequence_number"] = json!(number);
            let frame = named(event["type"].as_str().unwrap_or_default(), &event);
            if number == last { end(frame) } else { frame }
        })
        .collect()
}

fn item_events(events: &mut Vec<Value>, say: &Say, reply: &Reply, seen: &Seen, index: usize) {
    let done = item(say, seen, index);
    let id = done["id"].clone();
    let mut added = done.clone();
    match say {
        Say::Text(_) => {
            added["status"] = json!("in_progress");
            added["content"] = json!([]);
        }
        Say::Thinking(_) => added["summary"] = json!([]),
        Say::Call { .. } => {
            added["status"] = json!("in_progress");
            added["arguments"] = json!("");
        }
    }
    events
        .push(json!({"type": "response.output_item.added", "output_index": index, "item": added}));
    let place = |kind: &str, at: &str| {
        let mut event = json!({"type": kind, "item_id": id, "output_index": index});
        if !at.is_empty() {
            event[at] = json!(0);
        }
        event
    };
    let with = |mut event: Value, name: &str, value: Value| {
        event[name] = value;
        event
    };
    match say {
        Say::Text(text) => {
            let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
            let at = "content_index";
            events.push(with(place("response.content_part.added", at), "part", part("")));
            for piece in pieces(text, reply.piece) {
                events.push(with(place("response.output_text.delta", at), "delta", json!(piece)));
            }
            events.push(with(place("response.output_text.done", at), "text", json!(text)));
            events.push(with(place("response.content_part.done", at), "part", part(text)));
        }
        Say::Thinking(text) => {
            let part = |text: &str| json!({"type": "summary_text", "text": text});
            let kind = |end: &str| format!("response.reasoning_summary_{end}");
            let at = "summary_index";
            events.push(with(place(&kind("part.added"), at), "part", part("")));
            for piece in pieces(text, reply.piece) {
                events.push(with(place(&kind("text.delta"), at), "delta", json!(piece)));
            }
            events.push(with(place(&kind("text.done"), at), "text", json!(text)));
            events.push(with(place(&kind("part.done"), at), "part", part(text)));
        }
        Say::Call { input, .. } => {
            let kind = |end: &str| format!("response.function_call_arguments.{end}");
            for piece in pieces(&input.to_string(), reply.piece) {
                events.push(with(place(&kind("delta"), ""), "delta", json!(piece)));
            }
            events.push(with(place(&kind("done"), ""), "arguments", json!(input.to_string())));
        }
    }
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": done}));
}

fn error() -> Frame {
    named(
        "error",
        &json!({
            "type": "error", "code": "server_error", "param": null, "sequence_number": 9_999,
            "message": "The server had an error while processing your request.",
        }),
    )
}

fn unknown() -> Vec<Frame> {
    vec![
        named("response.weather", &json!({"type": "response.weather", "weather": "rain"})),
        Frame { bytes: ": a comment\n\n".into(), end: false },
    ]
}
