//! Copies of a git repository for agents that asked for one of their own.
//!
//! An isolated agent works in a worktree (`git-worktree(1)`) of the commit that was checked out when
//! its run began: what it changes does not appear in the granted directory, and untracked files are
//! not there. A worktree without changes is removed; one with changes is kept, on a branch of its
//! own, for a person to look at.

mod git;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::report::{Level, Report};
use tokio::sync::Mutex;

use self::git::git;
use crate::backend::{Answer, Backend, BackendError, Job, JobContext, Notice};
use crate::work::work;

/// The commit that is checked out in the repository of a directory; none where there is no
/// repository, no commit, or no git.
pub async fn head(directory: &Path) -> Option<String> {
    git(directory, &["rev-parse", "--verify", "HEAD^{commit}"]).await.ok()
}

/// Makes worktrees below one directory.
pub struct Worktrees {
    directory: PathBuf,
    /// Two calls of git that add or remove at once would fail on each other's locks.
    turn: Mutex<()>,
}

/// One worktree.
struct Worktree {
    /// The repository it belongs to.
    repository: PathBuf,
    /// Where it is.
    path: PathBuf,
    /// Its own branch.
    branch: String,
    /// Where it began.
    base: String,
    /// What the granted directory is in it.
    root: PathBuf,
}

impl Worktrees {
    /// Worktrees below this directory, which is made when it is needed.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, turn: Mutex::default() }
    }

    /// Makes attempts as [`work`] does, in a worktree of the commit `base` in place of the granted
    /// directory. If none can be made the task fails with code `isolation`, and nothing has run.
    pub async fn work(
        self: &Arc<Self>,
        base: &str,
        backend: &dyn Backend,
        mut job: Job,
        context: &JobContext,
    ) -> Answer {
        let worktree = match self.add(base, &job).await {
            Ok(worktree) => worktree,
            Err(why) => {
                let message = format!("no worktree could be made, and nothing was run: {why}");
                let failure = Failure::new(FailureKind::Failed, ISOLATION, message);
                let result = Err(BackendError::Permanent(failure));
                return Answer { result, usage: Usage::default() };
            }
        };
        job.root = Some(worktree.root.clone());
        let answer = work(backend, job, context).await;
        let (level, text) = match self.finish(&worktree).await {
            Ok(false) => return answer,
            // A person has to merge them or throw them away.
            Ok(true) => (
                Level::Warn,
                format!(
                    "changes are kept in {} on branch {}",
                    worktree.path.display(),
                    worktree.branch
                ),
            ),
            Err(why) => {
                (Level::Warn, format!("{} is left as it is: {why}", worktree.path.display()))
            }
        };
        // A closed channel means that nobody keeps a journal of this job.
        let _ = context.notices.send(Notice::Report(Report::Log { level, text }));
        answer
    }

    async fn add(&self, base: &str, job: &Job) -> Result<Worktree, String> {
        let root = job.root.as_deref().ok_or("no directory was granted")?;
        let top = git(root, &["rev-parse", "--show-toplevel"]).await?;
        let prefix = git(root, &["rev-parse", "--show-prefix"]).await?;
        let _turn = self.turn.lock().await;
        for earlier in 1..job.attempt {
            // Left by a host that was killed. What has changes stays.
            let _ = remove(&self.place(&top, &prefix, base, job, earlier)).await;
        }
        let worktree = self.place(&top, &prefix, base, job, job.attempt);
        let path = worktree.path.to_string_lossy();
        let arguments = ["worktree", "add", "--quiet", "-b", &worktree.branch, &path, base];
        git(&worktree.repository, &arguments).await?;
        if !worktree.root.is_dir() {
            remove(&worktree).await?;
            return Err(format!("`{prefix}` is not in the commit that the run began with"));
        }
        Ok(worktree)
    }

    /// Where the worktree of an attempt is. Names are never used twice: run, task and attempt are
    /// in them.
    fn place(&self, top: &str, prefix: &str, base: &str, job: &Job, attempt: u32) -> Worktree {
        let task = job.task.to_string().replace('/', "-");
        let name = format!("{task}-{attempt}");
        let path = self.directory.join(&name);
        Worktree {
            repository: PathBuf::from(top),
            root: path.join(prefix),
            path,
            branch: format!("baton/{name}"),
            base: base.to_owned(),
        }
    }

    /// Removes a worktree without changes. Whether it was kept.
    async fn finish(&self, worktree: &Worktree) -> Result<bool, String> {
        let _turn = self.turn.lock().await;
        remove(worktree).await.map(|removed| !removed)
    }
}

/// Removes a worktree and its branch, unless something changed in it.
async fn remove(worktree: &Worktree) -> Result<bool, String> {
    let changes = git(&worktree.path, &["status", "--porcelain", "--untracked-files=normal"]);
    if !changes.await?.is_empty()
        || git(&worktree.path, &["rev-parse", "HEAD"]).await? != worktree.base
    {
        return Ok(false);
    }
    let path = worktree.path.to_string_lossy();
    git(&worktree.repository, &["worktree", "remove", "--force", &path]).await?;
    git(&worktree.repository, &["branch", "--quiet", "-D", &worktree.branch]).await?;
    Ok(true)
}

/// Code of failures to isolate.
const ISOLATION: &str = "isolation";
