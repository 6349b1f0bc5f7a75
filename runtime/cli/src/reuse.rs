//! `--reuse`: which run, what of the root is the program's own, and what became of each call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::record::{Body, Reuse};
use baton_core::reuse::Miss;
use baton_journal::store::Journal;

use crate::args::ReuseArgs;
use crate::error::Result;
use crate::home::{self, Home};
use crate::{records, select};

/// What became of an agent task of a run that may reuse another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has the result of this task.
    Reused(TaskId),
    /// It was performed.
    Performed(Miss),
}

impl Decision {
    /// The decision in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Reused(from) => format!("reused from {from}"),
            Self::Performed(miss) => format!("not reused: {miss}"),
        }
    }

    /// The decision that a record tells, if it tells one.
    #[must_use]
    pub fn of(body: &Body) -> Option<(&TaskPath, Self)> {
        match body {
            Body::Completed { task, reused_from: Some(from), .. } => {
                Some((task, Self::Reused(from.clone())))
            }
            Body::NotReused { task, reason } => Some((task, Self::Performed(reason.clone()))),
            _ => None,
        }
    }
}

/// The decisions of a run by task; empty for a run that reuses nothing.
///
/// # Errors
/// Those of the journal.
pub async fn decisions(journal: &dyn Journal, run: &RunId) -> Result<BTreeMap<TaskPath, Decision>> {
    let mut all = BTreeMap::new();
    if records::started(journal, run).await?.reuse.is_some() {
        records::after(journal, run, 1, |record| {
            if let Some((task, decision)) = Decision::of(&record.body) {
                all.insert(task.clone(), decision);
            }
            Ok(())
        })
        .await?;
    }
    Ok(all)
}

/// How many tasks have results of another run.
#[must_use]
pub fn count(decisions: &BTreeMap<TaskPath, Decision>) -> u64 {
    decisions.values().filter(|decision| matches!(decision, Decision::Reused(_))).count() as u64
}

/// The run to be reused, if one was named.
///
/// # Errors
/// When there is no such run.
pub fn chosen(args: &ReuseArgs, home: &Home) -> Result<Option<Reuse>> {
    let Some(text) = &args.reuse else { return Ok(None) };
    let journal = home.read_existing()?;
    let row = home::block_on(select::run(&*journal, text))?;
    Ok(Some(Reuse {
        run: row.run,
        stale: args.reuse_stale,
        steered: args.reuse_steered,
        except: Vec::new(),
    }))
}

/// Paths inside the root that are the program's own or Baton's: nobody's work rests on them.
#[must_use]
pub fn own_files(root: Option<&Path>, own: &[PathBuf], home: &Home) -> Vec<String> {
    let Some(root) = root else { return Vec::new() };
    own.iter()
        .map(PathBuf::as_path)
        .chain([home.dir()])
        .filter_map(|path| {
            // The root has no links in its path.
            let full = path.canonicalize().ok()?;
            let inside = full.strip_prefix(root).ok()?.to_str()?;
            (!inside.is_empty()).then(|| inside.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::args::Common;

    #[test]
    fn own_files_are_named_by_their_places_in_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let root = top.join("root");
        std::fs::create_dir_all(root.join("flows")).unwrap();
        std::fs::create_dir(top.join("links")).unwrap();
        for file in ["root/flows/a.js", "outside.js"] {
            std::fs::write(top.join(file), "x").unwrap();
        }
        std::os::unix::fs::symlink(root.join("flows/a.js"), top.join("links/link.js")).unwrap();
        let home =
            |dir: &Path| Home::find(&Common { home: Some(dir.to_owned()), plain: true }).unwrap();
        let own: Vec<PathBuf> = ["links/link.js", "outside.js", "absent.js"]
            .iter()
            .map(|file| top.join(file))
            .collect();
        let inside = |dir: &Path| own_files(Some(&root), &own, &home(dir));
        assert_eq!(inside(&top.join("state")), ["flows/a.js"]);
        assert_eq!(inside(&root), ["flows/a.js"], "the root itself is not left out");
        assert_eq!(inside(&root.join("flows")), ["flows/a.js", "flows"]);
        assert!(own_files(None, &own, &home(&top.join("state"))).is_empty());
    }
}
