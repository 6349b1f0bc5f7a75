//! What changed in a working tree since a commit.

use std::fs;
use std::path::{Path, PathBuf};

use super::git::{Git, Repository};
use super::patch::{FileChange, Head};

/// What changed in a worktree.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    /// The files.
    pub(crate) files: Vec<FileChange>,
    /// All of it as a patch; nothing: it has more bytes than it may.
    pub(crate) patch: Option<Vec<u8>>,
    /// Folders that are repositories of their own: what is in them is not in the patch.
    pub(crate) nested: Vec<String>,
}

/// Objects of a repository with a place beside it for new ones, which disappears with this.
pub(crate) struct Scratch {
    directory: tempfile::TempDir,
    git: Git,
}

impl Scratch {
    /// A place inside the directory that git has for the working tree.
    ///
    /// # Errors
    /// In words, when it cannot be made.
    pub(crate) fn new(repository: &Repository) -> Result<Self, String> {
        let cannot = |error: std::io::Error| format!("no temporary objects: {error}");
        let directory =
            tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&repository.own).map_err(cannot)?;
        let objects = directory.path().join("objects");
        fs::create_dir_all(objects.join("info")).map_err(cannot)?;
        let mut line = repository.objects.clone().into_os_string().into_encoded_bytes();
        line.push(b'\n');
        fs::write(objects.join("info/alternates"), line).map_err(cannot)?;
        let git = repository.git.with("GIT_OBJECT_DIRECTORY", objects);
        Ok(Self { directory, git })
    }

    /// Git that reads all objects and writes new ones to this place.
    pub(crate) fn git(&self) -> &Git {
        &self.git
    }

    /// A file of this name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The same git with an index of its own.
    pub(crate) fn indexed(&self, name: &str) -> Git {
        self.git.with("GIT_INDEX_FILE", self.path(name))
    }

    /// A copy of an index. What git knows of times in it stays true only if it looks as old as it is.
    ///
    /// # Errors
    /// In words, when it cannot be copied.
    pub(crate) fn copy_index(&self, index: &Path, name: &str) -> Result<bool, String> {
        let cannot = |error: std::io::Error| format!("the index cannot be copied: {error}");
        let made = match fs::metadata(index) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(cannot(error)),
            Ok(metadata) => metadata.modified().map_err(cannot)?,
        };
        let copy = self.path(name);
        fs::copy(index, &copy).map_err(cannot)?;
        let file = fs::File::options().write(true).open(&copy).map_err(cannot)?;
        file.set_modified(made).map_err(cannot)?;
        Ok(true)
    }
}

/// Begins the names of temporary folders.
const SCRATCH: &str = "baton-scratch-";

/// Takes away what killed processes left of theirs, where nobody works now.
pub(crate) fn sweep(own: &Path) {
    for entry in fs::read_dir(own).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Mode of an entry that is a repository of its own.
pub(crate) const LINK_MODE: &str = "160000";

/// One line of `git diff-tree --raw -z`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawChange {
    pub(crate) old_mode: String,
    pub(crate) new_mode: String,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) status: u8,
    pub(crate) path: Vec<u8>,
    /// Where it was before, of renames.
    pub(crate) from: Option<Vec<u8>>,
}

/// The differences between two trees.
///
/// # Errors
/// In words, when git fails.
pub(crate) async fn difference(
    git: &Git,
    from: &str,
    to: &str,
    renames: bool,
) -> Result<Vec<RawChange>, String> {
    let detect = if renames { "-M" } else { "--no-renames" };
    let arguments =
        ["diff-tree", "-r", "-z", "--raw", "--full-index", "--no-ext-diff", detect, from, to];
    let bytes = git.bytes(&arguments, &[]).await?;
    let mut fields = bytes.split(|byte| *byte == 0);
    let mut changes = Vec::new();
    while let Some(head) = fields.next().filter(|head| !head.is_empty()) {
        let odd = || "git answered with what is no difference".to_owned();
        let head = std::str::from_utf8(head).map_err(|_| odd())?;
        let mut words = head.trim_start_matches(':').split(' ');
        let mut word = || words.next().map(ToOwned::to_owned).ok_or_else(odd);
        let (old_mode, new_mode, old, new, status) = (word()?, word()?, word()?, word()?, word()?);
        let first = fields.next().ok_or_else(odd)?.to_vec();
        let status = status.bytes().next().ok_or_else(odd)?;
        let (path, from) = if matches!(status, b'R' | b'C') {
            (fields.next().ok_or_else(odd)?.to_vec(), Some(first))
        } else {
            (first, None)
        };
        changes.push(RawChange { old_mode, new_mode, old, new, status, path, from });
    }
    Ok(changes)
}

/// The files of a difference for people.
pub(crate) fn files(changes: &[RawChange]) -> Vec<FileChange> {
    let text = |path: &Vec<u8>| String::from_utf8_lossy(path).into_owned();
    let file = |change: &RawChange| FileChange {
        kind: match change.status {
            b'A' => "added",
            b'D' => "deleted",
            b'R' => "renamed",
            b'T' => "type-changed",
            _ => "modified",
        },
        path: text(&change.path),
        from: change.from.as_ref().map(text),
    };
    changes.iter().map(file).collect()
}

/// What changed in the working tree of a repository since the commit that a head names: commits,
/// what is staged, what is not, and files that git does not know yet, but not ignored ones. Nothing:
/// all is as it was.
///
/// # Errors
/// In words, when git cannot say. Nothing was changed.
pub(crate) async fn changes(
    repository: &Repository,
    head: &Head,
    patch_max: u64,
) -> Result<Option<Changes>, String> {
    let scratch = Scratch::new(repository)?;
    let git = scratch.indexed("index");
    if !scratch.copy_index(&repository.index, "index")? {
        git.text(&["read-tree", &head.base]).await?;
    }
    git.text(&["add", "--all", "."]).await?;
    let tree = git.text(&["write-tree"]).await?;
    between(scratch.git(), &tree, head, patch_max).await
}

/// What changed from the base of a head to a tree or commit.
///
/// # Errors
/// In words, when git cannot say.
pub(crate) async fn between(
    git: &Git,
    tree: &str,
    head: &Head,
    patch_max: u64,
) -> Result<Option<Changes>, String> {
    let raw = difference(git, &head.base, tree, true).await?;
    if raw.is_empty() {
        return Ok(None);
    }
    let files = files(&raw);
    let nested = raw.iter().filter(|change| change.new_mode == LINK_MODE);
    let nested = nested.map(|change| String::from_utf8_lossy(&change.path).into_owned()).collect();
    let mut patch = head.write(&files).into_bytes();
    let arguments = [
        "diff-tree",
        "-r",
        "-p",
        "-M",
        "--binary",
        "--full-index",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        &head.base,
        tree,
    ];
    let room = patch_max.saturating_sub(patch.len() as u64);
    let patch = match git.bounded(&arguments, &[], room).await? {
        None => None,
        Some(output) if output.status.success() => {
            patch.extend(output.stdout);
            Some(patch)
        }
        Some(output) => return Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    };
    Ok(Some(Changes { files, patch, nested }))
}
