//! Worktrees of isolated agents: what is there, and taking it away.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use baton_agents::isolation::apply::Applier;
use baton_agents::isolation::{Remains, Repair, remains};
use baton_core::digest::Digest;
use baton_core::limits::Limits;
use baton_journal::rows::{RunFilter, RunRow, State};
use baton_journal::store::Journal;
use serde::Serialize;

use crate::args::CleanArg;
use crate::commands::apply::saved_path;
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::records;
use crate::text::{one_line, plural};

/// One worktree, or what is left of one.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Worktree {
    name: String,
    run: String,
    /// The task it was made for; none: not on record.
    task: Option<String>,
    /// State of the run; none: the journal has no such run.
    run_state: Option<State>,
    /// Whether a process is at work in it or drives its run.
    live: bool,
    path: Option<PathBuf>,
    branch: Option<String>,
    repository: Option<PathBuf>,
    /// Whether there are changes or commits in it; none: not known.
    changed: Option<bool>,
    /// Files that are changed.
    files: u64,
    /// Whether there are commits in it.
    commits: bool,
    locks: Vec<PathBuf>,
    problem: Option<String>,
    /// What `--clean` did with it: `removed` or `kept`.
    action: Option<&'static str>,
    /// Why it was kept.
    reason: Option<String>,
    /// Where its changes are: the digest of a blob, or a file.
    saved: Option<String>,
}

/// A patch that a killed process left half written.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Unfinished {
    repository: PathBuf,
    task: String,
}

/// All of it.
#[derive(Debug, Default)]
pub(in crate::commands) struct Found {
    pub(in crate::commands) worktrees: Vec<Worktree>,
    pub(in crate::commands) unfinished: Vec<Unfinished>,
}

/// Looks at the worktrees of a state directory, and takes away what is asked.
///
/// # Errors
/// When the journal cannot be read, or a patch cannot be saved: then nothing of that worktree is
/// removed.
pub(in crate::commands) async fn examine(
    home: &Home,
    journal: Option<&dyn Journal>,
    clean: Option<CleanArg>,
) -> Result<Found> {
    let (runs, roots) = match journal {
        Some(journal) => known(journal).await?,
        None => (BTreeMap::new(), BTreeSet::new()),
    };
    let roots: Vec<PathBuf> = roots.into_iter().filter(|root| root.is_dir()).collect();
    let directory = home.worktrees()?;
    let patch_max = Limits::default().run.artifact_bytes;
    let mut found = Found::default();
    let mut repositories: BTreeSet<PathBuf> = roots.iter().cloned().collect();
    for one in remains(&directory, &roots, patch_max).await {
        let row = runs.get(&one.run);
        // A branch alone of a run that is not known belongs to another state directory.
        if row.is_none() && one.path.is_none() && one.task.is_none() {
            continue;
        }
        repositories.extend(one.repository_top.clone());
        found.worktrees.push(treat(home, journal, one, row, clean).await?);
    }
    let mut tops = BTreeSet::new();
    for repository in repositories {
        let Ok(applier) = Applier::open(&repository).await else { continue };
        if let (true, Ok(Some(task))) =
            (tops.insert(applier.top().to_owned()), applier.unfinished())
        {
            found.unfinished.push(Unfinished { repository: applier.top().to_owned(), task });
        }
    }
    Ok(found)
}

/// Worktrees of runs that are gone: of those in `gone`, whose directories were `roots`, and of those
/// that the journal never had. Takes the unchanged ones away, unless it is `dry`.
///
/// # Errors
/// When the journal cannot be read.
pub(in crate::commands) async fn forgotten(
    home: &Home,
    journal: &dyn Journal,
    gone: &BTreeSet<String>,
    roots: &BTreeSet<PathBuf>,
    dry: bool,
) -> Result<Vec<Worktree>> {
    let roots: Vec<PathBuf> = roots.iter().filter(|root| root.is_dir()).cloned().collect();
    let patch_max = Limits::default().run.artifact_bytes;
    let clean = (!dry).then_some(CleanArg::Unchanged);
    let mut found = Vec::new();
    for one in remains(&home.worktrees()?, &roots, patch_max).await {
        let known = match one.run.parse() {
            Ok(run) => journal.run(&run).await?.is_some(),
            Err(_) => false,
        };
        // A branch alone of a run that was never here belongs to another state directory.
        let ours = gone.contains(&one.run) || (!known && one.path.is_some());
        if ours {
            found.push(treat(home, Some(journal), one, None, clean).await?);
        }
    }
    Ok(found)
}

/// Runs by their names, and the directories granted to those that could isolate agents.
async fn known(journal: &dyn Journal) -> Result<(BTreeMap<String, RunRow>, BTreeSet<PathBuf>)> {
    let (mut runs, mut roots) = (BTreeMap::new(), BTreeSet::new());
    for row in journal.runs(&RunFilter::default()).await? {
        // A run whose first record is damaged is told about with the journal.
        if let Ok(started) = records::started(journal, &row.run).await
            && started.base.is_some()
        {
            roots.extend(started.root.map(PathBuf::from));
        }
        runs.insert(row.run.to_string(), row);
    }
    Ok((runs, roots))
}

/// Describes one, and takes it away if that is asked and safe.
async fn treat(
    home: &Home,
    journal: Option<&dyn Journal>,
    one: Remains,
    row: Option<&RunRow>,
    clean: Option<CleanArg>,
) -> Result<Worktree> {
    let files = one.files.as_ref().map(|files| files.len() as u64);
    let mut told = Worktree {
        name: one.name().to_owned(),
        run: one.run.clone(),
        task: one.task.clone(),
        run_state: row.map(|row| row.state),
        live: one.is_held || row.is_some_and(|row| row.owned),
        path: one.path.clone(),
        branch: one.branch.clone(),
        repository: one.repository_top.clone(),
        changed: files.map(|files| files > 0 || one.has_commits),
        files: files.unwrap_or_default(),
        commits: one.has_commits,
        locks: one.locks.clone(),
        problem: one.problem.clone(),
        action: None,
        reason: None,
        saved: None,
    };
    if let (Some(patch), Some(journal)) = (&one.patch, journal) {
        let digest = Digest::of(patch);
        told.saved = journal.blob(&digest).await.is_ok().then(|| digest.to_string());
    }
    let Some(clean) = clean else { return Ok(told) };
    let reason = if told.live {
        Some("a process is at work".to_owned())
    } else if one.is_unchanged() {
        None
    } else if clean == CleanArg::Unchanged {
        Some("it has changes; `--clean=all` saves and removes them".into())
    } else if let Some(problem) = &one.problem {
        Some(problem.clone())
    } else if let Some(patch) = &one.patch {
        if told.saved.is_none() {
            let path = saved_path(home, &told.name);
            save(&path, patch).map_err(|error| CliError::file("write", &path, &error))?;
            told.saved = Some(path.display().to_string());
        }
        None
    } else {
        // Only commits whose files are as they were.
        (told.changed != Some(true)).then(|| "its changes are not known".into())
    };
    let reason = match reason {
        Some(reason) => Some(reason),
        None => match one.remove().await {
            Repair::Removed => None,
            Repair::Kept(why) => Some(why),
        },
    };
    told.action = Some(if reason.is_some() { "kept" } else { "removed" });
    told.reason = reason;
    Ok(told)
}

/// Writes a patch where it stays, before its worktree goes.
fn save(path: &Path, patch: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(patch)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

impl Worktree {
    /// Whether somebody should look at it.
    pub(in crate::commands) fn is_fine(&self) -> bool {
        self.live || self.action == Some("removed")
    }

    /// One line for people.
    pub(in crate::commands) fn words(&self) -> String {
        let name = self.task.as_deref().unwrap_or(&self.name);
        let run = match (self.live, self.run_state) {
            (true, _) => "at work".to_owned(),
            (false, Some(state)) => format!("run {}", state.as_str()),
            (false, None) => "run not known".into(),
        };
        let changed = match self.changed {
            Some(true) if self.files > 0 => format!("{} changed", plural(self.files, "file")),
            Some(true) => "commits without changes".into(),
            Some(false) => "unchanged".into(),
            None if self.live => String::new(),
            None => "changes not known".into(),
        };
        let place = match (&self.path, &self.branch) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(branch)) => format!("only branch {branch}"),
            (None, None) => "only its record".into(),
        };
        let locks = match self.locks.len() as u64 {
            0 => String::new(),
            number => plural(number, "lock"),
        };
        let saved = self.saved.as_ref().map(|saved| format!("saved in {saved}"));
        let end = match (self.action, &self.reason) {
            (Some(action), Some(reason)) => format!("{action}: {reason}"),
            (Some(action), None) => action.to_owned(),
            (None, _) => String::new(),
        };
        let parts = [
            run,
            changed,
            place,
            locks,
            self.problem.clone().unwrap_or_default(),
            saved.filter(|_| self.changed == Some(true)).unwrap_or_default(),
            end,
        ];
        let parts: Vec<String> =
            parts.iter().filter(|part| !part.is_empty()).map(|part| one_line(part)).collect();
        format!("{}: {}", one_line(name), parts.join(", "))
    }
}

impl Unfinished {
    /// One line for people.
    pub(in crate::commands) fn words(&self) -> String {
        format!(
            "the changes of {} are half written in {}: `baton apply {}` completes them",
            one_line(&self.task),
            self.repository.display(),
            one_line(&self.task)
        )
    }
}
