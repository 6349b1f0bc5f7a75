//! The directory in which a case works: a copy of its files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use baton_scratch::Scratch;

use super::cases::{Case, Files};
use crate::codes::Code;
use crate::error::{CliError, Result};

/// A directory that is removed when it is dropped.
pub struct Place(Scratch);

impl Place {
    /// A directory with the files of a case, whose file of cases lies in `beside`.
    ///
    /// # Errors
    /// When a file cannot be copied, or a path leads out of the directory.
    pub fn of(case: &Case, beside: &Path) -> Result<Self> {
        let made = Scratch::new();
        let place = Self(made.map_err(|error| {
            CliError::file("make a directory in", &std::env::temp_dir(), &error)
        })?);
        match &case.files {
            None => {}
            Some(Files::Folder(folder)) => {
                let from = folder_beside(folder, beside)?;
                copy(&from, place.path()).map_err(|error| CliError::file("copy", &from, &error))?;
            }
            Some(Files::Texts(texts)) => {
                for (path, text) in texts {
                    let to = place.inside(path)?;
                    let made = to.parent().map_or(Ok(()), fs::create_dir_all);
                    made.and_then(|()| fs::write(&to, text))
                        .map_err(|error| CliError::file("write", &to, &error))?;
                }
            }
        }
        Ok(place)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path of a case, below the directory.
    fn inside(&self, path: &str) -> Result<PathBuf> {
        let relative = Path::new(path);
        if path.is_empty() || !is_plain(relative) {
            let message = format!("`{path}` is no path of a file below the granted directory");
            return Err(CliError::new(Code::File, message));
        }
        Ok(self.path().join(relative))
    }

    /// What is at these paths now; none: no file.
    ///
    /// # Errors
    /// When a path leads out of the directory, or a file cannot be read as text.
    pub fn texts<'a>(
        &self,
        paths: impl Iterator<Item = &'a String>,
    ) -> Result<BTreeMap<String, Option<String>>> {
        let mut texts = BTreeMap::new();
        for path in paths {
            let file = self.inside(path)?;
            let text = match fs::read_to_string(&file) {
                Ok(text) => Some(text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(CliError::file("read", &file, &error)),
            };
            texts.insert(path.clone(), text);
        }
        Ok(texts)
    }
}

/// Whether a path leads nowhere but down.
fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// A folder below that of the cases: whoever wrote those must not have a person copy anything else.
fn folder_beside(folder: &Path, beside: &Path) -> Result<PathBuf> {
    let from = beside.join(folder);
    let here = if beside.as_os_str().is_empty() { Path::new(".") } else { beside };
    let real =
        |path: &Path| path.canonicalize().map_err(|error| CliError::file("copy", path, &error));
    if is_plain(folder) && real(&from)?.starts_with(real(here)?) {
        return Ok(from);
    }
    let message = format!("the folder `{}` is not below that of the cases", folder.display());
    Err(CliError::new(Code::File, message).hint("a case works with files that lie beside it"))
}

/// Copies files and folders. Links and what else there may be are no part of a case.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
        } else {
            let message = format!("{} is neither file nor folder", entry.path().display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
    }
    Ok(())
}
