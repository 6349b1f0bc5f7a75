//! The patch of an isolated agent: what it changed, as text that `git apply` takes, after a few lines
//! that say where it belongs.

use std::fmt::Write as _;

use serde::Serialize;

/// Name of the artifact that holds what an isolated agent changed.
pub const PATCH_NAME: &str = "changes.patch";
/// Its media type.
pub const PATCH_TYPE: &str = "text/x-diff";

/// Begins the first line.
const TASK: &str = "Baton-Task: ";
const BASE: &str = "Baton-Base: ";
const ROOT: &str = "Baton-Root: ";
/// Begins the first change.
const CHANGE: &[u8] = b"diff --git ";

/// One file that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// `added`, `modified`, `deleted`, `renamed` or `type-changed`.
    pub kind: &'static str,
    /// Its path from the top of the repository.
    pub path: String,
    /// Where it was before, if it was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl FileChange {
    /// In one word and its path, on one line.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.from {
            Some(from) => format!("{} {} from {}", self.kind, plain(&self.path), plain(from)),
            None => format!("{} {}", self.kind, plain(&self.path)),
        }
    }
}

/// A path on one line.
fn plain(path: &str) -> String {
    if path.chars().any(char::is_control) { format!("{path:?}") } else { path.to_owned() }
}

/// Where a patch belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The task that made it.
    pub task: String,
    /// The commit it began with.
    pub base: String,
    /// What the granted directory is in the repository: empty, or with a slash at its end.
    pub root: String,
}

impl Head {
    /// The lines before the first change.
    pub(crate) fn write(&self, files: &[FileChange]) -> String {
        let Self { task, base, root } = self;
        let mut text = format!("{TASK}{task}\n{BASE}{base}\n{ROOT}{root}\n\n");
        for file in files {
            // Writing to a string cannot fail.
            let _ = writeln!(text, " {}", file.words());
        }
        text.push('\n');
        text
    }

    /// Where a patch says that it belongs, and its changes. Nothing: it is none of ours.
    #[must_use]
    pub fn read(patch: &[u8]) -> Option<(Self, &[u8])> {
        let start = if patch.starts_with(CHANGE) {
            0
        } else {
            let after = patch.windows(CHANGE.len() + 1);
            let found = |window: &[u8]| window.first() == Some(&b'\n') && window.ends_with(CHANGE);
            after.into_iter().position(found)? + 1
        };
        let (head, changes) = patch.split_at_checked(start)?;
        let head = std::str::from_utf8(head).ok()?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let base = field(BASE)?;
        if base.len() < 40 || !base.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let head = Self {
            task: field(TASK)?.to_owned(),
            base: base.to_owned(),
            root: field(ROOT)?.to_owned(),
        };
        Some((head, changes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn head() -> Head {
        Head { task: "run_A/3".into(), base: "0".repeat(40), root: "sub/".into() }
    }

    #[test]
    fn what_was_written_is_read() {
        let file = |path: &str| FileChange { kind: "added", path: path.into(), from: None };
        let text = head().write(&[file("a"), file("b\ndiff --git a/x b/x")]);
        let patch = format!("{text}diff --git a/a b/a\nnew file mode 100644\n");
        let (read, changes) = Head::read(patch.as_bytes()).unwrap();
        assert_eq!(read, head());
        assert_eq!(changes, b"diff --git a/a b/a\nnew file mode 100644\n");
    }

    #[test]
    fn a_patch_of_somebody_else_is_not_read() {
        let whole = format!("{}diff --git a/a b/a\n", head().write(&[]));
        for patch in [
            String::new(),
            "diff --git a/a b/a\n".into(),
            whole.replace("Baton-Base", "Base"),
            whole.replace("Baton-Task", "Task"),
            whole.replace(&"0".repeat(40), "--output=x"),
            head().write(&[]),
        ] {
            assert_eq!(Head::read(patch.as_bytes()), None, "{patch}");
        }
    }
}
