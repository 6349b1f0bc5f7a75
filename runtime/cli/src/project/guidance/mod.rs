//! Texts that models are offered: instructions of the project, and skills.

mod instructions;
mod skills;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::digest::Digest;
use serde::Serialize;

use super::places::{Place, Places};

/// Bytes of one file.
pub const FILE_BYTES_MAX: u64 = 64 << 10;
/// Bytes of all files of one kind together.
pub const ALL_BYTES_MAX: u64 = 1 << 20;

/// A text that models are offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// What it is called: of instructions, the path below the top of the repository; of a skill, its
    /// name.
    pub name: String,
    /// When to use it; of instructions, nothing: always.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its digest.
    pub digest: Digest,
    /// How long it is.
    pub bytes: u64,
    /// Whose it is.
    pub place: Place,
    /// Its file.
    #[serde(skip)]
    pub path: PathBuf,
    /// The text.
    #[serde(skip)]
    pub text: Arc<str>,
}

/// Everything that models are offered.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Guidance {
    /// Instructions, the outermost first.
    pub instructions: Vec<Text>,
    /// Skills by name.
    pub skills: Vec<Text>,
    /// What is not given, and why, each on one line.
    pub notes: Vec<String>,
}

impl Guidance {
    /// What is found around the working directory, and above the granted one.
    #[must_use]
    pub fn find(places: &Places, root: Option<&Path>, instructions: bool, skills: bool) -> Self {
        let mut found = Self::default();
        if instructions {
            let base = root.unwrap_or(places.here());
            found.instructions = instructions::find(base, places, &mut found.notes);
        }
        if skills {
            found.skills = skills::find(places, &mut found.notes);
        }
        found
    }

    /// All texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.instructions.iter().chain(&self.skills)
    }
}

/// Why a file is not given.
fn unread(unread: super::scan::Unread) -> String {
    match unread {
        super::scan::Unread::TooLarge { size, max } => {
            format!("{size} bytes, at most {max} are given")
        }
        super::scan::Unread::Io(error) => error.to_string(),
    }
}
