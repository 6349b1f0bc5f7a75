//! The hooks of a person and of a project, and which of them may do anything: a project may be a
//! stranger's, and a hook has the rights of the person.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::settings::Hook;
use super::told::Told;
use crate::error::{CliError, Result};
use crate::list::List;
use crate::project::config;
use crate::project::places::Places;
use crate::project::policy::Source;

/// Name of the list of hooks that a person looked at, in the person's directory of settings.
const FILE: &str = "hooks";

/// Name of the list of gates that people were told of, beside it.
const TOLD: &str = "notified";

/// A hook and where it stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The hook.
    pub hook: Hook,
    /// Whose it is.
    pub source: Source,
    /// The file, absolute.
    pub file: String,
    /// The file and the line, for people.
    pub text: String,
}

/// Every hook around the working directory.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    all: Vec<Placed>,
    /// Digests of the project's hooks that the person said yes to.
    trusted: BTreeSet<String>,
    /// Where they are listed.
    list: Option<PathBuf>,
}

impl Hooks {
    /// Reads the person's file and the nearest one of the project.
    ///
    /// # Errors
    /// When a file cannot be read, or says something that cannot be understood.
    pub fn load(places: &Places) -> Result<Self> {
        let all = config::hooks(places)?;
        let list = places.person().map(|dir| dir.join(FILE));
        let listed = list.as_ref().map(std::fs::read_to_string);
        let listed = listed.and_then(std::result::Result::ok).unwrap_or_default();
        Ok(Self { all, trusted: listed.lines().map(str::to_owned).collect(), list })
    }

    /// The gates that people were told of; none: there is no place that is only the person's.
    pub(super) fn told(&self) -> Option<Told> {
        self.list.as_ref().map(|list| Told::at(list.with_file_name(TOLD)))
    }

    /// The same for who looks for no hooks.
    #[must_use]
    pub fn told_of(places: &Places) -> Option<Told> {
        places.person().map(|dir| Told::at(dir.join(TOLD)))
    }

    /// Those that may do something.
    #[must_use]
    pub fn usable(&self) -> Vec<Placed> {
        self.all.iter().filter(|placed| self.may(placed)).cloned().collect()
    }

    /// What those of the project do that nobody said yes to, in words.
    #[must_use]
    pub fn unseen(&self) -> Vec<String> {
        let unseen = self.all.iter().filter(|placed| !self.may(placed));
        unseen.map(|placed| format!("{} {}", placed.text, placed.hook.words())).collect()
    }

    fn may(&self, placed: &Placed) -> bool {
        placed.source != Source::Project || self.trusted.contains(&digest(placed))
    }

    /// Keeps that the person looked at those of the project and said yes, until they change.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn trust(&mut self) -> Result<()> {
        let unseen: Vec<String> =
            self.all.iter().filter(|placed| !self.may(placed)).map(digest).collect();
        let Some(list) = self.list.as_ref().filter(|_| !unseen.is_empty()) else { return Ok(()) };
        let lines: String = unseen.iter().map(|digest| format!("{digest}\n")).collect();
        List::at(list.clone())
            .add(&lines)
            .map_err(|error| CliError::file("write", list, &error))?;
        self.trusted.extend(unseen);
        Ok(())
    }
}

fn digest(placed: &Placed) -> String {
    placed.hook.digest(&placed.file).to_string()
}
