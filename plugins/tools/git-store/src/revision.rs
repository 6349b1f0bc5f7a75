//! From what people write to commits.

use baton_guest::ToolError;

use crate::{Id, Repository};

/// Fewest digits of a shortened name.
const DIGITS_MIN: usize = 4;
/// Farthest step back.
const STEPS_MAX: usize = 100_000;

impl Repository {
    /// The commit that a revision names: `HEAD`, a branch, a tag, `origin/main`, a full reference, a
    /// name of a commit (four digits or more), each with `~N` and `^N` behind it.
    ///
    /// # Errors
    /// When nothing or more than one thing has that name, or it is no commit.
    pub fn resolve(&self, revision: &str) -> Result<Id, ToolError> {
        let unknown = || {
            let shown: String = revision.chars().take(200).collect();
            let message = format!("there is no revision `{shown}` in the repository");
            ToolError::invalid_input("unknown-revision", message)
        };
        let end = revision.find(['~', '^']).unwrap_or(revision.len());
        let (name, mut steps) = revision.split_at_checked(end).ok_or_else(unknown)?;
        let name = if name == "@" { "HEAD" } else { name };
        let mut id = self.commit(self.named(name)?.ok_or_else(unknown)?)?.id;
        while let Some(step) = steps.chars().next() {
            let rest = steps.get(1..).unwrap_or_default();
            if let Some(after) = rest.strip_prefix("{commit}").or_else(|| rest.strip_prefix("{}")) {
                steps = after;
                continue;
            }
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at_checked(digits).ok_or_else(unknown)?;
            let number = if number.is_empty() { Ok(1) } else { number.parse::<usize>() };
            let number = number.ok().filter(|number| *number <= STEPS_MAX).ok_or_else(unknown)?;
            id = match step {
                '~' => self.back(id, number)?.ok_or_else(unknown)?,
                '^' if number == 0 => id,
                '^' => *self.commit(id)?.parents.get(number - 1).ok_or_else(unknown)?,
                _ => return Err(unknown()),
            };
            steps = after;
        }
        Ok(id)
    }

    fn back(&self, id: Id, steps: usize) -> Result<Option<Id>, ToolError> {
        let mut id = id;
        for _ in 0..steps {
            match self.commit(id)?.parents.first() {
                Some(parent) => id = *parent,
                None => return Ok(None),
            }
        }
        Ok(Some(id))
    }

    fn named(&self, name: &str) -> Result<Option<Id>, ToolError> {
        if let Some(id) = Id::from_hex(name) {
            return Ok(Some(id));
        }
        for prefix in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
            if let Some(id) = self.reference(&format!("{prefix}{name}"))? {
                return Ok(Some(id));
            }
        }
        if let Some(id) = self.reference(&format!("refs/remotes/{name}/HEAD"))? {
            return Ok(Some(id));
        }
        let digits = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || name.len() < DIGITS_MIN {
            return Ok(None);
        }
        let found = self.beginning_with(&name.to_ascii_lowercase())?;
        let mut commits = found.into_iter().filter(|id| self.commit(*id).is_ok());
        match (commits.next(), commits.next()) {
            (Some(_), Some(_)) => {
                let message = format!("more than one commit has a name that begins with `{name}`");
                Err(ToolError::invalid_input("ambiguous-revision", message))
            }
            (found, _) => Ok(found),
        }
    }
}
