//! A repository as a whole.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use baton_guest::ToolError;
use baton_tool_kit::Tree;

use crate::object::{Commit, Kind, Mode, TreeEntry};
use crate::pack::Pack;
use crate::{Id, damaged, io, loose};

/// Largest object that is read or written, in bytes: a guest holds several versions of one at once.
pub const OBJECT_BYTES_MAX: u64 = 8 << 20;

/// Longest way from one tag to what it is for.
const TAGS_MAX: usize = 16;

/// A repository below the granted directory.
pub struct Repository {
    pub(crate) folder: PathBuf,
    packs: OnceCell<Vec<Pack>>,
}

impl Repository {
    /// The repository whose working tree is the granted directory.
    ///
    /// # Errors
    /// When there is none, its `.git` lies elsewhere, or it is of a kind that is not known here.
    pub fn open(tree: &Tree) -> Result<Self, ToolError> {
        let folder = tree.root().join(".git");
        if folder.is_file() {
            let message = "the repository of the granted directory lies in another one";
            return Err(ToolError::failed("separate-git-dir", message));
        }
        if !folder.join("HEAD").is_file() {
            let message = "the granted directory is no git repository, or its `.git` was not granted: \
                           name `.git/**` in the grant";
            return Err(ToolError::failed("not-a-repository", message));
        }
        let config = fs::read_to_string(folder.join("config")).unwrap_or_default();
        let config = config.to_ascii_lowercase().replace([' ', '\t'], "");
        if config.contains("objectformat=sha256") || config.contains("refstorage=reftable") {
            let message = "repositories with SHA-256 names or a reference table are not known here";
            return Err(ToolError::failed("unsupported-repository", message));
        }
        Ok(Self { folder, packs: OnceCell::new() })
    }

    fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    fn packs(&self) -> Result<&[Pack], ToolError> {
        if let Some(packs) = self.packs.get() {
            return Ok(packs);
        }
        let mut packs = Vec::new();
        // A repository without packs may be without their folder, too.
        if let Ok(entries) = fs::read_dir(self.objects().join("pack")) {
            let mut places: Vec<PathBuf> =
                entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            places.sort();
            for place in places.iter().filter(|place| is_index(place)) {
                packs.push(Pack::open(place)?);
            }
        }
        Ok(self.packs.get_or_init(|| packs))
    }

    /// Reads an object.
    ///
    /// # Errors
    /// When it is not there, damaged, or larger than [`OBJECT_BYTES_MAX`].
    pub fn read(&self, id: Id) -> Result<(Kind, Vec<u8>), ToolError> {
        self.read_within(id, 0)
    }

    fn read_within(&self, id: Id, depth: usize) -> Result<(Kind, Vec<u8>), ToolError> {
        if let Some(found) = loose::read(&self.objects(), id)? {
            return Ok(found);
        }
        for pack in self.packs()? {
            if let Some(place) = pack.find(id)? {
                let other = |base| {
                    if depth > 64 {
                        return Err(damaged(format!("object {id}")));
                    }
                    self.read_within(base, depth + 1)
                };
                return pack.read(place, &other);
            }
        }
        let borrows = self.objects().join("info/alternates").is_file();
        let why = if borrows { ": it borrows objects of another repository" } else { "" };
        let message = format!("object {id} is not in the repository{why}");
        Err(ToolError::failed("object-missing", message))
    }

    /// Writes an object, if it is not there, and brings its name.
    ///
    /// # Errors
    /// When it is too large or cannot be written.
    pub fn write(&self, kind: Kind, content: &[u8]) -> Result<Id, ToolError> {
        if content.len() as u64 > OBJECT_BYTES_MAX {
            return Err(too_large(Id::of(kind, content)));
        }
        let id = Id::of(kind, content);
        for pack in self.packs()? {
            if pack.find(id)?.is_some() {
                return Ok(id);
            }
        }
        loose::write(&self.objects(), kind, content)
    }

    /// Reads a commit; of a tag, what it is for.
    ///
    /// # Errors
    /// As [`Repository::read`], and when the object is no commit.
    pub fn commit(&self, id: Id) -> Result<Commit, ToolError> {
        let (id, kind, content) = self.without_tags(id)?;
        if kind == Kind::Commit {
            return Commit::parse(id, &content);
        }
        let message = format!("{id} is a {}, not a commit", kind.name());
        Err(ToolError::invalid_input("not-a-commit", message))
    }

    fn without_tags(&self, id: Id) -> Result<(Id, Kind, Vec<u8>), ToolError> {
        let mut id = id;
        for _ in 0..TAGS_MAX {
            let (kind, content) = self.read(id)?;
            if kind != Kind::Tag {
                return Ok((id, kind, content));
            }
            let text = String::from_utf8_lossy(&content);
            let target = text.lines().next().and_then(|line| line.strip_prefix("object "));
            id = target.and_then(Id::from_hex).ok_or_else(|| damaged(format!("tag {id}")))?;
        }
        Err(damaged(format!("tag {id} is for tags only")))
    }

    /// Reads a directory.
    ///
    /// # Errors
    /// As [`Repository::read`], and when the object is no directory.
    pub fn tree(&self, id: Id) -> Result<Vec<TreeEntry>, ToolError> {
        match self.read(id)? {
            (Kind::Tree, content) => TreeEntry::parse_all(&content),
            (kind, _) => Err(damaged(format!("{id} is a {}, not a directory", kind.name()))),
        }
    }

    /// Reads the content of a file.
    ///
    /// # Errors
    /// As [`Repository::read`], and when the object is no content of a file.
    pub fn blob(&self, id: Id) -> Result<Vec<u8>, ToolError> {
        match self.read(id)? {
            (Kind::Blob, content) => Ok(content),
            (kind, _) => Err(damaged(format!("{id} is a {}, not a file", kind.name()))),
        }
    }

    /// What is at a path below a directory; none if nothing is there. The directory itself at the
    /// empty path.
    ///
    /// # Errors
    /// As [`Repository::read`].
    pub fn at_path(&self, tree: Id, path: &str) -> Result<Option<(Mode, Id)>, ToolError> {
        let mut found = (Mode::Tree, tree);
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if found.0 != Mode::Tree {
                return Ok(None);
            }
            let entries = self.tree(found.1)?;
            match entries.into_iter().find(|entry| entry.name == part.as_bytes()) {
                Some(entry) => found = (entry.mode, entry.id),
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// Commits at which history was cut off: their parents are not there.
    #[must_use]
    pub fn shallow(&self) -> Vec<Id> {
        let text = fs::read_to_string(self.folder.join("shallow")).unwrap_or_default();
        text.lines().filter_map(Id::from_hex).collect()
    }

    /// Objects whose name begins with these digits.
    pub(crate) fn beginning_with(&self, prefix: &str) -> Result<Vec<Id>, ToolError> {
        let mut found = loose::beginning_with(&self.objects(), prefix);
        let first = prefix.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(first) = first {
            for pack in self.packs()? {
                let names = pack.names(first)?.into_iter();
                found.extend(names.filter(|id| id.to_string().starts_with(prefix)));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// The text of a file of the repository itself; none if it is not there.
    pub(crate) fn file(&self, name: &str) -> Result<Option<String>, ToolError> {
        match fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound
                        | std::io::ErrorKind::IsADirectory
                        | std::io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(io(&error)),
        }
    }
}

fn is_index(place: &Path) -> bool {
    place.extension().is_some_and(|extension| extension == "idx")
}

pub(crate) fn too_large(id: Id) -> ToolError {
    let message = format!("object {id} is larger than {OBJECT_BYTES_MAX} bytes");
    ToolError::failed("too-large", message)
}
