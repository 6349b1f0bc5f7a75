//! An estimate of how many tokens a request is.
//!
//! Exact counts differ between providers and models. What is reserved before a call must not be
//! less than what the call costs, so the estimate is on the high side: common English text has four
//! bytes a token and more, code about three, and newer tokenizers make up to a third more of both.

use crate::message::{Message, ModelRequest, Part};

/// Tokens around a message, a result or a call: roles, ids, marks.
const AROUND: u64 = 12;

/// Tokens that providers put in front of requests with tools.
const TOOLS: u64 = 500;

/// Tokens of a text: one for every two and a half bytes of ASCII, one to three for a character
/// beyond it, by how finely its script is split. Runs of blanks count like any other text.
#[must_use]
pub fn of_text(text: &str) -> u64 {
    // In tenths of a token.
    let tenths: u64 = text
        .chars()
        .map(|char| match u32::from(char) {
            0..0x80 => 4,
            0x80..0x530 => 10,
            0x530..0x2000 => 20,
            0x2000..0x1_0000 => 15,
            _ => 30,
        })
        .sum();
    tenths.div_ceil(10)
}

/// Tokens that a provider will count for a request, at the most for common texts. Counts the system
/// prompt, tools with their schemas, and the conversation with its calls, results and reasoning.
#[must_use]
pub fn estimate(request: &ModelRequest) -> u64 {
    let tools: u64 = request
        .tools
        .iter()
        .map(|tool| {
            AROUND + of_text(&tool.name) + of_text(&tool.description) + of_text(tool.input.as_str())
        })
        .sum();
    let tools = if request.tools.is_empty() { 0 } else { tools + TOOLS };
    let messages: u64 = request.messages.iter().map(of_message).sum();
    AROUND + of_text(&request.system) + tools + messages
}

fn of_message(message: &Message) -> u64 {
    match message {
        Message::User(text) => AROUND + of_text(text),
        Message::Assistant(parts) => AROUND + parts.iter().map(of_part).sum::<u64>(),
        Message::Tools(results) => results
            .iter()
            .map(|result| {
                AROUND + of_text(&result.id) + of_text(&result.name) + of_text(&result.content)
            })
            .sum(),
    }
}

fn of_part(part: &Part) -> u64 {
    match part {
        Part::Text { text } => of_text(text),
        // What a signature stands for is reasoning that was not shown, of about its length.
        Part::Thinking { text, signature } => {
            of_text(text) + signature.as_deref().map_or(0, of_text)
        }
        Part::ToolCall { id, name, input } => {
            AROUND + of_text(id) + of_text(name) + of_text(input.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_core::json::Json;

    use super::*;
    use crate::message::{ToolOffer, ToolResult};

    #[test]
    fn scripts_are_split_unequally() {
        // The text, and a number of tokens that it does not exceed in practice.
        let cases = [
            ("", 0),
            ("a", 1),
            ("The quick brown fox jumps over the lazy dog.", 18),
            ("fn main() { println!(\"{}\", 1 + 2); }", 15),
            ("Straße", 3),
            ("Москва", 6),
            ("नमस्ते", 12),
            ("日本語", 5),
            ("🦀🦀", 6),
        ];
        for (text, tokens) in cases {
            assert_eq!(of_text(text), tokens, "{text}");
        }
    }

    #[test]
    fn everything_that_is_sent_counts() {
        let text = "x".repeat(500);
        let json = Json::of(&text).unwrap();
        let empty = estimate(&ModelRequest::default());
        let with = |request: ModelRequest| estimate(&request) - empty;
        let message = |message| ModelRequest { messages: vec![message], ..ModelRequest::default() };
        let result =
            ToolResult { id: "1".into(), name: "n".into(), content: text.clone(), failed: false };
        let call = Part::ToolCall { id: "1".into(), name: "n".into(), input: json.clone() };
        let thought = Part::Thinking { text: String::new(), signature: Some(text.clone()) };
        let tool = ToolOffer { name: "n".into(), description: String::new(), input: json };
        let requests = [
            ModelRequest { system: text.clone(), ..ModelRequest::default() },
            ModelRequest { tools: vec![tool], ..ModelRequest::default() },
            message(Message::User(text.clone())),
            message(Message::Assistant(vec![Part::Text { text }])),
            message(Message::Assistant(vec![thought])),
            message(Message::Assistant(vec![call])),
            message(Message::Tools(vec![result])),
        ];
        for request in requests {
            assert!(with(request.clone()) >= 200, "{request:?}");
        }
    }
}
