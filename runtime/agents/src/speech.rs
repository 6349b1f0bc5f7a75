//! What an agent says while it says it, without secrets wherever it is cut into pieces.

use crate::backend::{Activity, InPieces, Redact};

/// What is being said.
pub(crate) struct Speech {
    redact: Redact,
    /// What is said right now, and what takes secrets out of it.
    now: Option<(Kind, InPieces)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
}

impl Kind {
    fn of(self, text: String) -> Option<Activity> {
        if text.is_empty() {
            return None;
        }
        Some(match self {
            Self::Text => Activity::Text(text),
            Self::Thinking => Activity::Thinking(text),
        })
    }
}

impl Speech {
    pub(crate) fn new(redact: &Redact) -> Self {
        Self { redact: redact.clone(), now: None }
    }

    /// Takes what an agent does, and brings what can be told of it by now, in order.
    pub(crate) fn say(&mut self, activity: Activity) -> Vec<Activity> {
        let (kind, text) = match activity {
            Activity::Text(text) => (Kind::Text, text),
            Activity::Thinking(text) => (Kind::Thinking, text),
            Activity::Tool(name) => {
                let tool = Activity::Tool(self.redact.text(&name));
                return self.end().into_iter().chain([tool]).collect();
            }
            Activity::Waiting => return self.end().into_iter().chain([activity]).collect(),
        };
        let before = match &self.now {
            Some((now, _)) if *now == kind => None,
            _ => self.end(),
        };
        let redact = &self.redact;
        let (_, pieces) = self.now.get_or_insert_with(|| (kind, redact.begin()));
        before.into_iter().chain(kind.of(pieces(Some(&text)))).collect()
    }

    /// The rest of what was said last.
    pub(crate) fn end(&mut self) -> Option<Activity> {
        let (kind, mut pieces) = self.now.take()?;
        kind.of(pieces(None))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use baton_host::tool::http::Redaction;

    use super::*;

    fn speech() -> Speech {
        let redaction = Arc::new(Redaction::new([("hunter2-hunter2", "[it]")]).unwrap());
        let whole = Arc::clone(&redaction);
        let redact = Redact::new(move |text| whole.text(text).into_owned()).in_pieces(move || {
            let mut stream = redaction.stream();
            Box::new(move |piece| {
                let clean = match piece {
                    Some(piece) => stream.push(piece.as_bytes()),
                    None => stream.end(),
                };
                String::from_utf8(clean).unwrap()
            })
        });
        Speech::new(&redact)
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_is_cut() {
        let said = "the key is hunter2-hunter2, ünd hunter2 is none";
        for size in 1..said.len() {
            let mut speech = speech();
            let mut told = String::new();
            let chars: Vec<char> = said.chars().collect();
            let pieces = chars.chunks(size).map(|piece| piece.iter().collect());
            let mut all: Vec<Activity> =
                pieces.flat_map(|piece| speech.say(Activity::Text(piece))).collect();
            all.extend(speech.end());
            for one in all {
                let Activity::Text(text) = one else { unreachable!("only text was said") };
                assert!(!text.is_empty());
                told.push_str(&text);
            }
            assert_eq!(told, "the key is [it], ünd hunter2 is none", "cut at {size}");
        }
    }

    #[test]
    fn the_rest_is_told_before_anything_else() {
        let text = |text: &str| Activity::Text(text.into());
        let mut speech = speech();
        assert_eq!(speech.say(text("a hunt")), [text("a ")]);
        let thinks = Activity::Thinking("hm".into());
        assert_eq!(speech.say(thinks.clone()), [text("hunt"), thinks]);
        assert_eq!(speech.say(text("hunter2-hunter2")), [text("[it]")]);
        assert_eq!(speech.say(text("h")), []);
        let tool = Activity::Tool("look hunter2-hunter2".into());
        assert_eq!(speech.say(tool), [text("h"), Activity::Tool("look [it]".into())]);
        assert_eq!(speech.say(Activity::Waiting), [Activity::Waiting]);
        assert_eq!(speech.end(), None);
    }
}
