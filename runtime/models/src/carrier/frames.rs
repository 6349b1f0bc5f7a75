//! Cuts the bytes of an answer into events, within limits.

/// How events are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Server-sent events.
    Events,
    /// A JSON value on every line.
    Lines,
}

/// An event: its name, if it has one, and its data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub name: Option<String>,
    pub data: String,
}

/// Why bytes are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    /// The answer is larger than its limit.
    Answer,
    /// An event is larger than its limit.
    Event,
    /// An event is not UTF-8.
    Utf8,
}

/// Takes bytes as they come and gives the events that are whole. Keeps what is not, and no more of
/// it than the limit of an event. Every byte is looked at once, however it is cut.
#[derive(Debug)]
pub(super) struct Frames {
    framing: Framing,
    answer_left: usize,
    event_max: usize,
    line: Vec<u8>,
    event: Vec<u8>,
    name: Option<String>,
    /// The last byte was a carriage return: a line feed after it belongs to it.
    returned: bool,
    any: bool,
}

impl Frames {
    pub(super) fn new(framing: Framing, answer_max: usize, event_max: usize) -> Self {
        Self {
            framing,
            answer_left: answer_max,
            event_max,
            line: Vec::new(),
            event: Vec::new(),
            name: None,
            returned: false,
            any: false,
        }
    }

    /// The events that the bytes complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        self.answer_left = self.answer_left.checked_sub(bytes.len()).ok_or(FrameError::Answer)?;
        let mut frames = Vec::new();
        for &byte in bytes {
            let follows = std::mem::take(&mut self.returned);
            match byte {
                b'\n' if follows => {}
                b'\n' | b'\r' => {
                    self.returned = byte == b'\r';
                    frames.extend(self.end_of_line()?);
                }
                byte => {
                    if self.line.len() + self.event.len() >= self.event_max {
                        return Err(FrameError::Event);
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(frames)
    }

    /// The event that the end of the answer completes: a last line needs no line break. An event of
    /// server-sent events without the empty line after it is not whole.
    pub(super) fn end(&mut self) -> Result<Option<Frame>, FrameError> {
        match self.framing {
            Framing::Lines => self.end_of_line(),
            Framing::Events => Ok(None),
        }
    }

    fn end_of_line(&mut self) -> Result<Option<Frame>, FrameError> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.any, true) && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        match self.framing {
            Framing::Lines if line.is_empty() => Ok(None),
            Framing::Lines => Ok(Some(Frame { name: None, data: utf8(line)? })),
            Framing::Events if line.is_empty() => self.end_of_event(),
            Framing::Events => self.field(&line),
        }
    }

    fn field(&mut self, line: &[u8]) -> Result<Option<Frame>, FrameError> {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                // The line break between lines of data; at the front of the first it is no matter
                // in JSON.
                self.event.push(b'\n');
                self.event.extend_from_slice(value);
            }
            b"event" => self.name = Some(utf8(value.to_vec())?),
            _ => {}
        }
        Ok(None)
    }

    fn end_of_event(&mut self) -> Result<Option<Frame>, FrameError> {
        let name = self.name.take();
        let event = std::mem::take(&mut self.event);
        // The first byte is the line break of the first line of data.
        match event.split_first() {
            None => Ok(None),
            Some((_, data)) => Ok(Some(Frame { name, data: utf8(data.to_vec())? })),
        }
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, FrameError> {
    String::from_utf8(bytes).map_err(|_| FrameError::Utf8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn frame(name: Option<&str>, data: &str) -> Frame {
        Frame { name: name.map(str::to_owned), data: data.to_owned() }
    }

    fn all(framing: Framing, bytes: &[u8], step: usize) -> Result<Vec<Frame>, FrameError> {
        let mut frames = Frames::new(framing, 1_000, 100);
        let mut seen = Vec::new();
        for bytes in bytes.chunks(step) {
            seen.extend(frames.push(bytes)?);
        }
        seen.extend(frames.end()?);
        Ok(seen)
    }

    #[test]
    fn events_however_they_are_cut() {
        let text = "\u{FEFF}: hello\n\nevent: a\ndata: {\"é\":\ndata:1}\n\ndata: x\r\n\r\nid: 7\r\rdata\n\nevent: b\ndata:  y\r\rdata: lost\n";
        let expected = [
            frame(Some("a"), "{\"é\":\n1}"),
            frame(None, "x"),
            frame(None, ""),
            frame(Some("b"), " y"),
        ];
        for step in 1..text.len() {
            assert_eq!(all(Framing::Events, text.as_bytes(), step).unwrap(), expected, "{step}");
        }
    }

    #[test]
    fn lines_however_they_are_cut() {
        let text = "{\"a\":\"ü\"}\n\n{}\r\n[1]";
        let expected = [frame(None, "{\"a\":\"ü\"}"), frame(None, "{}"), frame(None, "[1]")];
        for step in 1..text.len() {
            assert_eq!(all(Framing::Lines, text.as_bytes(), step).unwrap(), expected, "{step}");
        }
    }

    #[test]
    fn limits_hold() {
        let line = |bytes: usize| format!("data: {}\n\n", "x".repeat(bytes));
        assert_eq!(all(Framing::Events, line(94).as_bytes(), 7).unwrap().len(), 1);
        assert_eq!(all(Framing::Events, line(95).as_bytes(), 7), Err(FrameError::Event));
        // Many lines of one event count together.
        let lines = "data: xxxxxxxxxx\n".repeat(12) + "\n";
        assert_eq!(all(Framing::Events, lines.as_bytes(), 7), Err(FrameError::Event));
        let answer = line(80).repeat(12);
        assert_eq!(all(Framing::Events, answer.as_bytes(), 7), Err(FrameError::Answer));
        assert_eq!(all(Framing::Lines, &[b'x'; 101], 7), Err(FrameError::Event));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"data: \xFF\n\n"[..], b"event: \xC3\n\n", b"data: \xC3(\n\n"] {
            assert_eq!(all(Framing::Events, bytes, 1), Err(FrameError::Utf8), "{bytes:?}");
        }
    }
}
