//! Ids of calls.

use std::collections::BTreeSet;

use baton_core::model::Api;

use crate::message::{Message, ModelRequest, Part};

/// Gives calls ids that are their own within the conversation, and the same in every repetition.
pub(crate) struct Ids {
    api: Api,
    used: BTreeSet<String>,
    next: usize,
}

impl Ids {
    /// Ids for an answer to a request.
    pub(crate) fn of(api: Api, request: &ModelRequest) -> Self {
        let answers = request.messages.iter().filter_map(|message| match message {
            Message::Assistant(parts) => Some(parts),
            _ => None,
        });
        let used: BTreeSet<String> = answers
            .flatten()
            .filter_map(|part| match part {
                Part::ToolCall { id, .. } => Some(id.clone()),
                _ => None,
            })
            .collect();
        Self { api, next: used.len(), used }
    }

    /// The id of a call that came with one.
    pub(crate) fn give(&mut self, given: String, name: &str) -> String {
        // Ids that the library makes up: counted anew in every answer, or random.
        let made_up = match self.api {
            Api::Gemini => given.starts_with("call#"),
            Api::Ollama => true,
            _ => given.is_empty(),
        };
        let mut id = given;
        if made_up || self.used.contains(&id) {
            loop {
                let number = self.next;
                self.next += 1;
                // The library keeps ids of this form from Gemini, which did not give them.
                id = match self.api {
                    Api::Gemini => format!("call#{name}#{number}"),
                    _ => format!("call_{number}"),
                };
                if !self.used.contains(&id) {
                    break;
                }
            }
        }
        self.used.insert(id.clone());
        id
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_core::json::Json;

    use super::*;

    #[test]
    fn ids_are_unique_and_the_same_every_time() {
        let call = |id: &str| Part::ToolCall {
            id: id.to_owned(),
            name: "n".to_owned(),
            input: Json::null(),
        };
        let messages = vec![Message::Assistant(vec![call("old"), call("older")])];
        let request = ModelRequest { messages, ..ModelRequest::default() };
        let cases = [
            (Api::Gemini, "call#n#0", "call#n#0", ["call#n#2", "call#n#3"]),
            (Api::Gemini, "given", "given", ["given", "call#n#2"]),
            (Api::Ollama, "call_8a21", "call_c3d4", ["call_2", "call_3"]),
            (Api::OpenaiChat, "x", "y", ["x", "y"]),
            (Api::OpenaiChat, "x", "x", ["x", "call_2"]),
            (Api::OpenaiChat, "", "old", ["call_2", "call_3"]),
        ];
        for (api, first, second, expected) in cases {
            let mut ids = Ids::of(api, &request);
            let given = [ids.give(first.to_owned(), "n"), ids.give(second.to_owned(), "n")];
            assert_eq!(given, expected, "{api:?}");
        }
    }
}
