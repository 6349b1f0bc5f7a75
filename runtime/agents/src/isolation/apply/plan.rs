//! What applying a patch would write, found out in temporary trees.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::ApplyError;
use super::conflict::{Conflict, Merged};
use super::look::{Content, Look, is_git, leads_inside, look};
use super::objects::Objects;
use crate::isolation::changes::{LINK_MODE, RawChange, Scratch, difference, files, sweep};
use crate::isolation::git::{Git, Repository};
use crate::isolation::patch::{FileChange, Head};

/// Mode of a symbolic link.
pub(super) const SYMLINK_MODE: &str = "120000";
/// Mode of a file that may be executed.
pub(super) const EXECUTABLE_MODE: &str = "100755";
/// What git writes where there is nothing.
pub(super) const NOTHING_MODE: &str = "000000";

/// What came out.
#[derive(Debug)]
pub enum Planned {
    /// All of it fits.
    Fits(Plan),
    /// All of it is there already.
    Applied,
    /// Some of it does not fit, and nothing is to be written.
    Conflicts(Vec<Conflict>),
}

/// What is to be written.
#[derive(Debug)]
pub struct Plan {
    pub(super) task: String,
    pub(super) changes: Vec<Change>,
    /// The files that will change, for people.
    pub files: Vec<FileChange>,
}

/// One path that will change.
#[derive(Debug)]
pub(super) struct Change {
    /// From the top of the working tree.
    pub(super) path: String,
    /// What is there.
    pub(super) old: Option<Content>,
    /// What will be there.
    pub(super) new: Option<Content>,
}

pub(super) async fn plan(
    repository: &Repository,
    patch: &[u8],
    three_way: bool,
) -> Result<Planned, ApplyError> {
    let (head, diff) = Head::read(patch).ok_or(ApplyError::NoPatch)?;
    // Nobody else applies now.
    sweep(&repository.own);
    let scratch = Scratch::new(repository)?;
    let git = scratch.git();
    let base = format!("{}^{{commit}}", head.base);
    if git.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &base]).await.is_err() {
        return Err(ApplyError::NoBase { base: head.base, top: repository.top.clone() });
    }
    let theirs = patched(&scratch, &head.base, diff).await?;
    let asked = difference(git, &head.base, &theirs, false).await?;
    let refused = refused(git, &asked, &head.root).await?;
    if !refused.is_empty() {
        return Ok(Planned::Conflicts(refused));
    }
    let yours = working_tree(repository, &scratch, &asked).await?;
    let result = if three_way {
        let merged = merge(git, &head.base, &yours.tree, &theirs).await?;
        if !(merged.messages.is_empty() && merged.stages.is_empty()) {
            return Ok(Planned::Conflicts(merged.conflicts(&scratch).await?));
        }
        merged.tree
    } else {
        match fitted(&scratch, &yours.tree, diff).await? {
            Ok(tree) => tree,
            Err(conflicts) => return Ok(Planned::Conflicts(conflicts)),
        }
    };
    let raw = difference(git, &yours.tree, &result, false).await?;
    let (changes, conflicts) = changes(repository, git, &yours, &raw).await?;
    if !conflicts.is_empty() {
        return Ok(Planned::Conflicts(conflicts));
    }
    if changes.is_empty() {
        return Ok(Planned::Applied);
    }
    let written: BTreeSet<&str> = changes.iter().map(|change| change.path.as_str()).collect();
    let mut files = files(&raw);
    files.retain(|file| written.contains(file.path.as_str()));
    Ok(Planned::Fits(Plan { task: head.task, changes, files }))
}

/// The tree that the patch makes of its base.
async fn patched(scratch: &Scratch, base: &str, diff: &[u8]) -> Result<String, ApplyError> {
    let git = scratch.indexed("theirs");
    git.text(&["read-tree", base]).await?;
    git.bytes(&APPLY, diff).await?;
    Ok(git.text(&["write-tree"]).await?)
}

/// Applies a patch to an index alone.
const APPLY: [&str; 4] = ["apply", "--cached", "--whitespace=nowarn", "-"];

/// What no patch may bring, whatever the working tree is.
async fn refused(git: &Git, asked: &[RawChange], root: &str) -> Result<Vec<Conflict>, ApplyError> {
    let mut refused = Vec::new();
    for change in asked {
        let name = String::from_utf8_lossy(&change.path);
        let path = Path::new(OsStr::from_bytes(&change.path));
        let why = if std::str::from_utf8(&change.path).is_err() {
            Some(("name", "its name is no UTF-8"))
        } else if is_git(path) {
            Some(("git-directory", "it is inside git's own directory"))
        } else if !name.starts_with(root) {
            Some(("outside-root", "it is outside the directory that the run was granted"))
        } else if change.new_mode == LINK_MODE || change.old_mode == LINK_MODE {
            Some(("submodule", "it is a repository of its own"))
        } else if change.new_mode == SYMLINK_MODE {
            let target = git.bytes(&["cat-file", "blob", &change.new], &[]).await?;
            let target = Path::new(OsStr::from_bytes(&target));
            let inside = leads_inside(Path::new(root), path, target);
            (!inside).then_some(("link-outside", "it is a link that leads outside"))
        } else {
            None
        };
        refused.extend(why.map(|(kind, message)| Conflict::new(&name, kind, message)));
    }
    Ok(refused)
}

/// The working tree as git sees it.
struct Yours {
    tree: String,
    /// Paths in the middle of a merge of the person's own.
    unmerged: BTreeSet<Vec<u8>>,
}

/// The tracked files as they are now, and those that git does not know but which are already as the
/// patch wants them. Nothing of it is kept in the repository.
async fn working_tree(
    repository: &Repository,
    scratch: &Scratch,
    asked: &[RawChange],
) -> Result<Yours, ApplyError> {
    let git = scratch.indexed("yours");
    let unmerged = if scratch.copy_index(&repository.index, "yours")? {
        let listed = git.bytes(&["ls-files", "--unmerged", "-z"], &[]).await?;
        let lines = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        let path = |line: &[u8]| line.splitn(2, |byte| *byte == b'\t').nth(1).map(<[u8]>::to_vec);
        lines.filter_map(path).collect()
    } else {
        BTreeSet::new()
    };
    git.text(&["add", "--update", "."]).await?;
    let listed = git.bytes(&["ls-files", "-z"], &[]).await?;
    let tracked: BTreeSet<&[u8]> = listed.split(|byte| *byte == 0).collect();
    let objects = Objects::read(&git, asked).await?;
    for change in asked.iter().filter(|change| change.new_mode != NOTHING_MODE) {
        let name = String::from_utf8_lossy(&change.path);
        let found = look(&repository.top, Path::new(&*name));
        if let (false, Ok(Look::Is(found))) = (tracked.contains(&*change.path), found)
            && objects.is_same(&found, &change.new_mode, &change.new, &name).await?
        {
            let entry = format!("{},{},{name}", change.new_mode, change.new);
            git.text(&["update-index", "--add", "--cacheinfo", &entry]).await?;
        }
    }
    Ok(Yours { tree: git.text(&["write-tree"]).await?, unmerged })
}

/// Merges two trees that come from one commit.
async fn merge(git: &Git, base: &str, yours: &str, theirs: &str) -> Result<Merged, ApplyError> {
    let named = |git: &Git| {
        ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]
            .iter()
            .fold(git.clone(), |git, name| git.with(name, "baton"))
    };
    let git = named(git);
    let commit = async |tree: &str| {
        git.text(&["commit-tree", "--no-gpg-sign", "-p", base, "-m", "baton", tree]).await
    };
    let (yours, theirs) = (commit(yours).await?, commit(theirs).await?);
    let arguments = ["merge-tree", "--write-tree", "-z", "--messages", &yours, &theirs];
    let output = git.output(&arguments, &[]).await?;
    // With conflicts it ends with code 1, and a tree all the same.
    if !matches!(output.status.code(), Some(0 | 1)) {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ApplyError::Git(format!("git merge-tree: {why}")));
    }
    let mut merged = Merged::parse(&output.stdout)
        .ok_or_else(|| ApplyError::Git("git merge-tree answered with what is no merge".into()))?;
    for (_, _, message) in &mut merged.messages {
        // Nobody knows these commits.
        *message = message.replace(&yours, "your files").replace(&theirs, "the patch");
    }
    Ok(merged)
}

/// The tree that the patch makes of the working tree, if every change fits as it is.
async fn fitted(
    scratch: &Scratch,
    yours: &str,
    diff: &[u8],
) -> Result<Result<String, Vec<Conflict>>, ApplyError> {
    let git = scratch.indexed("fitted");
    git.text(&["read-tree", yours]).await?;
    let output = git.output(&APPLY, diff).await?;
    if output.status.success() {
        return Ok(Ok(git.text(&["write-tree"]).await?));
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let mut conflicts: BTreeMap<&str, Conflict> = BTreeMap::new();
    for line in words.lines().filter_map(|line| line.strip_prefix("error: ")) {
        let (path, why) = match line.strip_prefix("patch failed: ") {
            Some(place) => match place.rsplit_once(':') {
                Some((path, line)) => (path, format!("the lines at {line} are not as they were")),
                None => (place, "its lines are not as they were".into()),
            },
            None => line.split_once(": ").map_or((line, line.into()), |(p, w)| (p, w.into())),
        };
        conflicts.entry(path).or_insert_with(|| Conflict::new(path, "content", &why));
    }
    if conflicts.is_empty() {
        return Err(ApplyError::Git(format!("git apply: {}", words.trim())));
    }
    Ok(Err(conflicts.into_values().collect()))
}

/// What has to be written for a difference of trees, and what stands in the way.
async fn changes(
    repository: &Repository,
    git: &Git,
    yours: &Yours,
    raw: &[RawChange],
) -> Result<(Vec<Change>, Vec<Conflict>), ApplyError> {
    let top = &repository.top;
    let objects = Objects::read(git, raw).await?;
    let deleted: BTreeSet<PathBuf> = raw
        .iter()
        .filter(|change| change.new_mode == NOTHING_MODE)
        .map(|change| PathBuf::from(OsStr::from_bytes(&change.path)))
        .collect();
    let (mut changes, mut conflicts) = (Vec::new(), Vec::new());
    for change in raw {
        let Ok(name) = std::str::from_utf8(&change.path) else {
            let name = String::from_utf8_lossy(&change.path);
            conflicts.push(Conflict::new(&name, "name", "its name is no UTF-8"));
            continue;
        };
        let path = Path::new(name);
        let mut conflict = |kind, message: &str| conflicts.push(Conflict::new(name, kind, message));
        if yours.unmerged.contains(&change.path) {
            conflict("unmerged", "it is in the middle of a merge");
            continue;
        }
        if is_git(path) || change.old_mode == LINK_MODE || change.new_mode == LINK_MODE {
            conflict("submodule", "it belongs to git or is a repository of its own");
            continue;
        }
        let new = objects.content(change, name).await?;
        let seen = look(top, path).map_err(|error| ApplyError::file(&top.join(path), &error))?;
        let old = match seen {
            Look::Is(content) => Some(content),
            Look::Absent => None,
            Look::Directory if only_holds(top, path, &deleted) => None,
            Look::Through(above) if deleted.contains(above.strip_prefix(top).unwrap_or(&above)) => {
                None
            }
            Look::Through(above) => {
                conflict("in-the-way", &format!("{} is no directory", above.display()));
                continue;
            }
            Look::Directory => {
                conflict("in-the-way", "a directory with other files is in its place");
                continue;
            }
            Look::Other => {
                conflict("in-the-way", "it is neither a file nor a link");
                continue;
            }
        };
        if old == new {
            continue;
        }
        let is_known = change.old_mode != NOTHING_MODE;
        match &old {
            Some(_) if !is_known => {
                conflict("untracked", "a file that git does not know is in its place");
            }
            None if is_known && new.is_some() => {
                conflict("hidden", "git was told not to see that it is missing");
            }
            Some(content)
                if is_known
                    && !objects.is_same(content, &change.old_mode, &change.old, name).await? =>
            {
                conflict(
                    "hidden",
                    "it has changes that git was told not to see, or a filter that is not run",
                );
            }
            _ => changes.push(Change { path: name.to_owned(), old, new }),
        }
    }
    Ok((changes, conflicts))
}

/// Whether there is nothing in a directory but files that the patch deletes.
fn only_holds(top: &Path, path: &Path, deleted: &BTreeSet<PathBuf>) -> bool {
    let Ok(entries) = fs::read_dir(top.join(path)) else { return false };
    entries.into_iter().all(|entry| {
        entry.is_ok_and(|entry| {
            let inner = path.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => only_holds(top, &inner, deleted),
                Ok(_) => deleted.contains(&inner),
                Err(_) => false,
            }
        })
    })
}
