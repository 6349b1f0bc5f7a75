//! What policy denies at every moment: runs go on for hours, and people change their minds.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use baton_core::scope::Denials;
use tokio::sync::watch;

use super::Policy;
use crate::error::Result;
use crate::output::{WARN, note};
use crate::project::places::Places;
use crate::text::paint;

/// Time between two looks at the files of settings.
const POLL: Duration = Duration::from_millis(200);

/// Follows the files of settings, on the runtime of the caller, as long as somebody wants to know.
///
/// # Errors
/// When they cannot be read, or say something that cannot be understood.
pub fn follow(places: Places) -> Result<baton_engine::Policy> {
    let files = files(&places);
    let mut seen = looks(&files);
    let (sender, receiver) = watch::channel(denied(&places)?);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = sender.closed() => return,
                () = tokio::time::sleep(POLL) => {}
            }
            let now = looks(&files);
            if now == seen {
                continue;
            }
            // An editor may be in the middle of writing it: what cannot be read changes nothing.
            match denied(&places) {
                Ok(denied) => {
                    sender.send_replace(denied);
                }
                Err(error) => note(&format!(
                    "{} what is denied stays as it was: {}",
                    paint(WARN, "settings:"),
                    error.sentence()
                )),
            }
            seen = now;
        }
    });
    Ok(receiver)
}

fn denied(places: &Places) -> Result<Arc<[(String, Denials)]>> {
    Ok(Policy::load(places, &[], &[])?.denials().collect())
}

/// Every file that may say something, also one that is not there yet.
fn files(places: &Places) -> Vec<PathBuf> {
    let (project, person) = places.settings();
    project.into_iter().chain(person).collect()
}

/// What a file looks like without being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    identity: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

fn looks(files: &[PathBuf]) -> Vec<Option<Look>> {
    files.iter().map(|file| look(file)).collect()
}

fn look(file: &Path) -> Option<Look> {
    let found = file.metadata().ok()?;
    Some(Look {
        identity: (found.dev(), found.ino()),
        size: found.size(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_denial_is_told_when_it_is_written_and_what_cannot_be_read_changes_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("repo/.git")).unwrap();
        let file = root.join("repo/baton.toml");
        let home = root.join("home").into_os_string();
        let places =
            Places::around(&root.join("repo"), |name| (name == "HOME").then(|| home.clone()));
        let mut policy = follow(places).unwrap();
        assert!(policy.borrow_and_update().is_empty());
        // There was none before; then it is replaced as editors do.
        fs::write(&file, "[deny]\nexec = [\"git push **\"]\n").unwrap();
        policy.changed().await.unwrap();
        let words = |said: &[(String, Denials)]| -> Vec<String> {
            said.iter().map(|(by, one)| format!("{by} {}", one.words().join(","))).collect()
        };
        assert_eq!(words(&policy.borrow_and_update()), ["baton.toml:2 exec=git push **"]);
        fs::write(&file, "[deny]\nexec = [\"git pu").unwrap();
        fs::write(root.join("repo/new"), "[deny]\nread = [\"a\"]\ntools = [\"git/*\"]\n").unwrap();
        fs::rename(root.join("repo/new"), &file).unwrap();
        policy.changed().await.unwrap();
        let now = words(&policy.borrow_and_update());
        assert_eq!(now, ["baton.toml:2 read=a", "baton.toml:3 tools=git/*"]);
    }
}
