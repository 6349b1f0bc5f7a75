//! `baton apply`: merge what isolated agents changed into the working tree.

mod find;
mod show;

pub(super) use self::find::saved_path;

use std::path::{Path, PathBuf};

use baton_agents::isolation::apply::{Applier, ApplyError, Conflict, Planned, Written};
use baton_agents::isolation::{FileChange, Repair, remains_of};
use baton_core::ids::{TaskId, TaskPath};
use baton_core::record::RunStarted;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;
use serde::Serialize;

use crate::args::{ApplyArgs, Common};
use crate::codes::{Code, Exit};
use crate::commands::resume::consent::{is_mine, started_as};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{WARN, note, stdout};
use crate::project::policy;
use crate::text::{one_line, paint, plural};
use crate::{records, select, shapes};

/// Files that a question names at the most.
const FILES_SHOWN: usize = 10;

/// What became of the changes of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Applied,
    AlreadyApplied,
    /// They would be applied without `--check`.
    Fits,
    Conflicts,
}

/// What `apply --json` prints of one task.
#[derive(Debug, Serialize)]
struct Report {
    task: TaskId,
    state: State,
    files: Vec<FileChange>,
    conflicts: Vec<Conflict>,
    /// Its worktree; none: there is none.
    worktree: Option<Worktree>,
}

/// What became of a worktree.
#[derive(Debug, Serialize)]
struct Worktree {
    path: Option<PathBuf>,
    branch: Option<String>,
    removed: bool,
    /// Why it is still there.
    reason: Option<String>,
}

/// Applies the changes of a task, or of all tasks of a run.
///
/// # Errors
/// When there is no such task, it changed nothing, or its changes do not fit.
pub fn run(args: &ApplyArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    block_on(async {
        let (row, wanted) = wanted(&*journal, args).await?;
        let started = records::started(&*journal, &row.run).await?;
        let patches = find::patches(&*journal, &home, &row.run, wanted.as_ref()).await?;
        if patches.is_empty() {
            return Err(no_patch(&row, wanted));
        }
        let applier = open(&started).await?;
        let id = started_as(&row);
        let asked = args.yes || args.check;
        let consent = Consent { steering: asked, strange: asked || is_mine(id, &home)? };
        if let Some(task) = applier.unfinished().map_err(refused)? {
            unfinished(&applier, &task, args.check)?;
        }
        let mut misfits = Vec::new();
        for (task, patch) in patches {
            let report = apply(&applier, &home, &started, task, &patch, (args, consent)).await?;
            if report.state == State::Conflicts {
                misfits.push(report.task.to_string());
            }
            if args.json {
                stdout(&shapes::line(&report)?)?;
            } else {
                stdout(&show::text(&report))?;
            }
        }
        if misfits.is_empty() {
            return Ok(Exit::Done);
        }
        let message = format!("the changes of {} do not fit", misfits.join(", "));
        Err(CliError::new(Code::Conflict, message)
            .hint("nothing of them was written; change or move what is in the way and apply again"))
    })
}

/// The run, and the one task of it if only that is wanted.
async fn wanted(journal: &dyn Journal, args: &ApplyArgs) -> Result<(RunRow, Option<TaskPath>)> {
    if let Some(run) = &args.all {
        return Ok((select::run(journal, run).await?, None));
    }
    let task = args.task.as_deref().unwrap_or_default();
    let (row, path) = select::task(journal, task).await?;
    if path.is_root() {
        let message = format!("{} is a run, not a task", row.run);
        let hint = format!("`baton apply --all {}` applies all of its changes", row.run);
        return Err(CliError::new(Code::Argument, message).hint(hint));
    }
    if !journal.tasks(&row.run).await?.iter().any(|task| task.path == path) {
        return Err(select::no_task(&row.run, &path));
    }
    Ok((row, Some(path)))
}

fn no_patch(row: &RunRow, wanted: Option<TaskPath>) -> CliError {
    let what = match wanted {
        Some(path) => TaskId { run: row.run.clone(), path }.to_string(),
        None => format!("no task of {}", row.run),
    };
    CliError::new(Code::NoPatch, format!("{what} has changes to apply"))
        .hint("only agents with a worktree of their own have; `baton doctor` lists worktrees")
}

async fn open(started: &RunStarted) -> Result<Applier> {
    let Some(root) = &started.root else {
        let message = format!("{} was granted no directory", started.run);
        return Err(CliError::new(Code::NoPatch, message));
    };
    Applier::open(Path::new(root)).await.map_err(refused)
}

fn refused(error: ApplyError) -> CliError {
    let code = match &error {
        ApplyError::Raced(_) => Code::Conflict,
        ApplyError::NoPatch => Code::NoPatch,
        ApplyError::Repository { .. }
        | ApplyError::NoBase { .. }
        | ApplyError::Git(_)
        | ApplyError::File { .. } => Code::File,
    };
    CliError::new(code, error.to_string())
}

/// Completes what a killed process left half written.
fn unfinished(applier: &Applier, task: &str, check: bool) -> Result<()> {
    let top = applier.top().display();
    if check {
        let message = format!("the changes of {task} are half written in {top}");
        return Err(CliError::new(Code::Conflict, message)
            .hint(format!("`baton apply {task}` completes them")));
    }
    let Some(Written { task, paths, left }) = applier.complete().map_err(refused)? else {
        return Ok(());
    };
    note(&format!(
        "{} a process was killed while it wrote the changes of {task}; they are complete now: {}",
        paint(WARN, "note:"),
        paths.join(", ")
    ));
    let Some(left) = left else { return Ok(()) };
    let message = format!(
        "changed by somebody after a process was killed that wrote the changes of {task}: {}",
        left.paths.join(", ")
    );
    let saved = left.saved.display();
    Err(CliError::new(Code::Conflict, message).hint(format!(
        "they were left as they are; what was there before and what the agent made is in {saved}"
    )))
}

/// What may be written.
#[derive(Clone, Copy)]
struct Consent {
    /// Files that tell other programs what to do.
    steering: bool,
    /// What a run made, into the repository that it names: one that somebody else made may name any.
    strange: bool,
}

fn strange(task: &TaskId, top: &Path, files: &[FileChange]) -> CliError {
    let shown: Vec<&str> = files.iter().take(FILES_SHOWN).map(|file| file.path.as_str()).collect();
    let more = if files.len() > FILES_SHOWN { ", …" } else { "" };
    let message = format!(
        "the run of {task} was not started by you, and would change {} in {}: {}{more}",
        plural(files.len() as u64, "file"),
        one_line(&top.display().to_string()),
        one_line(&shown.join(", "))
    );
    CliError::new(Code::ConsentNeeded, message)
        .hint("nothing of it was written; look at its changes.patch, and apply it with --yes")
}

/// Changed files that tell other programs what to do.
fn steering(files: &[FileChange]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).filter(|path| policy::steers(path)).collect()
}

fn steers(task: &TaskId, files: &[&str]) -> CliError {
    let message = format!(
        "{task} changes files that tell other programs what to do: {}",
        one_line(&files.join(", "))
    );
    CliError::new(Code::ConsentNeeded, message)
        .hint("nothing of it was written; look at its changes.patch, and apply it with --yes")
}

/// Applies the changes of one task.
async fn apply(
    applier: &Applier,
    home: &Home,
    started: &RunStarted,
    task: TaskId,
    patch: &[u8],
    (args, consent): (&ApplyArgs, Consent),
) -> Result<Report> {
    let mut report = Report {
        task,
        state: State::Fits,
        files: Vec::new(),
        conflicts: Vec::new(),
        worktree: None,
    };
    match applier.plan(patch, !args.no_3way).await.map_err(refused)? {
        Planned::Conflicts(conflicts) => {
            report.state = State::Conflicts;
            report.conflicts = conflicts;
        }
        Planned::Applied => report.state = State::AlreadyApplied,
        Planned::Fits(plan) => {
            report.files.clone_from(&plan.files);
            if !consent.strange {
                return Err(strange(&report.task, applier.top(), &plan.files));
            }
            let steering = steering(&plan.files);
            if !steering.is_empty() && !consent.steering {
                return Err(steers(&report.task, &steering));
            }
            if !args.check {
                applier.write(plan).map_err(refused)?;
                report.state = State::Applied;
            }
        }
    }
    report.worktree = worktree(home, started, &report, patch, args).await?;
    Ok(report)
}

/// Takes the worktree of applied changes away, unless there is more in it.
async fn worktree(
    home: &Home,
    started: &RunStarted,
    report: &Report,
    patch: &[u8],
    args: &ApplyArgs,
) -> Result<Option<Worktree>> {
    let patch_max = started.limits.run.artifact_bytes;
    let task = report.task.to_string();
    let Some(remains) = remains_of(&home.worktrees()?, &task, patch_max).await else {
        return Ok(None);
    };
    let (path, branch) = (remains.path.clone(), remains.branch.clone());
    let reason = if args.keep {
        Some("as you asked".to_owned())
    } else if !matches!(report.state, State::Applied | State::AlreadyApplied) {
        Some("its changes are not applied".into())
    } else if remains.is_held {
        Some("a process works in it".into())
    } else if remains.has_commits {
        Some("there are commits in it; `baton doctor --clean=all` removes it".into())
    } else if !remains.is_unchanged() && remains.patch.as_deref() != Some(patch) {
        Some(remains.problem.clone().unwrap_or("it has been changed since".into()))
    } else {
        match remains.remove().await {
            Repair::Removed => None,
            Repair::Kept(why) => Some(why),
        }
    };
    Ok(Some(Worktree { path, branch, removed: reason.is_none(), reason }))
}
