//! Telemetry of runs: spans made of durable records, and numbers about a journal.
//!
//! A run's records say all that its spans say, so that nothing has to be told twice: whoever sees
//! the records of a run, from its first one on, can make the same spans with the same ids. Ids follow
//! from the run and the task ([`baton_core::trace`]), so that what was passed on as `traceparent`
//! before a task started is what its spans are exported under when they have ended.
//!
//! Attributes are names and numbers: no prompt, answer, input, output or message of a failure is
//! ever among them.

mod export;
mod numbers;
mod settings;
mod span;
mod spans;

pub use export::{Telemetry, Trouble};
pub use numbers::Numbers;
pub use settings::{Settings, SettingsError};
pub use span::{Kind, Span, Value};
pub use spans::Spans;
