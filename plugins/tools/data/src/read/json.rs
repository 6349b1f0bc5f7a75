//! JSON with lines.

use serde_json::Value;

use super::SyntaxError;
use crate::node::{DEPTH_MAX, NODES_MAX, Node, Shape};

/// Reads a text whose first line has number `line`.
pub fn read(text: &str, line: usize) -> Result<Node, SyntaxError> {
    // Says whether it is JSON at all, with the exact place where it is not.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        return Err(SyntaxError { line: line + error.line().saturating_sub(1), message });
    }
    let mut reader = Reader { text, at: 0, line, nodes: 0 };
    reader.value(0)
}

/// Walks over a text that is known to be JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    nodes: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.space();
        let line = self.line;
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            let message = format!("more than {DEPTH_MAX} levels or {NODES_MAX} values");
            return Err(SyntaxError { line, message });
        }
        let shape = match self.peek() {
            Some(b'{') => Shape::Map(self.map(depth)?),
            Some(b'[') => {
                let mut items = Vec::new();
                self.at += 1;
                while !self.closes(b']') {
                    items.push(self.value(depth + 1)?);
                }
                Shape::List(items)
            }
            _ => Shape::Scalar(self.scalar()?),
        };
        Ok(Node { line, shape })
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(String, Node)>, SyntaxError> {
        let mut fields = Vec::new();
        self.at += 1;
        while !self.closes(b'}') {
            let line = self.line;
            let name = match self.scalar()? {
                Value::String(name) => name,
                other => other.to_string(),
            };
            self.space();
            self.at += 1;
            let field = self.value(depth + 1)?;
            fields.push((name, Node { line, ..field }));
        }
        Ok(fields)
    }

    /// Passes over space and a comma; true when the bracket was there and is passed, too.
    fn closes(&mut self, bracket: u8) -> bool {
        self.space();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.space();
        }
        let closes = self.peek().is_none_or(|byte| byte == bracket);
        self.at += usize::from(closes);
        closes
    }

    fn scalar(&mut self) -> Result<Value, SyntaxError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'"') => {
                let mut escaped = false;
                let end = rest.iter().skip(1).position(|byte| {
                    let ends = *byte == b'"' && !escaped;
                    escaped = *byte == b'\\' && !escaped;
                    ends
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            _ => rest
                .iter()
                .position(|byte| matches!(byte, b',' | b']' | b'}' | b':') || is_space(*byte))
                .unwrap_or(rest.len()),
        };
        let text = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        serde_json::from_str(text)
            .map_err(|error| SyntaxError { line: self.line, message: error.to_string() })
    }

    fn space(&mut self) {
        while let Some(byte) = self.peek().filter(|byte| is_space(*byte)) {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
