//! Where the state of a project lives.

mod folder;
mod links;
mod mine;
mod reserve;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_journal::housekeeping::Housekeeping;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::Journal;

use crate::args::Common;
use crate::codes::Code;
use crate::error::{CliError, Result};

pub use self::folder::{Folder, read as open};

/// Name of the state directory inside a project.
const STATE_DIR: &str = ".baton";
/// Name of the journal inside the state directory.
const JOURNAL_FILE: &str = "journal.db";

/// The state directory.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// The directory that was named, else the one of the project around the working directory.
    ///
    /// # Errors
    /// When the working directory cannot be determined; or the directory leads elsewhere: it may have
    /// come with a repository, and what Baton writes and tidies there must be there; or nobody named it
    /// and others can write there.
    pub fn find(common: &Common) -> Result<Self> {
        let named = common.home.clone().or_else(|| {
            let variable = std::env::var_os("BATON_HOME").filter(|value| !value.is_empty());
            variable.map(PathBuf::from)
        });
        let here = std::env::current_dir()
            .map_err(|error| CliError::file("find", Path::new("."), &error))?;
        let dir = match named {
            Some(dir) => here.join(dir),
            None => {
                let found = nearest(&here);
                links::refuse_link(&found)?;
                mine::refuse_others(&found, &[JOURNAL_FILE])?;
                found
            }
        };
        links::refuse_inside(&dir)?;
        Ok(Self { dir })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A folder right in it, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or is a link.
    pub fn folder(&self, name: &str) -> Result<Folder> {
        Folder::at(self.dir.join(name))
    }

    /// The directory itself, for files right in it.
    ///
    /// # Errors
    /// When it cannot be made, or is a link that was found: one that was named is followed.
    pub fn top(&self) -> Result<Folder> {
        Folder::at(self.dir.canonicalize().unwrap_or_else(|_| self.dir.clone()))
    }

    /// The journal for reading, or none if nothing ever ran here.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn read(&self) -> Result<Option<Arc<dyn Journal>>> {
        if !self.dir.join(JOURNAL_FILE).exists() {
            return Ok(None);
        }
        Ok(Some(Arc::new(SqliteJournal::open_read_only(&self.dir)?)))
    }

    /// The journal for reading, where something must have run.
    ///
    /// # Errors
    /// When nothing ever ran here, or the journal cannot be opened.
    pub fn read_existing(&self) -> Result<Arc<dyn Journal>> {
        self.read()?.ok_or_else(|| {
            CliError::new(Code::NoRun, format!("nothing has run in {} yet", self.dir.display()))
                .hint("`baton run WORKFLOW` starts a run; --home DIR names the state of another project")
        })
    }

    /// The journal for writing; made if there is none.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn write(&self) -> Result<Arc<dyn Journal>> {
        Ok(Arc::new(self.open()?))
    }

    /// The journal for housekeeping, or none if nothing ever ran here.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn keeper(&self) -> Result<Option<Arc<dyn Housekeeping>>> {
        if !self.dir.join(JOURNAL_FILE).exists() {
            return Ok(None);
        }
        Ok(Some(Arc::new(self.open()?)))
    }

    /// The same for who only looks.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn reader(&self) -> Result<Option<Arc<dyn Housekeeping>>> {
        if !self.dir.join(JOURNAL_FILE).exists() {
            return Ok(None);
        }
        Ok(Some(Arc::new(SqliteJournal::open_read_only(&self.dir)?)))
    }

    fn open(&self) -> Result<SqliteJournal> {
        let ignored = self.dir.join(".gitignore");
        let is_new = !self.dir.join(JOURNAL_FILE).exists() && !ignored.exists();
        let journal = SqliteJournal::open(&self.dir)?;
        self.keep_reserve();
        if is_new && self.dir.file_name().is_some_and(|name| name == STATE_DIR) {
            // A convenience for the repository around it: where it fails, nothing is lost.
            let _ = std::fs::File::create_new(ignored)
                .and_then(|mut file| file.write_all(IGNORED.as_bytes()));
        }
        Ok(journal)
    }

    /// Keeps some room on the disk for housekeeping, if there is plenty.
    pub fn keep_reserve(&self) {
        reserve::keep(&self.dir);
    }

    /// Gives that room up, because there is none left. False: nothing was kept.
    #[must_use]
    pub fn give_up_reserve(&self) -> bool {
        reserve::give_up(&self.dir)
    }

    /// Directory of the worktrees of isolated agents.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub fn worktrees(&self) -> Result<PathBuf> {
        let path = self.dir.join("worktrees");
        std::path::absolute(&path).map_err(|error| CliError::file("use", &path, &error))
    }

    /// Directory of what agents say while they say it.
    #[must_use]
    pub fn live(&self) -> PathBuf {
        self.dir.join("live")
    }

    /// Directory of compiled components. Shared by all projects of a person, for they are known by
    /// their digest; inside the state directory where the person has no home directory.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        let variable =
            |name| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        variable("XDG_CACHE_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".cache")))
            .map_or_else(|| self.dir.join("cache"), |cache| cache.join("baton"))
    }
}

/// What git is to leave out of a project's state directory: everything but what people write there.
const IGNORED: &str = "/*\n!/.gitignore\n!/agents/\n!/workflows/\n";

/// The state directory of the nearest project at or above `here`, or a new one here.
fn nearest(here: &Path) -> PathBuf {
    here.ancestors()
        .map(|dir| dir.join(STATE_DIR))
        .find(|dir| dir.is_dir())
        .unwrap_or_else(|| here.join(STATE_DIR))
}

/// Runs a future that only waits for the journal.
///
/// # Errors
/// Those of the future.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(|error| {
            CliError::new(Code::Internal, "cannot start the event loop").because(&error)
        })?
        .block_on(future)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_new_state_directory_keeps_itself_out_of_the_repository() {
        let temp = tempfile::tempdir().unwrap();
        let home = Home { dir: temp.path().join(STATE_DIR) };
        home.write().unwrap();
        let ignored = home.dir.join(".gitignore");
        assert_eq!(std::fs::read_to_string(&ignored).unwrap(), IGNORED);
        // What a person made of it stays.
        std::fs::write(&ignored, "mine").unwrap();
        home.write().unwrap();
        assert_eq!(std::fs::read_to_string(&ignored).unwrap(), "mine");
    }

    #[test]
    fn the_nearest_project_is_found() {
        let temp = tempfile::tempdir().unwrap();
        let deep = temp.path().join("a/b/c");
        std::fs::create_dir_all(&deep).unwrap();
        assert_eq!(nearest(&deep), deep.join(".baton"));
        std::fs::create_dir(temp.path().join("a/.baton")).unwrap();
        assert_eq!(nearest(&deep), temp.path().join("a/.baton"));
    }
}
