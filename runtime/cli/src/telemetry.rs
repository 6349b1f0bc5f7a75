//! Telemetry, where the standard variables of OpenTelemetry ask for it.

use baton_core::ids::Timestamp;
use baton_core::trace;
use baton_engine::Observer;
use baton_telemetry::{Settings, Telemetry};

use crate::output::{WARN, note};
use crate::text::paint;

/// The variable that says in which trace a run is started.
const TRACEPARENT: &str = "TRACEPARENT";

/// Sends spans of runs, or nothing.
pub struct Spans(Option<Telemetry>);

impl Spans {
    /// Begins, on the runtime of the caller. What is wrong with the variables is said and changes
    /// nothing else.
    #[must_use]
    pub fn start() -> Self {
        let settings = match Settings::of(|name| std::env::var(name).ok()) {
            Ok(None) => return Self(None),
            Ok(Some(settings)) => settings,
            Err(error) => {
                warn(&format!("no traces are sent: {error}"));
                return Self(None);
            }
        };
        let started = Telemetry::start(&settings);
        Self(started.inspect_err(|why| warn(&format!("no traces are sent: {why}"))).ok())
    }

    /// Where the records of one run go, from its first one on; spans that ended before `since` were
    /// sent by whoever drove it then.
    #[must_use]
    pub fn observer(&self, since: Timestamp) -> Option<Observer> {
        self.0.as_ref().map(|telemetry| telemetry.observer(since.0))
    }

    /// Sends what is left, and says what could not be sent.
    pub async fn finish(self) {
        let Some(telemetry) = self.0 else { return };
        let trouble = telemetry.finish().await;
        if let Some(reason) = trouble.reason {
            warn(&format!("{} spans could not be sent: {reason}", trouble.lost));
        }
    }
}

/// The trace context that this program was started in.
#[must_use]
pub fn context() -> Option<String> {
    std::env::var(TRACEPARENT).ok().filter(|header| trace::parse(header).is_some())
}

fn warn(message: &str) {
    note(&format!("{} {message}", paint(WARN, "warning:")));
}
