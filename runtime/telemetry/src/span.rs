//! A span as a plain value.

/// Something that took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The span it is part of; none: it is the first of its trace.
    pub parent: Option<String>,
    /// That span is of another program.
    pub remote_parent: bool,
    /// What it is called.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// When it began, in milliseconds since 1970.
    pub start_ms: u64,
    /// When it ended.
    pub end_ms: u64,
    /// Facts about it.
    pub attributes: Vec<(&'static str, Value)>,
    /// What happened during it, and when.
    pub events: Vec<Event>,
    /// A code of why it failed; none: it did not.
    pub error: Option<String>,
}

/// Something that happened: when, in milliseconds since 1970, what, and facts about it.
pub type Event = (u64, &'static str, Vec<(&'static str, Value)>);

/// Kinds of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something within the run.
    Internal,
    /// A request to somebody else.
    Client,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text of at most [`Value::TEXT_MAX`] characters.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Truth(bool),
}

impl Value {
    /// Characters of a text.
    pub const TEXT_MAX: usize = 200;

    /// A text, cut where it is too long.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.chars().take(Self::TEXT_MAX).collect())
    }

    /// A count.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl Span {
    /// Adds a fact.
    pub(crate) fn add(&mut self, name: &'static str, value: Value) {
        self.attributes.push((name, value));
    }

    /// Ends it.
    #[must_use]
    pub(crate) fn ended(mut self, at_ms: u64, error: Option<&str>) -> Self {
        self.end_ms = at_ms.max(self.start_ms);
        if let Some(code) = error {
            self.add("error.type", Value::text(code));
            self.error = Some(code.chars().take(Value::TEXT_MAX).collect());
        }
        self
    }
}
