//! Messages of Anthropic.

use serde_json::{Value, json};

use super::{EVENT_STREAM, Frame, Wire, end, finish, model, named, pieces};
use crate::reply::{Reply, Say, Usage};
use crate::seen::Seen;

pub(super) const WIRE: Wire = Wire { whole, stream, error, unknown, stream_type: EVENT_STREAM };

const STOPS: [&str; 4] = ["end_turn", "tool_use", "max_tokens", "refusal"];

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached + usage.cache_written),
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    })
}

fn block(say: &Say, seen: &Seen, index: usize) -> Value {
    match say {
        Say::Text(text) => json!({"type": "text", "text": text}),
        Say::Thinking(text) => json!({
            "type": "thinking", "thinking": text, "signature": signature(seen, index),
        }),
        Say::Call { name, input } => json!({
            "type": "tool_use", "id": id(seen, index), "name": name, "input": input,
        }),
    }
}

fn id(seen: &Seen, index: usize) -> String {
    format!("toolu_{}_{index}", seen.number)
}

fn signature(seen: &Seen, index: usize) -> String {
    format!("c2lnbmF0dXJl{}{index}", seen.number)
}

fn whole(reply: &Reply, seen: &Seen) -> Value {
    let content: Vec<_> =
        reply.say.iter().enumerate().map(|(index, say)| block(say, seen, index)).collect();
    let mut message = json!({
        "id": format!("msg_{}", seen.number),
        "type": "message",
        "role": "assistant",
        "model": model(seen),
        "content": content,
        "stop_reason": finish(reply, STOPS),
        "stop_sequence": null,
    });
    if let Some(tokens) = reply.usage {
        message["usage"] = usage(tokens);
    }
    message
}

fn stream(reply: &Reply, seen: &Seen) -> Vec<Frame> {
    let mut message = json!({
        "id": format!("msg_{}", seen.number),
        "type": "message",
        "role": "assistant",
        "model": model(seen),
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
    });
    if let Some(tokens) = reply.usage {
        // The first event knows of the beginning only; the last one has the count.
        message["usage"] = usage(Usage { output: 1, ..tokens });
    }
    let mut frames = vec![
        named("message_start", &json!({"type": "message_start", "message": message})),
        named("ping", &json!({"type": "ping"})),
    ];
    for (index, say) in reply.say.iter().enumerate() {
        let (begin, deltas) = parts(say, reply, seen, index);
        frames.push(named(
            "content_block_start",
            &json!({"type": "content_block_start", "index": index, "content_block": begin}),
        ));
        for delta in deltas {
            frames.push(named(
                "content_block_delta",
                &json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ));
        }
        frames.push(named(
            "content_block_stop",
            &json!({"type": "content_block_stop", "index": index}),
        ));
    }
    let mut delta = json!({
        "type": "message_delta",
        "delta": {"stop_reason": finish(reply, STOPS), "stop_sequence": null},
    });
    if let Some(tokens) = reply.usage {
        delta["usage"] = usage(tokens);
    }
    frames.push(end(named("message_delta", &delta)));
    frames.push(end(named("message_stop", &json!({"type": "message_stop"}))));
    frames
}

fn parts(say: &Say, reply: &Reply, seen: &Seen, index: usize) -> (Value, Vec<Value>) {
    match say {
        Say::Text(text) => (
            json!({"type": "text", "text": ""}),
            pieces(text, reply.piece)
                .into_iter()
                .map(|piece| json!({"type": "text_delta", "text": piece}))
                .collect(),
        ),
        Say::Thinking(text) => {
            let signed = json!({"type": "signature_delta", "signature": signature(seen, index)});
            let deltas = pieces(text, reply.piece)
                .into_iter()
                .map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
            (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                deltas.chain([signed]).collect(),
            )
        }
        Say::Call { name, input } => (
            json!({"type": "tool_use", "id": id(seen, index), "name": name, "input": {}}),
            pieces(&input.to_string(), reply.piece)
                .into_iter()
                .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                .collect(),
        ),
    }
}

fn error() -> Frame {
    named(
        "error",
        &json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    )
}

fn unknown() -> Vec<Frame> {
    vec![
        named("weather", &json!({"type": "weather", "index": 0, "text": "rain"})),
        Frame { bytes: ": a comment\n\n".into(), end: false },
    ]
}
