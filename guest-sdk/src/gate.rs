//! Asking people.

use std::fmt::Display;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::{HandoffFuture, OutputFuture, milliseconds};
use crate::error::TaskError;
use crate::executor::{Request, Shared, TaskFuture};
use crate::host::RawGate;

/// A question to a person; made by [`Cx::gate`](crate::Cx::gate). Await it for the [`GateAnswer`].
/// `T` is the type of the data that an approval carries, see [`GateCall::schema`].
///
/// A gate is a task like any other: several can be open at once, beside agents at work, and dropping
/// one withdraws the question. It holds no place among the agents, and a run that waits for nothing
/// else costs nothing: its process may end, and it goes on when somebody has answered.
///
/// A rejection is an answer, not an error. What is an error: a deadline that passed without a
/// default (kind [`FailureKind::TimedOut`](crate::FailureKind::TimedOut), code `gate-deadline`), and
/// a gate that was cancelled.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # use std::time::Duration;
/// # #[derive(serde::Deserialize, JsonSchema)]
/// # struct Window { hour: u8 }
/// # async fn example(cx: Cx, plan: String) -> Result<()> {
/// let answer = cx.gate("Deploy to production?").details(&plan).await?;
/// if !answer.approved {
///     return Err(Error::new("not-approved", answer.note.unwrap_or_default()));
/// }
/// let place = cx
///     .gate("Where to?")
///     .choices(["staging", "production"])
///     .deadline(Duration::from_secs(3_600))
///     .default("staging")
///     .await?;
/// let window = cx.gate("When?").schema::<Window>().label("window").await?;
/// log!(cx, "to {:?} at {:?}", place.choice, window.data.map(|window| window.hour));
/// # Ok(()) }
/// ```
#[must_use = "nobody is asked unless the call is awaited"]
pub struct GateCall<T = Value> {
    shared: Rc<Shared>,
    question: String,
    options: Map<String, Value>,
    data: PhantomData<fn() -> T>,
}

impl GateCall {
    pub(crate) fn new(shared: Rc<Shared>, question: String) -> Self {
        Self { shared, question, options: Map::new(), data: PhantomData }
    }
}

impl<T> GateCall<T> {
    /// What can be chosen: 1 to 64 different texts. An approval names one of them.
    pub fn choices<S: Into<String>>(self, choices: impl IntoIterator<Item = S>) -> Self {
        let choices: Vec<String> = choices.into_iter().map(Into::into).collect();
        self.option("choices", choices)
    }

    /// An approval carries data that fits the JSON Schema of `U`, and it arrives as a `U`.
    pub fn schema<U: JsonSchema + DeserializeOwned>(self) -> GateCall<U> {
        let schema = schemars::schema_for!(U);
        let asked = self.schema_value(&schema.to_value());
        GateCall {
            shared: asked.shared,
            question: asked.question,
            options: asked.options,
            data: PhantomData,
        }
    }

    /// An approval carries data that fits this JSON Schema.
    pub fn schema_value(self, schema: &Value) -> Self {
        self.option("schema", schema.clone())
    }

    /// What a person should know to answer, as Markdown: at most 16 KiB.
    pub fn details(self, markdown: impl Into<String>) -> Self {
        self.option("details", markdown.into())
    }

    /// How long people have: at most 366 days, counted in milliseconds, rounded up. After that
    /// [`GateCall::default`] is the answer; without one the gate fails.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.option("deadline_ms", milliseconds(deadline))
    }

    /// The answer at the deadline: `true`, `false`, one of the choices, or an object with `approved`,
    /// `choice`, `data` and `note`.
    pub fn default(self, answer: impl Into<Value>) -> Self {
        self.option("default", answer)
    }

    /// Short name shown to people.
    pub fn label(self, label: impl Display) -> Self {
        self.option("label", label.to_string())
    }

    /// Title of the phase the gate belongs to, where it is not the present one.
    pub fn phase(self, title: impl Into<String>) -> Self {
        self.option("phase", title.into())
    }

    fn option(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    fn handoff(self) -> HandoffFuture<GateAnswer<T>> {
        let options = Value::Object(self.options).to_string();
        let request = Request::Gate(RawGate { question: self.question, options });
        HandoffFuture::new(TaskFuture::new(self.shared, Ok(request)))
    }
}

impl<T: DeserializeOwned> IntoFuture for GateCall<T> {
    type Output = Result<GateAnswer<T>, TaskError>;
    type IntoFuture = OutputFuture<GateAnswer<T>>;

    fn into_future(self) -> OutputFuture<GateAnswer<T>> {
        OutputFuture::new(self.handoff())
    }
}

/// What a person answered, or what stands for an answer at the deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"), try_from = "Raw")]
pub struct GateAnswer<T = Value> {
    /// Yes or no.
    pub approved: bool,
    /// Which of the choices.
    pub choice: Option<String>,
    /// What an approval carries, if the gate has a schema. A rejection brings what fits the type.
    pub data: Option<T>,
    /// In the person's words.
    pub note: Option<String>,
    /// Who answered, as they named themselves.
    pub by: String,
    /// Nobody did before the deadline: this is the gate's default.
    pub defaulted: bool,
}

impl<T> GateAnswer<T> {
    /// Yes and nothing more, for tests.
    #[must_use]
    pub fn approved() -> Self {
        let (choice, data, note, by) = (None, None, None, "test".into());
        Self { approved: true, choice, data, note, by, defaulted: false }
    }

    /// No and nothing more, for tests.
    #[must_use]
    pub fn rejected() -> Self {
        Self { approved: false, ..Self::approved() }
    }
}

/// An answer as it comes.
#[derive(Deserialize)]
struct Raw {
    approved: bool,
    choice: Option<String>,
    data: Option<Value>,
    note: Option<String>,
    by: String,
    defaulted: bool,
}

impl<T: DeserializeOwned> TryFrom<Raw> for GateAnswer<T> {
    type Error = serde_json::Error;

    fn try_from(raw: Raw) -> Result<Self, serde_json::Error> {
        let Raw { approved, choice, data, note, by, defaulted } = raw;
        let data = match data.map(serde_json::from_value).transpose() {
            // Only approvals are held to the schema.
            Err(_) if !approved => None,
            data => data?,
        };
        Ok(Self { approved, choice, data, note, by, defaulted })
    }
}

#[cfg(test)]
mod tests;
