//! What objects hold.

use baton_guest::ToolError;

use crate::{Id, damaged};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A directory.
    Tree,
    /// The content of a file.
    Blob,
    /// A tag with a message.
    Tag,
}

impl Kind {
    /// As git writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    /// From what git writes.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag].into_iter().find(|one| one.name() == name)
    }
}

/// Who did something, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Seconds since 1970 in UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: Id,
    /// The directory it records.
    pub tree: Id,
    /// What it follows.
    pub parents: Vec<Id>,
    /// Who wrote it.
    pub author: Signature,
    /// Who recorded it.
    pub committer: Signature,
    /// Its message.
    pub message: String,
}

impl Commit {
    /// Reads the content of a commit.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(id: Id, content: &[u8]) -> Result<Self, ToolError> {
        let text = String::from_utf8_lossy(content);
        let (head, message) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
        let mut commit = Self {
            id,
            tree: id,
            parents: Vec::new(),
            author: Signature::default(),
            committer: Signature::default(),
            message: message.to_owned(),
        };
        let mut has_tree = false;
        // A line that begins with a space continues a field of another kind.
        for line in head.lines().filter(|line| !line.starts_with(' ')) {
            let (name, value) = line.split_once(' ').unwrap_or((line, ""));
            let object =
                || Id::from_hex(value).ok_or_else(|| damaged(format!("commit {id}: {name}")));
            match name {
                "tree" => {
                    commit.tree = object()?;
                    has_tree = true;
                }
                "parent" => commit.parents.push(object()?),
                "author" => commit.author = Signature::parse(value),
                "committer" => commit.committer = Signature::parse(value),
                _ => {}
            }
        }
        if has_tree { Ok(commit) } else { Err(damaged(format!("commit {id} has no tree"))) }
    }

    /// The content of this commit. Its own name plays no part.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("tree {}\n", self.tree);
        for parent in &self.parents {
            text.push_str(&format!("parent {parent}\n"));
        }
        text.push_str(&format!("author {}\n", self.author.line()));
        text.push_str(&format!("committer {}\n\n{}", self.committer.line(), self.message));
        text.into_bytes()
    }
}

impl Signature {
    /// Reads `Name <address> seconds +hhmm`; what cannot be read is left empty, as git does.
    fn parse(text: &str) -> Self {
        let (name, rest) = text.split_once('<').unwrap_or((text, ""));
        let (email, rest) = rest.split_once('>').unwrap_or((rest, ""));
        let mut words = rest.split_whitespace();
        let seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let offset: i32 = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        Self {
            name: name.trim().to_owned(),
            email: email.to_owned(),
            seconds,
            offset_minutes: offset / 100 * 60 + offset % 100,
        }
    }

    fn line(&self) -> String {
        let minutes = self.offset_minutes.unsigned_abs();
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let Self { name, email, seconds, .. } = self;
        format!("{name} <{email}> {seconds} {sign}{hours:02}{minutes:02}")
    }
}

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A file that can be executed.
    Executable,
    /// A symbolic link.
    Link,
    /// A directory.
    Tree,
    /// A commit of another repository.
    Module,
}

impl Mode {
    fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Tree => "40000",
            Self::Module => "160000",
        }
    }

    fn parse(octal: &[u8]) -> Option<Self> {
        Some(match octal {
            b"40000" | b"040000" => Self::Tree,
            b"120000" => Self::Link,
            b"160000" => Self::Module,
            b"100755" => Self::Executable,
            other => return other.starts_with(b"100").then_some(Self::File),
        })
    }
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it is.
    pub mode: Mode,
    /// Its name, bytes that are not UTF-8 as they are.
    pub name: Vec<u8>,
    /// Its object.
    pub id: Id,
}

impl TreeEntry {
    /// Its name as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Reads the content of a directory.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse_all(mut content: &[u8]) -> Result<Vec<Self>, ToolError> {
        let mut entries = Vec::new();
        while !content.is_empty() {
            let entry = Self::parse(&mut content).ok_or_else(|| damaged("a directory"))?;
            entries.push(entry);
        }
        Ok(entries)
    }

    fn parse(content: &mut &[u8]) -> Option<Self> {
        let space = content.iter().position(|byte| *byte == b' ')?;
        let nul = content.iter().position(|byte| *byte == 0)?;
        let mode = Mode::parse(content.get(..space)?)?;
        let name = content.get(space + 1..nul)?.to_vec();
        let id = Id::from_bytes(content.get(nul + 1..)?)?;
        *content = content.get(nul + 1 + Id::BYTES..)?;
        Some(Self { mode, name, id })
    }

    /// Git sorts a directory as if its name ended with `/`.
    fn sort_key(&self) -> Vec<u8> {
        let mut key = self.name.clone();
        if self.mode == Mode::Tree {
            key.push(b'/');
        }
        key
    }
}

/// The content of a directory with these entries, in the order that git wants.
#[must_use]
pub fn tree_bytes(mut entries: Vec<TreeEntry>) -> Vec<u8> {
    entries.sort_by_key(TreeEntry::sort_key);
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(entry.mode.octal().as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.bytes());
    }
    bytes
}
