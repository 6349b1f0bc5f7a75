//! What an agent may do with tools of its own, asked one wish at a time.

mod files;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use baton_core::handoff::{Failure, FailureKind};
use baton_core::scope::{Authority, Capability, PathScope};
use baton_core::tool::{DENIALS_MAX, Denial};
use baton_host::files::{Root, ScopedFiles};

pub(crate) use files::Trouble;

use super::{grant, shell};
use crate::backend::{Job, JobContext, Notice};
use crate::command::find;
use crate::confine::may_write;

/// Characters of what was tried in a denial.
const SHOWN_MAX: usize = 256;

/// Something an agent wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To read a file.
    Read(PathBuf),
    /// To look at everything in a directory.
    Tree(PathBuf),
    /// To make, change or remove a file.
    Write(PathBuf),
    /// To have a shell run a line.
    Shell(String),
    /// To run a program.
    Run(Vec<String>),
    /// To fetch what is at an address.
    Fetch(String),
    /// Something else, in words.
    Other(String),
}

/// The files, commands and requests that were granted to an attempt.
pub(crate) struct Permit {
    /// The root as the task knows it, and as the system does.
    roots: Vec<PathBuf>,
    read: Vec<ScopedFiles>,
    write: Option<ScopedFiles>,
    authority: Authority,
    told: Mutex<BTreeSet<String>>,
    context: JobContext,
}

impl Permit {
    /// What a job grants.
    ///
    /// # Errors
    /// The root cannot be opened, or a pattern cannot be read.
    pub(crate) fn new(job: &Job, context: &JobContext) -> Result<Self, Failure> {
        let failed = |code: &str, why: String| Failure::new(FailureKind::Failed, code, why);
        let mut roots = Vec::new();
        let mut root = None;
        if let Some(path) = &job.root {
            let open = Root::open(path).map_err(|e| failed("root-missing", e.to_string()))?;
            roots.extend([path.clone(), open.path().to_owned()]);
            root = Some(open);
        }
        let scoped = |scope: &Option<PathScope>| match (scope, &root) {
            (Some(scope), Some(root)) => root
                .scoped(scope, &job.limits.files)
                .map(Some)
                .map_err(|error| failed("bad-scope", error.to_string())),
            _ => Ok(None),
        };
        let authority = grant::authority(job);
        let write = scoped(&authority.write)?;
        let of_tools = job.scope.read.clone().filter(|_| grant::reads(job));
        let read = [scoped(&of_tools)?, scoped(&authority.read)?, write.clone()];
        Ok(Self {
            roots,
            read: read.into_iter().flatten().collect(),
            write,
            authority,
            told: Mutex::default(),
            context: context.clone(),
        })
    }

    /// Whether anything may be read.
    pub(crate) fn reads(&self) -> bool {
        !self.read.is_empty()
    }

    /// Whether anything may be written.
    pub(crate) fn writes(&self) -> bool {
        self.write.is_some()
    }

    /// Whether any command may be run.
    pub(crate) fn runs(&self) -> bool {
        self.authority.exec.is_some()
    }

    /// Whether any request may be sent.
    pub(crate) fn fetches(&self) -> bool {
        self.authority.http.is_some()
    }

    /// Whether all wishes are granted; no wish at all is none that could be granted. The first that
    /// is not goes on record, and its words are for the agent.
    pub(crate) fn all(&self, wishes: &[Wish]) -> Result<(), String> {
        if wishes.is_empty() {
            return Err(self.deny(Capability::Tools, "agent-tool", "an unknown tool".into()));
        }
        wishes.iter().try_for_each(|wish| self.judge(wish))
    }

    fn judge(&self, wish: &Wish) -> Result<(), String> {
        let (granted, capability, code, tried) = match wish {
            Wish::Read(path) => {
                let found = self
                    .relative(path)
                    .is_some_and(|path| self.may_read(&path) || self.may_read_all(&path));
                (found, Capability::Read, "path-read", format!("read {}", path.display()))
            }
            Wish::Tree(path) => {
                let found = self.relative(path).is_some_and(|path| self.may_read_all(&path));
                (found, Capability::Read, "path-read", format!("search {}", path.display()))
            }
            Wish::Write(path) => {
                let found = self.relative(path).is_some_and(|path| self.may_write(&path));
                (found, Capability::Write, "path-write", format!("write {}", path.display()))
            }
            Wish::Shell(line) => {
                let granted = shell::argv(line).is_some_and(|argv| self.may_run(&argv));
                (granted, Capability::Exec, "exec-not-granted", format!("run {line}"))
            }
            Wish::Run(argv) => {
                let granted = shell::unwrapped(argv).is_some_and(|argv| self.may_run(&argv));
                (granted, Capability::Exec, "exec-not-granted", format!("run {}", argv.join(" ")))
            }
            Wish::Fetch(url) => {
                (self.may_fetch(url), Capability::Http, "http-host", format!("GET {url}"))
            }
            Wish::Other(what) => (false, Capability::Tools, "agent-tool", what.clone()),
        };
        if granted { Ok(()) } else { Err(self.deny(capability, code, tried)) }
    }

    /// A program that the agent could have written itself could do anything.
    fn may_run(&self, argv: &[String]) -> bool {
        let left = self.context.denied.left_of(&self.authority);
        let allowed = left.exec.as_ref().is_some_and(|exec| exec.allows(argv));
        let Some(program) = argv.first().filter(|_| allowed) else { return false };
        let Ok(file) = find(Path::new(program)) else { return true };
        let file = file.canonicalize().unwrap_or(file);
        !self.roots.iter().any(|root| {
            let inside = file.strip_prefix(root);
            inside.is_ok_and(|inside| may_write(&self.authority, inside))
        })
    }

    fn may_fetch(&self, url: &str) -> bool {
        let Some(http) = self.context.denied.left_of(&self.authority).http else { return false };
        let Some((scheme, rest)) = url.split_once("://") else { return false };
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A name before the host, or brackets: nothing that is needed, and much that is misread.
        let unusual = |letter: char| !(letter.is_ascii_alphanumeric() || ".-:".contains(letter));
        if place.contains(unusual) {
            return false;
        }
        let (host, port) = place.split_once(':').unwrap_or((place, ""));
        let port = match (port, scheme) {
            ("", "https") => 443,
            ("", "http") => 80,
            (port, "https" | "http") => match port.parse() {
                Ok(port) => port,
                Err(_) => return false,
            },
            _ => return false,
        };
        http.allows("GET", scheme, &host.to_ascii_lowercase(), port).is_some()
    }

    /// Puts a denial on record, once, and says it in words for the agent.
    fn deny(&self, capability: Capability, code: &str, tried: String) -> String {
        let tried: String = self
            .context
            .redact
            .text(&tried)
            .chars()
            .filter(|letter| !letter.is_control())
            .take(SHOWN_MAX)
            .collect();
        let words = format!("{tried}: this task was not granted that ({})", capability.as_str());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < DENIALS_MAX && told.insert(format!("{code} {tried}")) {
            let hint = match capability {
                Capability::Tools => "no grant covers this tool of the agent".to_owned(),
                other => format!("grant `{}` to the task to allow it", other.as_str()),
            };
            // A closed channel means that nobody keeps a journal of this job.
            let denial = Denial { capability, code: code.into(), tried, hint };
            let _ = self.context.notices.send(Notice::Denied(denial));
        }
        words
    }
}
