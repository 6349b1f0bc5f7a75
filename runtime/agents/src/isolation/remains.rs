//! Worktrees that are there: those at work, those kept for their changes, and what killed processes
//! left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::changes::{Changes, between, changes, sweep};
use super::entry::{BRANCHES, ENDING, Entry, Facts, Place, is_leaving, read};
use super::git::Repository;
use super::patch::FileChange;
use super::remove::{branch_tip, own_directory, ref_lock, remove};

/// Names of runs begin so, and with them the names of everything that was made for one.
const RUN: &str = "run_";

/// What there is of one worktree.
#[derive(Debug)]
pub struct Remains {
    place: Place,
    repository: Option<Repository>,
    /// The task it was made for, if that is on record.
    pub task: Option<String>,
    /// Name of the run in its name.
    pub run: String,
    /// Where its files are; none: there are no files.
    pub path: Option<PathBuf>,
    /// Top of the working tree whose repository it belongs to; none: not known, or gone.
    pub repository_top: Option<PathBuf>,
    /// Its branch; none: there is no such branch.
    pub branch: Option<String>,
    /// Locks that a killed git left.
    pub locks: Vec<PathBuf>,
    /// Whether a process works in it now.
    pub is_held: bool,
    /// What changed in it since its base; none: not known.
    pub files: Option<Vec<FileChange>>,
    /// Whether there are commits in it whose files are as they were.
    pub has_commits: bool,
    /// The changes as a patch, if there are any and they can be read.
    pub patch: Option<Vec<u8>>,
    /// Why something is not known.
    pub problem: Option<String>,
}

/// How a worktree was taken away, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It is gone, with its branch.
    Removed,
    /// It stays.
    Kept(String),
}

impl Remains {
    /// The name that all its parts share.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Whether it is known that nothing is in it that is not in its base.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.files.as_ref().is_some_and(Vec::is_empty) && !self.has_commits
    }

    /// Takes it away, unless a process works in it. Whoever calls this has kept its changes.
    pub async fn remove(self) -> Repair {
        let missing = !self.place.entry().exists();
        let entry = match Entry::try_take_soon(&self.place, true).await {
            Ok(Some(entry)) => entry,
            Ok(None) => return Repair::Kept("a process works in it".into()),
            Err(error) => return Repair::Kept(error.to_string()),
        };
        match remove(self.repository.as_ref(), &self.place, entry).await {
            Ok(()) => Repair::Removed,
            Err(why) => {
                if missing {
                    // It was made for the lock alone.
                    let _ = fs::remove_file(self.place.entry());
                }
                Repair::Kept(why)
            }
        }
    }
}

/// What there is of worktrees below a directory, and of their branches in the repositories they
/// belong to and in those around `others`. Patches have at most `patch_max` bytes.
pub async fn remains(directory: &Path, others: &[PathBuf], patch_max: u64) -> Vec<Remains> {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let mut found: BTreeMap<String, Option<Repository>> = BTreeMap::new();
    let mut repositories: BTreeMap<PathBuf, Repository> = BTreeMap::new();
    let mut tops: BTreeSet<PathBuf> = others.iter().cloned().collect();
    for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = name.strip_suffix(ENDING).unwrap_or(&name).to_owned();
        let place = Place::new(&directory, &name);
        tops.extend(read(&place.entry()).map(|(facts, _)| facts.repository));
        tops.extend(place.path().is_dir().then(|| place.path()));
        found.entry(name).or_default();
    }
    for top in tops {
        // What is in no repository has no branches.
        if let Ok(repository) = Repository::around(&top).await {
            repositories.entry(repository.common.clone()).or_insert(repository);
        }
    }
    for repository in repositories.values() {
        for name in names(repository, &directory).await {
            let known = found.entry(name).or_default();
            known.get_or_insert_with(|| repository.clone());
        }
    }
    let mut all = Vec::new();
    for (name, repository) in found {
        if name.starts_with(RUN) {
            all.push(look(Place::new(&directory, &name), repository, patch_max).await);
        }
    }
    all
}

/// What there is of the worktree of one task; none: nothing.
pub async fn remains_of(directory: &Path, task: &str, patch_max: u64) -> Option<Remains> {
    let directory = directory.canonicalize().ok()?;
    let place = Place::of_task(&directory, task);
    if !place.entry().exists() && !place.path().exists() {
        return None;
    }
    Some(look(place, None, patch_max).await)
}

/// Names of worktrees of which a repository has something: a branch, the lock of one, or a directory.
async fn names(repository: &Repository, directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let pattern = format!("refs/heads/{BRANCHES}");
    let arguments = ["for-each-ref", "--format=%(refname:lstrip=3)", &pattern];
    let branches = repository.git.text(&arguments).await.unwrap_or_default();
    names.extend(branches.lines().map(ToOwned::to_owned));
    let locks = repository.common.join(&pattern);
    for entry in fs::read_dir(locks).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".lock").map(ToOwned::to_owned));
    }
    for entry in fs::read_dir(repository.common.join("worktrees")).into_iter().flatten().flatten() {
        let target = fs::read_to_string(entry.path().join("gitdir")).unwrap_or_default();
        let is_ours = Path::new(target.trim_end()).starts_with(directory);
        // Of one that was never completed only the name is known.
        if is_ours || target.is_empty() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names
}

/// What there is of one.
async fn look(place: Place, repository: Option<Repository>, patch_max: u64) -> Remains {
    let facts = read(&place.entry());
    let path = Some(place.path()).filter(|path| path.exists());
    let run = place.name.split('-').next().unwrap_or_default().to_owned();
    // Nobody begins to work in it while it is looked at.
    let held = match place.entry().exists() {
        true => Some(Entry::try_take_soon(&place, false).await),
        false => None,
    };
    let is_held = matches!(held, Some(Ok(None)));
    let mut remains = Remains {
        task: facts.as_ref().map(|(facts, _)| facts.task.clone()),
        repository_top: facts.as_ref().map(|(facts, _)| facts.repository.clone()),
        place,
        repository,
        run,
        path,
        branch: None,
        locks: Vec::new(),
        is_held,
        files: None,
        has_commits: false,
        patch: None,
        problem: None,
    };
    if remains.repository.is_none() {
        for top in [remains.repository_top.clone(), remains.path.clone()].into_iter().flatten() {
            if remains.repository.is_none() {
                remains.repository = Repository::around(&top).await.ok();
            }
        }
    }
    if let Err(why) = examine(&mut remains, facts, patch_max).await {
        remains.problem = Some(why);
    }
    drop(held);
    remains
}

async fn examine(
    remains: &mut Remains,
    facts: Option<(Facts, bool)>,
    patch_max: u64,
) -> Result<(), String> {
    let Some(repository) = remains.repository.clone() else {
        if remains.path.is_none() {
            // Made before anything else, and nothing followed.
            remains.files = Some(Vec::new());
            return Ok(());
        }
        return Err("its repository is gone".into());
    };
    let place = &remains.place;
    let own = own_directory(&repository, place);
    let locks = [own.join("index.lock"), own.join("HEAD.lock"), ref_lock(&repository, place)];
    remains.locks = locks.into_iter().filter(|path| path.exists()).collect();
    let tip = branch_tip(&repository, place).await?;
    remains.branch = tip.is_some().then(|| place.branch());
    if remains.is_held {
        return Ok(());
    }
    let Some((facts, is_ready)) = facts else {
        if remains.path.is_none() && tip.is_none() {
            remains.files = Some(Vec::new());
            return Ok(());
        }
        return Err("what it began with is not on record".into());
    };
    let is_at_base = tip.as_ref().is_none_or(|tip| *tip == facts.base);
    if is_leaving(&place.entry()) || (!is_ready && is_at_base) {
        // Nothing has run in it, or what did was kept before it began to go.
        remains.files = Some(Vec::new());
        return Ok(());
    }
    let head = facts.head();
    let found = match &remains.path {
        Some(path) => {
            let inner = Repository::around(path).await?;
            if inner.top != *path {
                return Err("it is no worktree any more".into());
            }
            let checked_out = inner.git.text(&["rev-parse", "HEAD"]).await?;
            remains.has_commits = !is_at_base || checked_out != facts.base;
            sweep(&inner.own);
            changes(&inner, &head, patch_max).await?
        }
        None => {
            remains.has_commits = !is_at_base;
            match &tip {
                Some(tip) => between(&repository.shared(), tip, &head, patch_max).await?,
                None => None,
            }
        }
    };
    let Some(Changes { files, patch, nested }) = found else {
        remains.files = Some(Vec::new());
        return Ok(());
    };
    remains.files = Some(files);
    if !nested.is_empty() {
        return Err(format!("it holds repositories of their own: {}", nested.join(", ")));
    }
    if patch.is_none() {
        return Err(format!("its patch has more than {patch_max} bytes"));
    }
    remains.patch = patch;
    Ok(())
}
