//! Walking from commits to their parents.

use std::collections::{BinaryHeap, HashMap, HashSet};

use baton_git_store::{Commit, Id, Repository};
use baton_guest::ToolError;

/// Most commits that one call looks at.
pub const COMMITS_MAX: usize = 100_000;

/// Commits that some reach and others do not, newest first.
pub struct History<'a> {
    repository: &'a Repository,
    /// Commits to look at, the newest first; of equal ones, the one that was met first.
    queue: BinaryHeap<(i64, std::cmp::Reverse<usize>, Id)>,
    /// Whether a commit that was met is reached by what is left out.
    left_out: HashMap<Id, bool>,
    /// Commits in the queue that are wanted.
    wanted: usize,
    commits: HashMap<Id, Commit>,
    shallow: HashSet<Id>,
    met: usize,
}

impl<'a> History<'a> {
    /// From these commits, without what the others reach.
    pub fn new(repository: &'a Repository, from: &[Id], without: &[Id]) -> Result<Self, ToolError> {
        let mut history = Self {
            repository,
            queue: BinaryHeap::new(),
            left_out: HashMap::new(),
            wanted: 0,
            commits: HashMap::new(),
            shallow: repository.shallow().into_iter().collect(),
            met: 0,
        };
        for id in without {
            history.meet(*id, true)?;
        }
        for id in from {
            history.meet(*id, false)?;
        }
        Ok(history)
    }

    /// Notes that a commit is reached.
    fn meet(&mut self, id: Id, left_out: bool) -> Result<(), ToolError> {
        match self.left_out.get_mut(&id) {
            Some(known) => {
                // Still in the queue, and now known not to be wanted.
                if left_out && !*known {
                    *known = true;
                    if self.commits.contains_key(&id) {
                        self.wanted -= 1;
                    }
                }
            }
            None => {
                self.met += 1;
                if self.met > COMMITS_MAX {
                    let message = format!("more than {COMMITS_MAX} commits would be looked at");
                    return Err(ToolError::failed("too-many-commits", message));
                }
                let commit = self.repository.commit(id)?;
                let order = std::cmp::Reverse(self.met);
                self.queue.push((commit.committer.seconds, order, id));
                self.left_out.insert(id, left_out);
                self.commits.insert(id, commit);
                self.wanted += usize::from(!left_out);
            }
        }
        Ok(())
    }

    /// The next commit that is wanted. `follow` says which of its parents to go on to.
    pub fn next(
        &mut self,
        follow: impl Fn(&Commit) -> Result<Vec<Id>, ToolError>,
    ) -> Result<Option<Commit>, ToolError> {
        while self.wanted > 0
            && let Some((_, _, id)) = self.queue.pop()
        {
            let Some(mut commit) = self.commits.remove(&id) else { continue };
            if self.shallow.contains(&id) {
                commit.parents.clear();
            }
            let left_out = self.left_out.get(&id).copied().unwrap_or_default();
            let parents = if left_out { commit.parents.clone() } else { follow(&commit)? };
            for parent in parents {
                self.meet(parent, left_out)?;
            }
            if !left_out {
                self.wanted -= 1;
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }
}

/// The nearest commit that both reach, if any.
pub fn merge_base(repository: &Repository, one: Id, other: Id) -> Result<Option<Id>, ToolError> {
    let mut queue: BinaryHeap<(i64, Id)> = BinaryHeap::new();
    // Which of the two reach a commit: 1, 2, or both.
    let mut reached: HashMap<Id, u8> = HashMap::new();
    let mut pending = vec![(one, 1_u8), (other, 2)];
    loop {
        for (id, by) in pending.drain(..) {
            let known = reached.entry(id).or_default();
            let news = *known | by != *known;
            *known |= by;
            if news {
                queue.push((repository.commit(id)?.committer.seconds, id));
            }
        }
        if reached.len() > COMMITS_MAX {
            let message = format!("more than {COMMITS_MAX} commits would be looked at");
            return Err(ToolError::failed("too-many-commits", message));
        }
        let Some((_, id)) = queue.pop() else { return Ok(None) };
        let by = reached.get(&id).copied().unwrap_or_default();
        if by == 3 {
            return Ok(Some(id));
        }
        pending.extend(repository.commit(id)?.parents.into_iter().map(|parent| (parent, by)));
    }
}
