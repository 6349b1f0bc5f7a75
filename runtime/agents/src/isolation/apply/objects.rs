//! From what git keeps to what is in files, and back.

use std::collections::{BTreeMap, BTreeSet};

use super::ApplyError;
use super::look::Content;
use super::plan::{EXECUTABLE_MODE, NOTHING_MODE, SYMLINK_MODE};
use crate::isolation::changes::{LINK_MODE, RawChange};
use crate::isolation::git::Git;

/// Attributes by which a file is not what git keeps of it.
const ATTRIBUTES: [&str; 6] = ["filter", "text", "crlf", "eol", "ident", "working-tree-encoding"];

/// The objects of a difference, read at once. A call of git for every file would take long.
pub(super) struct Objects<'a> {
    git: &'a Git,
    /// Paths whose files are what git keeps of them.
    plain: BTreeSet<Vec<u8>>,
    /// Bytes by object.
    blobs: BTreeMap<String, Vec<u8>>,
}

impl<'a> Objects<'a> {
    /// Reads both sides of a difference.
    pub(super) async fn read(git: &'a Git, raw: &[RawChange]) -> Result<Self, ApplyError> {
        let plain = plain(git, raw).await?;
        let mut wanted = BTreeSet::new();
        for change in raw {
            for (mode, object) in [(&change.old_mode, &change.old), (&change.new_mode, &change.new)]
            {
                let is_raw = mode == SYMLINK_MODE || plain.contains(&change.path);
                if mode.starts_with('1') && mode != LINK_MODE && is_raw {
                    wanted.insert(object.clone());
                }
            }
        }
        let blobs = batch(git, wanted).await?;
        Ok(Self { git, plain, blobs })
    }

    /// What a change puts in place, with the line ends and filters that the person's settings ask
    /// for.
    pub(super) async fn content(
        &self,
        change: &RawChange,
        name: &str,
    ) -> Result<Option<Content>, ApplyError> {
        let known = self.blobs.get(&change.new);
        let executable = change.new_mode == EXECUTABLE_MODE;
        Ok(match (change.new_mode.as_str(), known) {
            (NOTHING_MODE, _) => None,
            (SYMLINK_MODE, Some(target)) => Some(Content::Link(target.clone())),
            (SYMLINK_MODE, None) => {
                let target = self.git.bytes(&["cat-file", "blob", &change.new], &[]).await?;
                Some(Content::Link(target))
            }
            (_, Some(bytes)) if self.plain.contains(&change.path) => {
                Some(Content::File { bytes: bytes.clone(), executable })
            }
            _ => {
                let path = format!("--path={name}");
                let arguments = ["cat-file", "--filters", &path, &change.new];
                Some(Content::File { bytes: self.git.bytes(&arguments, &[]).await?, executable })
            }
        })
    }

    /// Whether what is in place is what git keeps as an object of this mode.
    pub(super) async fn is_same(
        &self,
        content: &Content,
        mode: &str,
        object: &str,
        name: &str,
    ) -> Result<bool, ApplyError> {
        let is_link = mode == SYMLINK_MODE;
        let known = self.blobs.get(object);
        let hashed = match (content, known) {
            (Content::Link(target), Some(known)) if is_link => return Ok(target == known),
            (Content::File { bytes, .. }, Some(known))
                if !is_link && self.plain.contains(name.as_bytes()) =>
            {
                return Ok(bytes == known);
            }
            (Content::Link(target), None) if is_link => {
                self.git.bytes(&["hash-object", "--no-filters", "--stdin"], target).await?
            }
            (Content::File { bytes, .. }, _) if !is_link => {
                let path = format!("--path={name}");
                self.git.bytes(&["hash-object", &path, "--stdin"], bytes).await?
            }
            _ => return Ok(false),
        };
        Ok(String::from_utf8_lossy(&hashed).trim() == object)
    }
}

/// Paths without attributes or settings that make their files something else.
async fn plain(git: &Git, raw: &[RawChange]) -> Result<BTreeSet<Vec<u8>>, ApplyError> {
    let converts = git.output(&["config", "--get", "core.autocrlf"], &[]).await?;
    if !matches!(String::from_utf8_lossy(&converts.stdout).trim(), "" | "false") {
        return Ok(BTreeSet::new());
    }
    let mut plain: BTreeSet<Vec<u8>> = raw.iter().map(|change| change.path.clone()).collect();
    let mut names = Vec::new();
    for path in &plain {
        names.extend_from_slice(path);
        names.push(0);
    }
    let arguments = [&["check-attr", "-z", "--stdin"][..], &ATTRIBUTES].concat();
    let answer = git.bytes(&arguments, &names).await?;
    let fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
    for said in fields.chunks_exact(3) {
        if let [path, _, value] = said
            && *value != b"unspecified"
        {
            plain.remove(*path);
        }
    }
    Ok(plain)
}

/// Bytes of objects. Nothing of one that is not there.
async fn batch(
    git: &Git,
    wanted: BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<u8>>, ApplyError> {
    let mut blobs = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(blobs);
    }
    let names: String = wanted.iter().map(|object| format!("{object}\n")).collect();
    let answer = git.bytes(&["cat-file", "--batch"], names.as_bytes()).await?;
    let mut rest = &answer[..];
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (head, after) = rest.split_at(end);
        let after = after.get(1..).unwrap_or_default();
        let head = String::from_utf8_lossy(head).into_owned();
        let mut words = head.split(' ');
        let (object, kind, size) = (words.next(), words.next(), words.next());
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let (Some(object), Some("blob"), Some(size)) = (object, kind, size) else {
            rest = after;
            continue;
        };
        let Some((bytes, more)) = after.split_at_checked(size) else { break };
        blobs.insert(object.to_owned(), bytes.to_vec());
        rest = more.get(1..).unwrap_or_default();
    }
    Ok(blobs)
}
