//! Telling people how the work goes.

use std::rc::Rc;

use crate::error::Error;
use crate::failure::FailureKind;
use crate::handoff::Artifact;
use crate::host::ReportHost;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author of the guest.
    Debug,
    /// For whoever watches.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

/// Telling people how the work goes. Nothing here answers but [`Report::artifact`].
#[derive(Clone)]
pub struct Report {
    host: Rc<dyn ReportHost>,
}

impl Report {
    pub(crate) fn new(host: Rc<dyn ReportHost>) -> Self {
        Self { host }
    }

    /// Begins a phase: tasks spawned from now on belong to it unless they name another.
    pub fn phase(&self, title: &str) {
        self.host.phase(title);
    }

    /// Writes a line of at most 8 KiB; the rest is cut.
    pub fn log(&self, level: Level, text: &str) {
        self.host.log(level, text);
    }

    /// Writes a line for the author of the guest.
    pub fn debug(&self, text: &str) {
        self.log(Level::Debug, text);
    }

    /// Writes a line for whoever watches.
    pub fn info(&self, text: &str) {
        self.log(Level::Info, text);
    }

    /// Says that something is not as it should be.
    pub fn warn(&self, text: &str) {
        self.log(Level::Warn, text);
    }

    /// Says that something failed.
    pub fn error(&self, text: &str) {
        self.log(Level::Error, text);
    }

    /// Says how much of the present phase is done; `total` is none when it is not known.
    pub fn progress(&self, done: u64, total: Option<u64>) {
        self.host.progress(done, total);
    }

    /// Keeps a file of at most 4 MiB in the blob store and names it in the run's record.
    ///
    /// # Errors
    /// Kind [`FailureKind::Limit`] and code `artifact` when it is too large or the artifact bytes
    /// of the run are used up.
    pub fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<Artifact, Error> {
        let digest = self
            .host
            .artifact(name, media_type, bytes)
            .map_err(|message| Error::new("artifact", message).kind(FailureKind::Limit))?;
        Ok(Artifact {
            name: name.into(),
            media_type: media_type.into(),
            digest,
            size: bytes.len() as u64,
        })
    }
}

/// Writes a line with `format!` arguments: `log!(cx, "{count} files")`, or with a level in front:
/// `log!(cx, warn, "…")`. The levels are `debug`, `info`, `warn` and `error`.
///
/// ```
/// use baton_guest::{AgentCx, log};
///
/// fn note(cx: &AgentCx, count: usize) {
///     log!(cx, "{count} files");
///     log!(cx, warn, "only {count} files");
/// }
/// ```
#[macro_export]
macro_rules! log {
    ($cx:expr, $level:ident, $($text:tt)+) => {
        $cx.report().$level(&::std::format!($($text)+))
    };
    ($cx:expr, $($text:tt)+) => {
        $cx.report().info(&::std::format!($($text)+))
    };
}
