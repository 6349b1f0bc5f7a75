//! Taking a worktree away, with everything that git keeps of it.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::entry::{Entry, Place};
use super::git::Repository;

/// How long to wait for others that change what worktrees share.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// Time between two tries.
const WAIT_STEP: Duration = Duration::from_millis(2);

/// The turn to change what all worktrees of a repository share. The lock is on a directory that is
/// there anyway, so that it leaves nothing behind.
pub(crate) async fn take_turn(directory: &Path) -> Result<File, String> {
    let cannot = |error: std::io::Error| format!("{}: {error}", directory.display());
    let file = File::open(directory).map_err(cannot)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
            Err(TryLockError::WouldBlock) if began.elapsed() > WAIT_MAX => {
                return Err(format!("another process is busy with {}", directory.display()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(WAIT_STEP).await,
        }
    }
}

/// The commit that a worktree's branch is at; none: there is no such branch.
pub(crate) async fn branch_tip(
    repository: &Repository,
    place: &Place,
) -> Result<Option<String>, String> {
    let arguments = ["for-each-ref", "--format=%(objectname)", &place.reference()];
    Ok(Some(repository.shared().text(&arguments).await?).filter(|tip| !tip.is_empty()))
}

/// Takes a worktree away, with its branch and its entry, whatever is in it.
///
/// # Errors
/// In words, what could not be removed. The entry stays then.
pub(crate) async fn remove(
    repository: Option<&Repository>,
    place: &Place,
    mut entry: Entry,
) -> Result<(), String> {
    // On a full disk it cannot be said, and has to go all the same.
    let _ = entry.leave();
    clear(repository, place, true).await?;
    entry.remove().map_err(|error| format!("{}: {error}", place.entry().display()))
}

/// The same without the entry, and without the branch if it is to stay.
pub(crate) async fn clear(
    repository: Option<&Repository>,
    place: &Place,
    branch: bool,
) -> Result<(), String> {
    let path = place.path();
    let Some(repository) = repository else { return gone(&path, fs::remove_dir_all(&path)) };
    let _turn = take_turn(&repository.common).await?;
    let target = path.to_string_lossy().into_owned();
    // Twice: also one that git has locked because it was still being made.
    let arguments = ["worktree", "remove", "--force", "--force", &target];
    let git = repository.shared();
    let removed = git.text(&arguments).await;
    if removed.is_err() {
        // Git does not know it, or only a part of it.
        gone(&path, fs::remove_dir_all(&path))?;
        let own = own_directory(repository, place);
        if belongs(&own, &path) {
            gone(&own, fs::remove_dir_all(&own))?;
        }
    }
    if !branch {
        return Ok(());
    }
    let lock = ref_lock(repository, place);
    gone(&lock, fs::remove_file(&lock))?;
    let reference = place.reference();
    let used = ["for-each-ref", "--format=%(worktreepath)", &reference];
    let used = git.text(&used).await?;
    if !used.is_empty() {
        return Err(format!("branch {} is checked out in {used}", place.branch()));
    }
    if branch_tip(repository, place).await?.is_some() {
        git.text(&["update-ref", "-d", &reference]).await?;
    }
    Ok(())
}

/// Where git keeps what it knows of a worktree.
pub(crate) fn own_directory(repository: &Repository, place: &Place) -> PathBuf {
    repository.common.join("worktrees").join(&place.name)
}

/// The lock of a worktree's branch, of a git that was killed.
pub(crate) fn ref_lock(repository: &Repository, place: &Place) -> PathBuf {
    repository.common.join(format!("{}.lock", place.reference()))
}

/// Whether what git keeps is of the worktree at a path, or was never completed.
fn belongs(own: &Path, path: &Path) -> bool {
    match fs::read_to_string(own.join("gitdir")) {
        Ok(text) => Path::new(text.trim_end()).parent() == Some(path),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Whether something is gone now; that it was before is no error.
fn gone(path: &Path, result: std::io::Result<()>) -> Result<(), String> {
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("{}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
