//! The change under review: where it comes from, and its parts.

mod patch;
mod sources;

pub use patch::{Part, find, parse};
pub use sources::obtain;

/// Bytes of patches that one reviewer gets, where a single file does not have more.
const BATCH_BYTES: usize = 32 << 10;
/// Bytes of a single file's patch that a reviewer gets.
pub const PART_BYTES_MAX: usize = 192 << 10;

/// A change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What is compared, in words.
    pub title: String,
    /// Files to review.
    pub parts: Vec<Part>,
    /// Files that are not reviewed, and why.
    pub skipped: Vec<(String, String)>,
    /// Whether the files in the root are as they are after the change.
    pub on_disk: bool,
}

impl Change {
    /// The parts by groups of moderate size, each for one reviewer and concern.
    #[must_use]
    pub fn batches(&self) -> Vec<&[Part]> {
        let mut batches = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (at, part) in self.parts.iter().enumerate() {
            let size = part.text.len();
            if at > start && bytes + size > BATCH_BYTES {
                batches.extend(self.parts.get(start..at));
                (start, bytes) = (at, 0);
            }
            bytes += size;
        }
        batches.extend(self.parts.get(start..).filter(|rest| !rest.is_empty()));
        batches
    }

    /// The part that changes a file.
    #[must_use]
    pub fn part(&self, path: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.path == path)
    }
}

/// Why nobody reviews a file, if that is so: what programs write is not read by people either.
#[must_use]
pub fn generated(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let locks = [
        "Cargo.lock",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
        "go.sum",
        "Gemfile.lock",
        "composer.lock",
    ];
    if locks.contains(&name) {
        return Some("a lock file");
    }
    let endings = [".min.js", ".min.css", ".map", ".snap", ".pb.go", "_pb2.py"];
    endings.iter().any(|ending| name.ends_with(ending)).then_some("written by a program")
}
