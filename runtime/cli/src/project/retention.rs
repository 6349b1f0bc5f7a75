//! What settings say of how long runs are kept.

use baton_journal::retention::Retention;
use serde::Deserialize;
use toml::Spanned;

use super::policy::file::Wrong;
use crate::value;

/// The section `[retention]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRetention {
    max_age: Option<Spanned<String>>,
    max_runs: Option<u64>,
    max_bytes: Option<Spanned<RawSize>>,
}

/// A size: a number of bytes, or a text with a unit.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawSize {
    Bytes(u64),
    Text(String),
}

impl RawRetention {
    /// What it means.
    ///
    /// # Errors
    /// Says what cannot be understood, and where it stands.
    pub fn read(self) -> Result<Retention, Wrong> {
        let age = |text: Spanned<String>| {
            let at = text.span().start;
            value::duration_ms(text.get_ref()).map_err(|message| Wrong { at, message })
        };
        let size = |size: Spanned<RawSize>| {
            let at = size.span().start;
            match size.into_inner() {
                RawSize::Bytes(bytes) => Ok(bytes),
                RawSize::Text(text) => value::size(&text).map_err(|message| Wrong { at, message }),
            }
        };
        Ok(Retention {
            max_age_ms: self.max_age.map(age).transpose()?,
            max_runs: self.max_runs,
            max_bytes: self.max_bytes.map(size).transpose()?,
        })
    }
}
