//! What an agent says in the call of its model that is under way.

use baton_agents::backend::Activity;
use baton_engine::live::Said;

/// Bytes that are kept of it.
const SPEECH_BYTES_MAX: usize = 16 << 10;

/// What an agent has said since it last began to wait for its model, as far as it was heard.
#[derive(Debug, Default)]
pub struct Speech {
    /// What it said and did, in order; untrusted.
    pub parts: Vec<Part>,
    /// Something is missing at the beginning: it was not heard, or is not kept any more.
    pub cut: bool,
    /// Bytes that it had said with the last part.
    heard: u64,
    /// Bytes of the parts.
    bytes: usize,
}

/// A part of what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(String),
    /// Reasoning.
    Thinking(String),
    /// A tool that was called.
    Tool(String),
}

impl Part {
    fn text(&mut self) -> &mut String {
        match self {
            Self::Text(text) | Self::Thinking(text) | Self::Tool(text) => text,
        }
    }
}

impl Speech {
    /// Takes in what an agent does.
    pub(super) fn take(&mut self, said: &Said) {
        let more = match &said.activity {
            Activity::Waiting => {
                *self = Self::default();
                return;
            }
            // A sign of life without words.
            Activity::Text(text) | Activity::Thinking(text) if text.is_empty() => return,
            Activity::Text(text) => Part::Text(text.clone()),
            Activity::Thinking(text) => Part::Thinking(text.clone()),
            Activity::Tool(name) => Part::Tool(name.clone()),
        };
        if said.from != self.heard {
            // What was said between was not heard: the end of it is what counts.
            *self = Self { cut: true, ..Self::default() };
        }
        let bytes = said.activity.text().len();
        let counted = if matches!(more, Part::Tool(_)) { 0 } else { bytes as u64 };
        self.heard = said.from.saturating_add(counted);
        self.bytes += bytes;
        match (self.parts.last_mut(), more) {
            (Some(Part::Text(all)), Part::Text(more))
            | (Some(Part::Thinking(all)), Part::Thinking(more)) => all.push_str(&more),
            (_, more) => self.parts.push(more),
        }
        // Not with every word: the beginning is taken away in large pieces.
        if self.bytes > 2 * SPEECH_BYTES_MAX {
            self.shorten();
        }
    }

    /// Takes away the beginning of what is too much.
    fn shorten(&mut self) {
        let mut over = self.bytes.saturating_sub(SPEECH_BYTES_MAX);
        let mut gone = 0;
        for part in &mut self.parts {
            let text = part.text();
            if text.len() > over {
                let at = text.ceil_char_boundary(over);
                self.bytes -= at;
                text.drain(..at);
                break;
            }
            over -= text.len();
            self.bytes -= text.len();
            gone += 1;
        }
        self.parts.drain(..gone);
        self.cut = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(from: u64, activity: Activity) -> Said {
        Said { task: "1".parse().unwrap_or_default(), after: 1, from, activity }
    }

    fn text(text: &str) -> Activity {
        Activity::Text(text.into())
    }

    #[test]
    fn parts_of_a_kind_become_one() {
        let mut speech = Speech::default();
        for (from, activity) in [
            (0, Activity::Thinking("hm".into())),
            (2, Activity::Thinking(", well".into())),
            (8, text("I ")),
            (10, Activity::Text(String::new())),
            (10, text("look")),
            (14, Activity::Tool("read_file".into())),
            (14, text("It is so.")),
        ] {
            speech.take(&said(from, activity));
        }
        let expected = [
            Part::Thinking("hm, well".into()),
            Part::Text("I look".into()),
            Part::Tool("read_file".into()),
            Part::Text("It is so.".into()),
        ];
        assert_eq!((speech.parts.as_slice(), speech.cut), (&expected[..], false));
        speech.take(&said(0, Activity::Waiting));
        assert!(speech.parts.is_empty());
    }

    #[test]
    fn what_was_not_heard_is_not_skipped_in_silence() {
        let mut speech = Speech::default();
        speech.take(&said(40, text("in the middle")));
        assert_eq!(
            (&speech.parts[..], speech.cut),
            (&[Part::Text("in the middle".into())][..], true)
        );
        speech.take(&said(53, text(" of it")));
        speech.take(&said(90, text("the end")));
        assert_eq!((&speech.parts[..], speech.cut), (&[Part::Text("the end".into())][..], true));
    }

    #[test]
    fn little_is_kept_of_much() {
        let mut speech = Speech::default();
        let (piece, mut from) = ("ü".repeat(500), 0);
        for round in 0..200 {
            let activity = match round % 2 {
                0 => text(&piece),
                _ => Activity::Thinking(piece.clone()),
            };
            speech.take(&said(from, activity));
            from += piece.len() as u64;
            let kept: usize = speech.parts.clone().iter_mut().map(|part| part.text().len()).sum();
            assert_eq!(kept, speech.bytes);
            assert!(kept <= 2 * SPEECH_BYTES_MAX);
        }
        assert!(speech.cut && speech.bytes >= SPEECH_BYTES_MAX);
    }
}
