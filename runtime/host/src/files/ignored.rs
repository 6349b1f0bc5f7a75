//! `.gitignore` and `.ignore` files of the directories on the way.

use std::path::Path;

use cap_std::fs::Dir;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::IGNORE_BYTES_MAX;
use super::error::{Result, ignore_files_too_large, passed_over};
use super::path::join;
use super::read::bytes;
use super::root::Located;

/// The rules in force, outermost directory first.
pub(super) struct Ignored {
    levels: Vec<Level>,
    /// Bytes of ignore files that may still be read.
    left: u64,
}

struct Level {
    /// Bytes of a path that lead to this directory, its slash included.
    prefix: usize,
    dot_ignore: Gitignore,
    gitignore: Gitignore,
}

impl Ignored {
    pub(super) fn new() -> Self {
        Self { levels: Vec::new(), left: IGNORE_BYTES_MAX }
    }

    /// Adds the rules of a directory.
    pub(super) fn enter(&mut self, dir: &Dir, path: &str) -> Result<()> {
        let dot_ignore = self.rules(dir, path, ".ignore")?;
        let gitignore = self.rules(dir, path, ".gitignore")?;
        self.levels.push(Level {
            prefix: if path.is_empty() { 0 } else { path.len() + 1 },
            dot_ignore,
            gitignore,
        });
        Ok(())
    }

    /// Drops the rules of the directory entered last.
    pub(super) fn leave(&mut self) {
        self.levels.pop();
    }

    /// Whether a path directly in the directory entered last is left out. The deepest file that
    /// says something decides, `.ignore` files before `.gitignore` files. Nothing is brought back
    /// below a directory that is left out, because nobody looks there.
    pub(super) fn leaves_out(&self, path: &str, directory: bool) -> bool {
        let verdict = |rules: fn(&Level) -> &Gitignore| {
            self.levels.iter().rev().find_map(|level| {
                let inside = path.get(level.prefix..)?;
                match rules(level).matched(Path::new(inside), directory) {
                    Match::None => None,
                    Match::Ignore(_) => Some(true),
                    Match::Whitelist(_) => Some(false),
                }
            })
        };
        verdict(|level| &level.dot_ignore)
            .or_else(|| verdict(|level| &level.gitignore))
            .unwrap_or(false)
    }

    /// The rules of one file; none where it is missing or is not a regular file. Like Git, this
    /// does not follow a link of that name.
    fn rules(&mut self, dir: &Dir, path: &str, name: &str) -> Result<Gitignore> {
        let Ok(metadata) = dir.symlink_metadata(name) else {
            return Ok(Gitignore::empty());
        };
        if metadata.is_file() && metadata.len() > self.left {
            return Err(ignore_files_too_large());
        }
        let located = Located { parent: dir, name, metadata: &metadata };
        let content = match bytes(&located, &join(path, name), self.left) {
            Ok(content) => content,
            Err(error) if passed_over(&error) => return Ok(Gitignore::empty()),
            Err(error) => return Err(error),
        };
        self.left = self.left.saturating_sub(content.len() as u64);
        Ok(parse(&content))
    }
}

/// Lines that are not UTF-8 or no pattern are passed over, as Git does.
fn parse(content: &[u8]) -> Gitignore {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let mut builder = GitignoreBuilder::new("");
    for line in content.split(|&byte| byte == b'\n') {
        if let Ok(line) = str::from_utf8(line) {
            let _ = builder.add_line(None, line);
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
