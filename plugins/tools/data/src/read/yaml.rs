//! YAML with lines.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Number, Value};

use super::SyntaxError;
use crate::node::{DEPTH_MAX, NODES_MAX, Node, Shape};

pub fn read(text: &str) -> Result<Node, SyntaxError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            line: error.marker().line().max(1),
            message: error.info().to_owned(),
        })?;
        builder.event(event, span.start.line().max(1))?;
    }
    let mut documents = builder.documents;
    match documents.len() {
        0 => Ok(Node { line: 1, shape: Shape::Scalar(Value::Null) }),
        1 => Ok(documents.remove(0)),
        _ => Ok(Node { line: 1, shape: Shape::List(documents) }),
    }
}

/// A list or map whose end is still to come.
struct Open {
    line: usize,
    anchor: usize,
    items: Vec<Node>,
    map: Option<OpenMap>,
}

/// The part of [`Open`] that only a map has.
#[derive(Default)]
struct OpenMap {
    fields: Vec<(String, Node)>,
    /// The name that waits for its value, and its line.
    name: Option<(String, usize)>,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    /// Values by anchor, and how many values each consists of.
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, line)?;
                let is_name = self
                    .open
                    .last()
                    .is_some_and(|open| open.map.as_ref().is_some_and(|map| map.name.is_none()));
                // A name is text, whatever it looks like.
                let value = if is_name {
                    Value::String(text.into_owned())
                } else {
                    resolve(&text, style, tag.as_deref())
                };
                self.add(Node { line, shape: Shape::Scalar(value) }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, line, false),
            Event::MappingStart(anchor, _) => self.begin(anchor, line, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let shape = match open.map {
                    Some(map) => Shape::Map(map.fields),
                    None => Shape::List(open.items),
                };
                self.add(Node { line: open.line, shape }, open.anchor)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (node, size) = known.ok_or_else(|| SyntaxError {
                    line,
                    message: "an alias inside of what it stands for".into(),
                })?;
                self.count(size, line)?;
                self.add(Node { line, ..node }, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, line: usize, map: bool) -> Result<(), SyntaxError> {
        self.count(1, line)?;
        if self.open.len() >= DEPTH_MAX {
            return Err(SyntaxError { line, message: format!("more than {DEPTH_MAX} levels") });
        }
        let map = map.then(OpenMap::default);
        self.open.push(Open { line, anchor, items: Vec::new(), map });
        Ok(())
    }

    fn count(&mut self, values: usize, line: usize) -> Result<(), SyntaxError> {
        self.nodes = self.nodes.saturating_add(values);
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values, aliases counted");
            return Err(SyntaxError { line, message });
        }
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        if anchor > 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        let Some(OpenMap { fields, name: waiting }) = &mut open.map else {
            open.items.push(node);
            return Ok(());
        };
        match waiting.take() {
            Some((name, line)) => fields.push((name, Node { line, ..node })),
            None => {
                let wrong = |message: String| Err(SyntaxError { line: node.line, message });
                let name = match node.shape {
                    Shape::Scalar(Value::String(name)) => name,
                    Shape::Scalar(other) => other.to_string(),
                    _ => return wrong("a list or a map is the name of a field".into()),
                };
                if fields.iter().any(|(known, _)| *known == name) {
                    return wrong(format!("the name `{name}` stands twice"));
                }
                *waiting = Some((name, node.line));
            }
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.shape {
        Shape::Scalar(_) => 0,
        Shape::List(items) => items.iter().map(size).sum(),
        Shape::Map(fields) => fields.iter().map(|(_, field)| size(field)).sum(),
    }
}

/// What a scalar means, by the core schema of YAML 1.2.
fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let tag = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    if style != ScalarStyle::Plain && tag.is_none() || tag == Some("str") {
        return Value::String(text.to_owned());
    }
    plain(text)
}

/// What a text without quotes means.
pub fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(Number::from);
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // Infinity and what is no number are not in JSON, and stay text.
    let begins =
        digits.strip_prefix('.').unwrap_or(digits).starts_with(|c: char| c.is_ascii_digit());
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !begins || !digits.chars().all(fits) {
        return None;
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    unsigned
        .parse::<i64>()
        .ok()
        .map(Number::from)
        .or_else(|| unsigned.parse::<u64>().ok().map(Number::from))
        .or_else(|| text.parse().ok().and_then(Number::from_f64))
}
