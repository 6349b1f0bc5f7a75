//! Interface `report` of the host in memory.

use super::files::digest;
use super::{Event, Stage};
use crate::host::ReportHost;
use crate::report::Level;

/// Largest artifact in bytes.
const ARTIFACT_BYTES_MAX: usize = 4 << 20;

impl ReportHost for Stage {
    fn phase(&self, title: &str) {
        self.note(Event::Phase(title.into()));
    }

    fn log(&self, level: Level, text: &str) {
        self.note(Event::Log(level, text.into()));
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        self.note(Event::Progress(done, total));
    }

    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String> {
        if bytes.len() > ARTIFACT_BYTES_MAX {
            return Err(format!("{} bytes; the limit is {ARTIFACT_BYTES_MAX}", bytes.len()));
        }
        self.note(Event::Artifact {
            name: name.into(),
            media_type: media_type.into(),
            bytes: bytes.to_vec(),
        });
        Ok(digest(bytes))
    }
}
