//! Which commit brought which line.

use std::collections::BTreeMap;

use baton_git_store::{Commit, Id, Mode, Repository};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Tree, inside};
use imara_diff::{Algorithm, Diff, InternedInput};
use serde::{Deserialize, Serialize};

use crate::commit::CommitInfo;
use crate::file::locate;
use crate::history::COMMITS_MAX;

/// Most ranges of lines that are returned.
const RANGES_MAX: usize = 2_000;

/// Of which file.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct BlameInput {
    /// The revision: a branch, tag, commit, `HEAD~2`, … Default: `HEAD`.
    pub revision: Option<String>,
    /// Path of the file in the repository.
    pub path: String,
    /// First line that matters, from 1. Default: the first.
    pub first: Option<usize>,
    /// Last line that matters. Default: the last.
    pub last: Option<usize>,
}

/// Lines that one commit brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct BlamedLines {
    /// First line, from 1.
    pub first: usize,
    /// Last line.
    pub last: usize,
    /// Id of the commit.
    pub commit: String,
}

/// Which commit brought which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Schema)]
pub struct BlameOutput {
    /// In order of the lines.
    pub lines: Vec<BlamedLines>,
    /// The commits that are named, newest first.
    pub commits: Vec<CommitInfo>,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// Blames. Names of files are not followed: lines that came with another name of the file belong to
/// the commit that gave it this one.
///
/// # Errors
/// When the repository cannot be read, the revision is unknown, or there is no text at the path.
pub fn blame(tree: &Tree, input: &BlameInput) -> Result<BlameOutput, ToolError> {
    let repository = Repository::open(tree)?;
    let id = repository.resolve(input.revision.as_deref().unwrap_or("HEAD"))?;
    let path = inside(&input.path)?;
    let commit = repository.commit(id)?;
    let (mode, blob) = locate(&repository, commit.tree, &path)?;
    if matches!(mode, Mode::Tree | Mode::Module) {
        return Err(ToolError::invalid_input("not-a-file", format!("`{path}` is no file")));
    }
    let count = text(&repository, blob)?.lines().count();
    let first = input.first.unwrap_or(1).max(1);
    let last = input.last.unwrap_or(count).min(count);
    let wanted = (first..=last).map(|line| (line - 1, line)).collect();
    let mut search = Search { repository: &repository, path, found: BTreeMap::new() };
    search.run(commit, blob, wanted)?;
    search.output()
}

/// Lines of a version that are looked for: their index there, and their number in the file asked for.
type Wanted = Vec<(usize, usize)>;

struct Search<'a> {
    repository: &'a Repository,
    path: String,
    /// Commits by line.
    found: BTreeMap<usize, Id>,
}

impl Search<'_> {
    fn run(&mut self, commit: Commit, blob: Id, wanted: Wanted) -> Result<(), ToolError> {
        let shallow = self.repository.shallow();
        // Newest first, so that lines which come together by two ways are looked for once.
        let mut queue: BTreeMap<(i64, Id), (Commit, Id, Wanted)> = BTreeMap::new();
        queue.insert((commit.committer.seconds, commit.id), (commit, blob, wanted));
        let mut visited = 0;
        while let Some((_, (commit, blob, mut wanted))) = queue.pop_last() {
            visited += 1;
            if visited > COMMITS_MAX {
                let message = format!("more than {COMMITS_MAX} commits would be looked at");
                return Err(ToolError::failed("too-many-commits", message));
            }
            let parents = if shallow.contains(&commit.id) { &[][..] } else { &commit.parents };
            for parent in parents {
                if wanted.is_empty() {
                    break;
                }
                let parent = self.repository.commit(*parent)?;
                let there = self.repository.at_path(parent.tree, &self.path)?;
                let Some((Mode::File | Mode::Executable | Mode::Link, before)) = there else {
                    continue;
                };
                let passed = self.passed(before, blob, &mut wanted)?;
                if !passed.is_empty() {
                    let key = (parent.committer.seconds, parent.id);
                    let entry = queue.entry(key).or_insert((parent, before, Vec::new()));
                    entry.2.extend(passed);
                }
            }
            self.found.extend(wanted.into_iter().map(|(_, line)| (line, commit.id)));
        }
        Ok(())
    }

    /// Takes the lines that the version before had already out of `wanted`, as lines of that one.
    fn passed(&self, before: Id, after: Id, wanted: &mut Wanted) -> Result<Wanted, ToolError> {
        if before == after {
            return Ok(std::mem::take(wanted));
        }
        let (before, after) = (text(self.repository, before)?, text(self.repository, after)?);
        let input = InternedInput::new(before.as_str(), after.as_str());
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_lines(&input);
        // For each line of the version after that is not new: its index before.
        let mut origins = vec![None; input.after.len()];
        let (mut old, mut new) = (0, 0);
        for hunk in diff.hunks() {
            while new < hunk.after.start as usize {
                if let Some(origin) = origins.get_mut(new) {
                    *origin = Some(old);
                }
                (old, new) = (old + 1, new + 1);
            }
            (old, new) = (hunk.before.end as usize, hunk.after.end as usize);
        }
        for origin in origins.iter_mut().skip(new) {
            *origin = Some(old);
            old += 1;
        }
        let mut passed = Vec::new();
        wanted.retain(|(index, line)| match origins.get(*index).copied().flatten() {
            Some(origin) => {
                passed.push((origin, *line));
                false
            }
            None => true,
        });
        Ok(passed)
    }

    fn output(self) -> Result<BlameOutput, ToolError> {
        let mut output = BlameOutput::default();
        for (line, id) in self.found {
            let commit = id.to_string();
            let is_full = output.lines.len() == RANGES_MAX;
            match output.lines.last_mut() {
                Some(range) if range.last + 1 == line && range.commit == commit => {
                    range.last = line
                }
                _ if is_full => {
                    output.truncated = true;
                    break;
                }
                _ => output.lines.push(BlamedLines { first: line, last: line, commit }),
            }
        }
        let mut ids: Vec<Id> =
            output.lines.iter().filter_map(|range| Id::from_hex(&range.commit)).collect();
        ids.sort();
        ids.dedup();
        let commits: Result<Vec<Commit>, _> =
            ids.into_iter().map(|id| self.repository.commit(id)).collect();
        let mut commits = commits?;
        commits.sort_by_key(|commit| std::cmp::Reverse((commit.committer.seconds, commit.id)));
        output.commits = commits.iter().map(CommitInfo::from).collect();
        Ok(output)
    }
}

fn text(repository: &Repository, blob: Id) -> Result<String, ToolError> {
    String::from_utf8(repository.blob(blob)?)
        .map_err(|_| ToolError::failed("not-text", "a version of the file is not UTF-8 text"))
}
