//! `generateContent` of Gemini.

use serde_json::{Value, json};

use super::{EVENT_STREAM, Frame, Wire, data, end, finish, model, pieces};
use crate::reply::{Reply, Say, Usage};
use crate::seen::Seen;

pub(super) const WIRE: Wire = Wire { whole, stream, error, unknown, stream_type: EVENT_STREAM };

const STOPS: [&str; 4] = ["STOP", "STOP", "MAX_TOKENS", "SAFETY"];

fn usage(usage: Usage) -> Value {
    json!({
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output,
        "totalTokenCount": usage.input + usage.output,
        "cachedContentTokenCount": usage.cached,
    })
}

fn part(say: &Say, seen: &Seen, index: usize) -> Value {
    match say {
        Say::Text(text) => json!({"text": text}),
        Say::Thinking(text) => json!({"text": text, "thought": true}),
        Say::Call { name, input } => json!({
            "functionCall": {"name": name, "args": input},
            "thoughtSignature": format!("c2lnbmF0dXJl{}{index}", seen.number),
        }),
    }
}

fn answer(reply: &Reply, seen: &Seen, parts: Vec<Value>, last: bool) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if last {
        candidate["finishReason"] = json!(finish(reply, STOPS));
    }
    let mut answer = json!({
        "candidates": [candidate],
        "modelVersion": model(seen),
        "responseId": format!("resp-{}", seen.number),
    });
    if let Some(tokens) = reply.usage {
        // Every chunk counts; only the last one has counted to the end.
        answer["usageMetadata"] =
            usage(Usage { output: if last { tokens.output } else { 1 }, ..tokens });
    }
    answer
}

fn whole(reply: &Reply, seen: &Seen) -> Value {
    let parts = reply.say.iter().enumerate().map(|(index, say)| part(say, seen, index)).collect();
    answer(reply, seen, parts, true)
}

fn stream(reply: &Reply, seen: &Seen) -> Vec<Frame> {
    let mut parts = Vec::new();
    for (index, say) in reply.say.iter().enumerate() {
        match say {
            Say::Text(text) => {
                parts.extend(
                    pieces(text, reply.piece).into_iter().map(|text| json!({"text": text})),
                );
            }
            Say::Thinking(text) => parts.extend(
                pieces(text, reply.piece)
                    .into_iter()
                    .map(|text| json!({"text": text, "thought": true})),
            ),
            Say::Call { .. } => parts.push(part(say, seen, index)),
        }
    }
    let mut frames: Vec<_> =
        parts.into_iter().map(|part| data(&answer(reply, seen, vec![part], false))).collect();
    frames.push(end(data(&answer(reply, seen, vec![json!({"text": ""})], true))));
    frames
}

fn error() -> Frame {
    data(&json!({"error": {
        "code": 503, "message": "The model is overloaded. Please try again later.",
        "status": "UNAVAILABLE",
    }}))
}

fn unknown() -> Vec<Frame> {
    vec![
        data(&json!({"weather": "rain", "candidates": []})),
        Frame { bytes: ": a comment\n\n".into(), end: false },
    ]
}
