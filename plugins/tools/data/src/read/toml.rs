//! TOML with lines.

use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SyntaxError;
use crate::node::{DEPTH_MAX, Node, Shape};

pub fn read(text: &str) -> Result<Node, SyntaxError> {
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| SyntaxError {
        line: error.span().map_or(1, |span| lines.at(span.start)),
        message: error.message().to_owned(),
    })?;
    let shape = map(table.get_ref(), &lines, 0)?;
    Ok(Node { line: 1, shape })
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// Line of a byte, from 1.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte) + 1
    }
}

fn map(table: &DeTable<'_>, lines: &Lines, depth: usize) -> Result<Shape, SyntaxError> {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(name, _)| name.span().start);
    let fields: Result<Vec<_>, _> = fields
        .into_iter()
        .map(|(name, value)| {
            let line = lines.at(name.span().start);
            Ok((name.get_ref().to_string(), node(value, line, lines, depth + 1)?))
        })
        .collect();
    Ok(Shape::Map(fields?))
}

fn node(
    value: &Spanned<DeValue<'_>>,
    line: usize,
    lines: &Lines,
    depth: usize,
) -> Result<Node, SyntaxError> {
    if depth > DEPTH_MAX {
        return Err(SyntaxError { line, message: format!("more than {DEPTH_MAX} levels") });
    }
    let shape = match value.get_ref() {
        DeValue::Table(table) => map(table, lines, depth)?,
        DeValue::Array(items) => {
            let items: Result<Vec<_>, _> = items
                .iter()
                .map(|item| node(item, lines.at(item.span().start), lines, depth + 1))
                .collect();
            Shape::List(items?)
        }
        DeValue::String(text) => Shape::Scalar(Value::String(text.to_string())),
        DeValue::Boolean(value) => Shape::Scalar(Value::Bool(*value)),
        DeValue::Datetime(time) => Shape::Scalar(Value::String(time.to_string())),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            Shape::Scalar(
                parsed
                    .map_err(|_| SyntaxError {
                        line,
                        message: format!("the number {} does not fit 64 bits", number.as_str()),
                    })?
                    .into(),
            )
        }
        // Infinity and what is no number are not in JSON.
        DeValue::Float(number) => Shape::Scalar(
            number
                .as_str()
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map_or_else(|| Value::String(number.as_str().to_owned()), Value::Number),
        ),
    };
    Ok(Node { line, shape })
}
