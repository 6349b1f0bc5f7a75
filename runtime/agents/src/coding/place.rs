//! Where an agent runs, what it sees of the environment, and what the operating system keeps it from.

mod rules;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind};
use baton_core::report::{Level, Report};
use baton_host::tool::http::Redaction;
use baton_scratch::Scratch;

use super::grant;
use super::vendor::CodingKind;
use crate::backend::{BackendError, Job, JobContext, Notice, Redact};
use crate::command::{self, find};
use crate::confine::{
    Access, Confinement, FileRules, PathRule, has_network, make_directories, try_probe,
};
use crate::process::{StreamLaunch, Supervisor};

/// Bytes kept of the end of standard error.
const STDERR_BYTES_KEPT: usize = 4 << 10;

/// How the names of variables end that hold keys.
const KEY_ENDINGS: [&str; 3] = ["_KEY", "_TOKEN", "_SECRET"];

/// Bytes of a key at the least: a shorter text would be found in every other.
const KEY_BYTES_MIN: usize = 8;

/// What stands in the place of a key.
const KEY_SHOWN: &str = "[key]";

/// Where one attempt runs. The temporary directory is there as long as this is.
#[derive(Debug)]
pub(crate) struct Place {
    /// The program, absolute.
    pub program: PathBuf,
    /// The working directory.
    pub directory: PathBuf,
    /// A directory of the attempt's own.
    temporary: Scratch,
    /// Files that it may touch beside its own state.
    pub rules: FileRules,
    /// It keeps what it starts to such rules by a sandbox of its own, which ours would not let it
    /// make.
    sandboxes_itself: bool,
    /// What the operating system keeps it from.
    confinement: Option<Confinement>,
    environment: BTreeMap<OsString, OsString>,
}

impl Place {
    /// Gets a place ready for a program, whose vendor may be known.
    ///
    /// # Errors
    /// The program or the granted directory is not there, or no temporary directory can be made.
    pub(crate) async fn new(
        program: &Path,
        kind: Option<CodingKind>,
        supervisor: &Supervisor,
        job: &Job,
        context: &JobContext,
    ) -> Result<Self, BackendError> {
        let program = find(program).map_err(BackendError::Permanent)?;
        let (job, supervisor, notices) = (job.clone(), supervisor.clone(), context.notices.clone());
        let made = tokio::task::spawn_blocking(move || make(program, kind, &supervisor, &job));
        let place = match made.await {
            Ok(place) => place?,
            Err(error) => return Err(not_ready(error.to_string())),
        };
        let text = match (&place.confinement, place.sandboxes_itself) {
            (Some(_), _) => None,
            // Codex itself is told our rules; its adapter has only those of its own.
            (None, true) if place.program.ends_with(CodingKind::Codex.program()) => None,
            (None, true) => Some(
                "the files that this agent reads and writes are kept by a sandbox of its own, not by \
                 Baton",
            ),
            (None, false) => Some(
                "this machine cannot confine the agent's files: only its own permission rules keep \
                 it to what was granted",
            ),
        };
        if let Some(text) = text {
            // A closed channel means that nobody keeps a journal of this job.
            let _ =
                notices.send(Notice::Report(Report::Log { level: Level::Warn, text: text.into() }));
        }
        Ok(place)
    }

    /// The surroundings of the attempt, in which the keys that the program is given are secrets too.
    pub(crate) fn careful(&self, context: &JobContext) -> JobContext {
        let is_key = |name: &OsString| {
            name.to_str().is_some_and(|name| KEY_ENDINGS.iter().any(|end| name.ends_with(end)))
        };
        let keys: Vec<String> = self
            .environment
            .iter()
            .filter(|(name, _)| is_key(name))
            .filter_map(|(_, value)| value.to_str().map(str::to_owned))
            .filter(|key| key.len() >= KEY_BYTES_MIN)
            .collect();
        let (outer, pieces) = (context.redact.clone(), context.redact.clone());
        let own = keys.iter().map(|key| (key.as_str(), KEY_SHOWN));
        let own = Redaction::new(own).map(Arc::new);
        let redact = Redact::new(move |text| {
            keys.iter().fold(outer.text(text), |text, key| text.replace(key.as_str(), KEY_SHOWN))
        })
        .in_pieces(move || {
            let (mut outer, own) = (pieces.begin(), own.as_ref());
            match own.map(Redaction::stream) {
                Some(mut own) => Box::new(move |piece| {
                    let mut clean = own.push(outer(piece).as_bytes());
                    if piece.is_none() {
                        clean.extend(own.end());
                    }
                    String::from_utf8_lossy(&clean).into_owned()
                }),
                None => outer,
            }
        });
        JobContext { redact, ..context.clone() }
    }

    /// Puts a file into it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) async fn file(&self, name: &str, text: &str) -> Result<PathBuf, BackendError> {
        let file = self.temporary.path().join(name);
        let written = tokio::fs::write(&file, text).await;
        written.map(|()| file).map_err(|error| not_ready(error.to_string()))
    }

    /// Sets a variable of the program's environment.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.insert(name.into(), value.into());
    }

    /// The program, to be started with these arguments.
    pub(crate) fn launch(&self, arguments: impl IntoIterator<Item = OsString>) -> StreamLaunch {
        let mut argv = vec![self.program.clone().into_os_string()];
        argv.extend(arguments);
        StreamLaunch {
            argv,
            environment: self.environment.clone().into_iter().collect(),
            directory: self.directory.clone(),
            stderr_bytes_kept: STDERR_BYTES_KEPT,
            confinement: self.confinement.clone(),
        }
    }
}

/// Whether an attempt at `job` was started with something that is not in `less`: files as the operating
/// system or a sandbox of its own was told of them, variables, the network, or leave to run commands, of
/// which some may be at work.
pub(crate) fn keeps(program: &Path, kind: Option<CodingKind>, job: &Job, less: &Job) -> bool {
    // Nothing runs then.
    let Ok(program) = find(program) else { return false };
    let sandboxes_itself = kind == Some(CodingKind::Codex) && rules::is_codex(&program);
    let temporary = env::temp_dir();
    let root = job.root.as_deref();
    let files = |job: &Job| rules::rules(&program, root, &temporary, job);
    let may = |job: &Job| {
        let authority = grant::authority(job);
        match sandboxes_itself {
            // It asks for no command, and what it runs has the network or not.
            true => (None, has_network(&authority)),
            false => (authority.exec, true),
        }
    };
    let variables = |job: &Job| environment(kind, job, &temporary);
    files(job) != files(less) || may(job) != may(less) || variables(job) != variables(less)
}

fn not_ready(why: String) -> BackendError {
    let message = format!("no place for the agent can be made: {why}");
    BackendError::Permanent(Failure::new(FailureKind::Internal, "agent-start", message))
}

fn make(
    program: PathBuf,
    kind: Option<CodingKind>,
    supervisor: &Supervisor,
    job: &Job,
) -> Result<Place, BackendError> {
    let temporary =
        Scratch::new().and_then(|made| made.path().canonicalize().map(|path| (made, path)));
    let (made, temporary) = temporary.map_err(|error| not_ready(error.to_string()))?;
    let directory = match &job.root {
        None => temporary.join("work"),
        Some(root) => root.canonicalize().map_err(|error| {
            let message = format!("the root `{}` is not there: {error}", root.display());
            BackendError::Permanent(Failure::new(FailureKind::Failed, "root-missing", message))
        })?,
    };
    if job.root.is_none() {
        fs::create_dir(&directory).map_err(|error| not_ready(error.to_string()))?;
    }
    let state = rules::state(kind, &program);
    if let (Some(_), [own]) = (kind, state.as_slice()) {
        // What is not there cannot be granted.
        let _ = fs::DirBuilder::new().recursive(true).mode(0o700).create(own);
    }
    let root = job.root.as_ref().map(|_| directory.as_path());
    if let Some(root) = root {
        make_directories(root, &rules::own(job));
    }
    let rules = rules::rules(&program, root, &temporary, job);
    let sandboxes_itself = kind == Some(CodingKind::Codex) && rules::is_codex(&program);
    let confinement = match sandboxes_itself {
        true => None,
        false => confinement(&rules, &state, supervisor)?,
    };
    let environment = environment(kind, job, &temporary);
    Ok(Place {
        program,
        directory,
        temporary: made,
        rules,
        sandboxes_itself,
        confinement,
        environment,
    })
}

/// What this machine enforces of the rules; none: it cannot.
fn confinement(
    rules: &FileRules,
    state: &[PathBuf],
    supervisor: &Supervisor,
) -> Result<Option<Confinement>, BackendError> {
    let probe = try_probe(supervisor).map_err(|error| not_ready(error.to_string()))?;
    let mut files = rules.clone();
    let own = state.iter().map(|path| PathRule { path: path.clone(), access: Access::Write });
    files.paths.extend(own);
    Ok(probe.landlock.map(|_| Confinement { files: Some(files), network: None }))
}

/// The whole environment: what every program gets, what the vendor's own programs need, what the
/// operator granted.
fn environment(
    kind: Option<CodingKind>,
    job: &Job,
    temporary: &Path,
) -> BTreeMap<OsString, OsString> {
    let own = kind.map_or(&[][..], CodingKind::variables);
    let granted = |name: &OsString| {
        let scope = job.authority.env.as_ref();
        name.to_str().is_some_and(|name| {
            own.contains(&name) || scope.is_some_and(|scope| scope.allows(name))
        })
    };
    let mut all: BTreeMap<OsString, OsString> = command::environment().into_iter().collect();
    all.extend(env::vars_os().filter(|(name, _)| granted(name)));
    for (name, value) in [
        ("BATON_RUN", job.task.run.to_string()),
        ("BATON_TASK", job.task.to_string()),
        ("BATON_ATTEMPT", job.attempt.to_string()),
    ] {
        all.insert(name.into(), value.into());
    }
    if let Some(traceparent) = &job.traceparent {
        all.insert("TRACEPARENT".into(), traceparent.into());
    }
    all.insert("TMPDIR".into(), temporary.into());
    all
}
