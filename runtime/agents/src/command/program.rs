//! Which program a command names.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind};

/// Where programs are looked for if the host has no `PATH`.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";

/// Bits of a file's mode that let somebody execute it.
const EXECUTE_BITS: u32 = 0o111;

/// A command that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no word in it.
    #[error("`command:` names no program; write `command:PROGRAM [ARGUMENT]…`")]
    Empty,
    /// It cannot be split into words.
    #[error("`command:{text}` cannot be split into words: a quote or backslash is left open")]
    Words {
        /// What follows `command:`.
        text: String,
    },
    /// It holds a byte that no argument can.
    #[error("`command:` holds a NUL character")]
    Nul,
    /// The program is given by a relative path, and the host's working directory is gone.
    #[error("the working directory of the host cannot be found: {message}")]
    Directory {
        /// What the operating system says.
        message: String,
    },
}

pub(super) fn split(text: &str) -> Result<Vec<String>, CommandError> {
    if text.contains('\0') {
        return Err(CommandError::Nul);
    }
    let argv = shell_words::split(text).map_err(|_| CommandError::Words { text: text.into() })?;
    match argv.first() {
        Some(program) if !program.is_empty() => Ok(argv),
        _ => Err(CommandError::Empty),
    }
}

/// The program as a path that means the same in every working directory, or a bare name. A path
/// inside the granted root must never be taken for one the operator wrote.
pub(super) fn anchored(argv: &[String]) -> Result<Arc<Path>, CommandError> {
    let program = Path::new(argv.first().ok_or(CommandError::Empty)?);
    if program.components().count() == 1 && !program.has_root() && !starts_here(program) {
        return Ok(program.into());
    }
    std::path::absolute(program)
        .map(Arc::from)
        .map_err(|error| CommandError::Directory { message: error.to_string() })
}

/// `./x` is one component to [`Path`], but a path to everybody else.
fn starts_here(program: &Path) -> bool {
    program.as_os_str().as_encoded_bytes().contains(&b'/')
}

/// The file to execute. Directories of `PATH` that are not absolute are passed over: they would
/// mean directories of the granted root.
///
/// # Errors
/// A failure with a hint, if there is no such file or it cannot be executed.
pub fn find(program: &Path) -> Result<PathBuf, Failure> {
    if program.has_root() {
        return look_at(program, program).map(|()| program.to_path_buf());
    }
    let path = env::var_os("PATH").unwrap_or_else(|| PATH_DEFAULT.into());
    let mut nearest = None;
    for directory in env::split_paths(&path).filter(|directory| directory.has_root()) {
        let file = directory.join(program);
        match look_at(&file, program) {
            Ok(()) => return Ok(file),
            Err(failure) if failure.code == NOT_FOUND => {}
            Err(failure) => nearest = nearest.or(Some(failure)),
        }
    }
    Err(nearest.unwrap_or_else(|| not_found(program, "it is in no directory of PATH")))
}

const NOT_FOUND: &str = "program-not-found";

fn look_at(file: &Path, program: &Path) -> Result<(), Failure> {
    let not_executable = |why: &str| {
        let message = format!("`{}` cannot be executed: {why}", file.display());
        Err(Failure::new(FailureKind::Failed, "program-not-executable", message))
    };
    match fs::metadata(file) {
        Err(error) => Err(not_found(program, &error.to_string())),
        Ok(found) if !found.is_file() => not_executable("it is not a regular file"),
        Ok(found) if found.permissions().mode() & EXECUTE_BITS == 0 => {
            not_executable("try `chmod +x` on it, or name its interpreter first")
        }
        Ok(_) => Ok(()),
    }
}

fn not_found(program: &Path, why: &str) -> Failure {
    let message = format!(
        "there is no program `{}`: {why}; install it, or write its path",
        program.display()
    );
    Failure::new(FailureKind::Failed, NOT_FOUND, message)
}
