//! A script: its bytes, and what reading it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::manifest::Requests;
use baton_core::scope::GlobLayer;

use super::inspection::{Asked, Finding, Inspection};
use super::inspector::Inspector;
use super::scan::{self, Unread};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::text::plural;

/// Bytes of a script at the most, as in the dialect.
pub const SCRIPT_BYTES_MAX: u64 = 524_288;
/// Endings of scripts.
pub const ENDINGS: [&str; 2] = ["js", "mjs"];
/// How many errors of a script are shown at once.
const ERRORS_MAX: usize = 10;

/// A script that was read, whether it is accepted or not.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file as it was named.
    pub shown: String,
    /// The file.
    pub path: PathBuf,
    /// Its text; none if it was too large or no text, and so not read.
    pub text: Option<Arc<str>>,
    /// What reading it said.
    pub inspection: Inspection,
    /// What it asks of Baton.
    pub asked: Asked,
}

/// Whether a path ends as scripts do.
#[must_use]
pub fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

impl Script {
    /// Reads a script and looks into it.
    ///
    /// # Errors
    /// When the file cannot be read or the sandbox fails. A script that is refused is no error here.
    pub fn open(path: &Path, shown: &str, inspector: &mut Inspector) -> Result<Self> {
        let bytes = match scan::read(path, SCRIPT_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(Unread::TooLarge { size, max }) => {
                let message = format!("it has {size} bytes; a script has at most {max}");
                let hint = "long material belongs into files that agents read";
                return Ok(Self::unread(path, shown, "too-large", message, Some(hint)));
            }
            Err(Unread::Io(error)) => return Err(CliError::file("read", path, &error)),
        };
        let text: Arc<str> = match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let message = format!("it is not UTF-8: byte {at} begins no character");
                return Ok(Self::unread(path, shown, "not-utf8", message, None));
            }
        };
        let mut inspection = inspector.inspect(shown, &text)?;
        let asked = inspection.asked().unwrap_or_else(|message| {
            let refused = Inspection::refused("meta-field", message, None);
            inspection.errors.extend(refused.errors);
            Asked::default()
        });
        Ok(Self { shown: shown.into(), path: path.into(), text: Some(text), inspection, asked })
    }

    fn unread(path: &Path, shown: &str, code: &str, message: String, hint: Option<&str>) -> Self {
        Self {
            shown: shown.into(),
            path: path.into(),
            text: None,
            inspection: Inspection::refused(code, message, hint),
            asked: Asked::default(),
        }
    }

    /// What it is found by, as far as that could be read.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let name = self.inspection.meta.as_ref().map(|meta| meta.name.as_str());
        name.filter(|name| !name.is_empty())
    }

    /// Its text's digest.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.text.as_ref().map(|text| Digest::of(text.as_bytes()))
    }

    /// What it asks to be granted. `workflows`: those it may run.
    #[must_use]
    pub fn requests(&self, workflows: Vec<String>) -> Requests {
        let Asked { read, tools, exec, bounds, .. } = &self.asked;
        // Its tools read nothing either then.
        let nothing = || GlobLayer { exclude: vec!["**".into()], ..GlobLayer::default() };
        let read = read.clone().unwrap_or_else(nothing);
        Requests {
            read: Some(read),
            agents: true,
            workflows,
            tools: tools.clone().unwrap_or_else(|| self.inspection.literal_tools()),
            exec: exec.clone().unwrap_or_else(|| self.inspection.literal_commands()),
            ..bounds.clone()
        }
    }

    /// The first reason why it is refused, on one line.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let first = self.inspection.errors.first()?;
        let place = format!("{}:{}", first.line, first.column);
        Some(match self.text {
            Some(_) => format!("{place}: {} ({})", first.message, first.code),
            None => format!("{} ({})", first.message, first.code),
        })
    }

    /// All reasons why it is refused, with their places.
    #[must_use]
    pub fn refusal(&self) -> Option<CliError> {
        let reason = self.reason()?;
        let errors = &self.inspection.errors;
        // The message tells of the first one already.
        let first = errors.iter().take(1).map(Finding::lines);
        let others = errors.iter().take(ERRORS_MAX).skip(1).map(|error| error.text(&self.shown));
        let mut blocks: Vec<String> = first.chain(others).collect();
        if errors.len() > ERRORS_MAX {
            let more = plural((errors.len() - ERRORS_MAX) as u64, "more error");
            blocks.push(format!("{more}\n"));
        }
        let message = format!("{} is refused: {reason}", self.shown);
        let error = CliError::new(Code::ScriptRefused, message);
        Some(match self.text {
            Some(_) => error.frame(blocks.join("\n")),
            None => match errors.first().and_then(|error| error.hint.clone()) {
                Some(hint) => error.hint(hint),
                None => error,
            },
        })
    }
}
