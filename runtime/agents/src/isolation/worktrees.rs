//! From a task to its worktree and back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use baton_core::digest::Digest;
use baton_core::handoff::{Artifact, Failure, FailureKind, Usage};
use baton_core::ids::TaskId;
use baton_core::report::{Level, Report};

use super::changes::{Changes, changes};
use super::entry::{Entry, Facts, Place};
use super::git::Repository;
use super::patch::{PATCH_NAME, PATCH_TYPE};
use super::remove::{branch_tip, remove, take_turn};
use crate::backend::{Answer, BackendError, Job, JobContext, Notice};

/// Code of failures to isolate.
const ISOLATION: &str = "isolation";
/// Code of failures because a patch is too large.
const PATCH_BYTES: &str = "artifact-bytes";
/// Code of failures because a patch would tell a secret.
const SECRET: &str = "secret-in-changes";
/// Files that a line about changes names.
const FILES_NAMED: usize = 8;
/// How often git is asked for a worktree: calls at the same time can fail on each other.
const TRIES_MAX: u32 = 4;
/// What a killed git leaves behind in its directory of a worktree, and would keep the next from work.
const LOCKS: [&str; 2] = ["index.lock", "HEAD.lock"];

/// Makes worktrees below one directory.
pub struct Worktrees {
    directory: PathBuf,
    /// Where the tasks that are at work have their granted directory.
    roots: Mutex<BTreeMap<TaskId, PathBuf>>,
}

/// Forgets where a task works when it ends, however it does.
struct AtWork<'a> {
    worktrees: &'a Worktrees,
    task: TaskId,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.worktrees.roots().remove(&self.task);
    }
}

/// One worktree, held.
struct Worktree {
    place: Place,
    entry: Entry,
    facts: Facts,
    /// The repository it belongs to.
    repository: Repository,
    /// Whether an attempt before has worked in it.
    is_old: bool,
}

impl Worktrees {
    /// Worktrees below this directory, which is made when it is needed.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, roots: Mutex::default() }
    }

    fn roots(&self) -> std::sync::MutexGuard<'_, BTreeMap<TaskId, PathBuf>> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What takes the place of the granted directory for a task that is at work in a worktree.
    #[must_use]
    pub fn root_of(&self, task: &TaskId) -> Option<PathBuf> {
        self.roots().get(task).cloned()
    }

    /// Lets `perform` do a job in a worktree of the commit `base` in place of the granted
    /// directory, or in that of an earlier attempt of the same task. If there is none the task fails
    /// with code `isolation`, and nothing has run.
    ///
    /// What was changed is told as [`Notice::Artifact`] and named [`PATCH_NAME`] among the artifacts
    /// of the handoff; of a task that failed or was cancelled it is reported. Where its patch would
    /// have more bytes than `run.artifact_bytes` or cannot be made, the task fails. In all these cases
    /// the worktree is kept. A task that is only put off tells nothing of its changes yet.
    pub async fn work<F: Future<Output = Answer>>(
        self: &Arc<Self>,
        base: &str,
        mut job: Job,
        context: &JobContext,
        perform: impl FnOnce(Job) -> F,
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
        if worktree.is_old {
            let place = worktree.place.path();
            let text = format!("goes on in {}, where an earlier attempt worked", place.display());
            tell(context, Report::Log { level: Level::Info, text });
        }
        let root = worktree.place.path().join(&worktree.facts.root);
        let patch_max = job.limits.run.artifact_bytes;
        let answer = {
            self.roots().insert(job.task.clone(), root.clone());
            let _at_work = AtWork { worktrees: self, task: job.task.clone() };
            job.root = Some(root);
            perform(job).await
        };
        finish(worktree, patch_max, answer, context).await
    }

    /// The worktree of a task: that of an earlier attempt, or a new one.
    async fn add(&self, base: &str, job: &Job) -> Result<Worktree, String> {
        let root = job.root.as_deref().ok_or("no directory was granted")?;
        let repository = Repository::around(root).await?;
        let task = job.task.to_string();
        let cannot = |error| format!("{}: {error}", self.directory.display());
        std::fs::create_dir_all(&self.directory).map_err(cannot)?;
        let place = Place::of_task(&self.directory.canonicalize().map_err(cannot)?, &task);
        let facts = Facts {
            task,
            repository: repository.top.clone(),
            base: base.to_owned(),
            root: repository.prefix.clone(),
        };
        let mut entry = Entry::take(&place).await?;
        let found = entry.read();
        let worked = matches!(found, Some((_, true)));
        let is_old = worked && is_usable(&repository, &place).await;
        if let Some(why) = in_the_way(&repository, &place, found.as_ref(), &facts, is_old).await? {
            if found.is_none() {
                let _ = entry.remove();
            }
            return Err(why);
        }
        if is_old {
            unlock(&repository, &place);
        } else {
            if let Err(why) = make(&repository, &place, &mut entry, &facts, worked).await {
                if !worked {
                    // Nothing has run in it. What cannot be removed is found by its entry.
                    let _ = remove(Some(&repository), &place, entry).await;
                }
                return Err(why);
            }
        }
        let inner = place.path().join(&facts.root);
        if !inner.is_dir() && !is_old {
            remove(Some(&repository), &place, entry).await?;
            return Err(format!("`{}` is not in the commit that the run began with", facts.root));
        }
        Ok(Worktree { place, entry, facts, repository, is_old })
    }
}

/// Whether a complete worktree is still there.
async fn is_usable(repository: &Repository, place: &Place) -> bool {
    let git = repository.git.at(place.path());
    let top = git.text(&["rev-parse", "--show-toplevel"]).await;
    top.is_ok_and(|top| Path::new(&top) == place.path())
        && git.text(&["rev-parse", "--verify", "HEAD"]).await.is_ok()
}

/// Takes away the locks of a git that was killed. Nobody works there: the entry is held.
fn unlock(repository: &Repository, place: &Place) {
    let own = repository.common.join("worktrees").join(&place.name);
    for name in LOCKS {
        // Mostly there is none.
        let _ = std::fs::remove_file(own.join(name));
    }
}

/// What keeps a worktree from being made or gone on with, because it could be somebody's work.
async fn in_the_way(
    repository: &Repository,
    place: &Place,
    found: Option<&(Facts, bool)>,
    facts: &Facts,
    is_old: bool,
) -> Result<Option<String>, String> {
    let path = place.path();
    Ok(match found {
        Some((known, true)) if known != facts => {
            Some(format!("{} is of another base or repository", path.display()))
        }
        Some((_, true)) if !is_old && path.exists() => {
            Some(format!("{} is no worktree any more; move it away", path.display()))
        }
        Some((_, true)) => None,
        None if path.exists() => Some(format!("{} is in the way", path.display())),
        _ => {
            let tip = branch_tip(repository, place).await?;
            let strange = tip.is_some_and(|tip| tip != facts.base);
            strange.then(|| format!("branch {} has commits of somebody", place.branch()))
        }
    })
}

/// Makes a worktree where there is none, or only a part of one. Where an attempt worked whose files
/// were taken away, its commits are still on its branch, and are gone on with.
async fn make(
    repository: &Repository,
    place: &Place,
    entry: &mut Entry,
    facts: &Facts,
    worked: bool,
) -> Result<(), String> {
    let path = place.path();
    let commits = worked && branch_tip(repository, place).await?.is_some();
    super::remove::clear(Some(repository), place, !commits).await?;
    let cannot = |error: std::io::Error| format!("{}: {error}", place.entry().display());
    if !worked {
        entry.write(facts).map_err(cannot)?;
    }
    let target = path.to_string_lossy().into_owned();
    let branch = place.branch();
    let arguments: &[&str] = if commits {
        &["worktree", "add", "--quiet", "--no-checkout", &target, &branch]
    } else {
        &[
            "worktree",
            "add",
            "--quiet",
            "--no-checkout",
            "--no-track",
            "-b",
            &branch,
            &target,
            &facts.base,
        ]
    };
    let mut tries = 0;
    loop {
        tries += 1;
        // Only this part changes what all worktrees share. Files are written without the lock.
        let turn = take_turn(&repository.common).await?;
        let made = repository.git.text(arguments).await;
        drop(turn);
        match made {
            Ok(_) => break,
            Err(why) if tries == TRIES_MAX => return Err(why),
            Err(_) => super::remove::clear(Some(repository), place, !commits).await?,
        }
    }
    let git = repository.git.at(&path);
    git.text(&["reset", "--hard", "--quiet", "--no-recurse-submodules"]).await?;
    if worked { Ok(()) } else { entry.ready().map_err(cannot) }
}

fn tell(context: &JobContext, report: Report) {
    // A closed channel means that nobody keeps a journal of this job.
    let _ = context.notices.send(Notice::Report(report));
}

/// Removes a worktree without changes; makes a patch of those of another.
async fn finish(
    worktree: Worktree,
    patch_max: u64,
    mut answer: Answer,
    context: &JobContext,
) -> Answer {
    let Worktree { place, entry, facts, repository, .. } = worktree;
    let path = place.path();
    let warn = |text: String| tell(context, Report::Log { level: Level::Warn, text });
    let found = match Repository::around(&path).await {
        Ok(inner) if inner.top == path => changes(&inner, &facts.head(), patch_max).await,
        Ok(_) => Err("it is no worktree any more".into()),
        Err(why) => Err(why),
    };
    let kept = format!("kept in {} on branch {}", path.display(), place.branch());
    let found = match found {
        Err(why) => {
            let text = format!("no patch could be made of the changes, which are {kept}: {why}");
            fail(&mut answer, FailureKind::Failed, ISOLATION, &text);
            warn(text);
            return answer;
        }
        Ok(found) => found,
    };
    let Some(Changes { files, patch, nested }) = found else {
        match has_commits(&repository, &place, &facts.base).await {
            Ok(false) => {
                if let Err(why) = remove(Some(&repository), &place, entry).await {
                    warn(format!("{} without changes is left as it is: {why}", path.display()));
                }
            }
            Ok(true) => warn(format!("commits without changes are {kept}")),
            Err(why) => warn(format!("{} is left as it is: {why}", path.display())),
        }
        return answer;
    };
    if matches!(answer.result, Err(BackendError::Unavailable { .. })) {
        // The next attempt goes on with them.
        return answer;
    }
    let changed = if let [one] = &files[..] {
        one.words()
    } else {
        let named: Vec<String> = files.iter().take(FILES_NAMED).map(|file| file.words()).collect();
        let more = if files.len() > FILES_NAMED { ", …" } else { "" };
        format!("{} files: {}{more}", files.len(), named.join(", "))
    };
    if !nested.is_empty() {
        warn(format!(
            "not in the patch is what is in repositories of their own: {}",
            nested.join(", ")
        ));
    }
    let Some(patch) = patch else {
        let text = format!(
            "the patch of the changes ({changed}) has more than {patch_max} bytes \
             (`run.artifact_bytes`); they are {kept}"
        );
        fail(&mut answer, FailureKind::Limit, PATCH_BYTES, &text);
        warn(text);
        return answer;
    };
    let text = String::from_utf8_lossy(&patch);
    if context.redact.text(&text) != text {
        let text = format!(
            "the changes hold a secret of the run and are not put on record; they are {kept}: {changed}"
        );
        fail(&mut answer, FailureKind::Refused, SECRET, &text);
        warn(text);
        return answer;
    }
    let artifact = Artifact {
        name: PATCH_NAME.into(),
        media_type: PATCH_TYPE.into(),
        digest: Digest::of(&patch),
        size: patch.len() as u64,
    };
    let _ = context.notices.send(Notice::Artifact(patch));
    match &mut answer.result {
        Ok(handoff) => {
            // The name is ours: nothing that an agent hands over may pass for what it changed.
            handoff.artifacts.retain(|other| other.name != PATCH_NAME);
            handoff.artifacts.push(artifact);
        }
        Err(_) => tell(context, Report::Artifact(artifact)),
    }
    warn(format!("changes are {kept}: {changed}; `baton apply {}` merges them", facts.task));
    answer
}

/// Makes a failure of a success.
fn fail(answer: &mut Answer, kind: FailureKind, code: &str, message: &str) {
    if answer.result.is_ok() {
        answer.result = Err(BackendError::Permanent(Failure::new(kind, code, message)));
    }
}

/// Whether there are commits in a worktree whose files are as they were.
async fn has_commits(repository: &Repository, place: &Place, base: &str) -> Result<bool, String> {
    let checked_out = repository.git.at(place.path()).text(&["rev-parse", "HEAD"]).await?;
    let tip = branch_tip(repository, place).await?;
    Ok(checked_out != base || tip.is_some_and(|tip| tip != base))
}
