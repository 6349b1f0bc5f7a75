//! What policy takes away from agents while they are at work.

use std::sync::Arc;

use baton_core::files::FileError;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::scope::{Authority, Denials};
use baton_host::files::ScopedFiles;
use tokio::sync::watch;

use crate::backend::Job;
use crate::component::not_granted;

/// Code of an attempt that was ended because policy denies something that it had.
pub const NARROWED: &str = "narrowed";

/// What was taken away from a run since it began. It grows while agents work, and is asked each time
/// that one touches something by itself.
#[derive(Clone, Debug)]
pub struct Denied(watch::Receiver<Arc<Denials>>);

impl Default for Denied {
    /// Nothing, for ever.
    fn default() -> Self {
        Self(watch::channel(Arc::default()).1)
    }
}

impl Denied {
    /// What this channel says.
    #[must_use]
    pub fn new(receiver: watch::Receiver<Arc<Denials>>) -> Self {
        Self(receiver)
    }

    /// What may be read of files at this moment.
    ///
    /// # Errors
    /// When a pattern cannot be applied: then nothing may be.
    pub(crate) fn reading(&self, files: &ScopedFiles) -> Result<ScopedFiles, FileError> {
        files.without(&self.0.borrow().read).map_err(|_| not_granted())
    }

    /// What may be written of files at this moment.
    ///
    /// # Errors
    /// As of [`reading`](Self::reading).
    pub(crate) fn writing(&self, files: &ScopedFiles) -> Result<ScopedFiles, FileError> {
        let denials = Arc::clone(&self.0.borrow());
        let files = files.without(&denials.read).and_then(|files| files.without(&denials.write));
        files.map_err(|_| not_granted())
    }

    /// What is left of an authority at this moment.
    pub(crate) fn left_of(&self, authority: &Authority) -> Authority {
        authority.clone().denied(&self.0.borrow())
    }

    /// All that is taken away at this moment.
    #[must_use]
    pub fn now(&self) -> Arc<Denials> {
        Arc::clone(&self.0.borrow())
    }

    /// Ends when more is taken away than before, and that matters: with all that is taken away then.
    pub async fn more(&self, before: &Denials, matters: impl Fn(&Denials) -> bool) -> Arc<Denials> {
        let mut receiver = self.0.clone();
        loop {
            let now = Arc::clone(&receiver.borrow_and_update());
            if *now != *before && matters(&now) {
                return now;
            }
            if receiver.changed().await.is_err() {
                // Nobody is left who could take more away.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Takes from a job what is denied.
pub(crate) fn narrow(job: &mut Job, denials: &Denials) {
    if !denials.is_empty() {
        job.authority = Arc::new((*job.authority).clone().denied(denials));
        job.scope = Arc::new((*job.scope).clone().denied(denials));
    }
}

/// Why work was ended that had something which is denied now.
#[must_use]
pub fn narrowed(before: &Denials, now: &Denials) -> Failure {
    let words = now.words();
    let known = before.words();
    let new: Vec<String> = words.into_iter().filter(|word| !known.contains(word)).collect();
    let message = format!("policy denies now what it had: {}", new.join(", "));
    Failure::new(FailureKind::Refused, NARROWED, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs;
    use std::path::PathBuf;

    use baton_core::files::FileRequest;
    use baton_core::limits::Limits;
    use baton_core::scope::{GlobLayer, PathScope};
    use baton_core::spec::AgentSpec;
    use baton_host::files::Root;
    use tokio::sync::mpsc;

    use super::*;
    use crate::backend::{Job, JobContext, Notice};
    use crate::coding::permit::{Permit, Wish};
    use crate::coding::place;

    fn denials() -> Denials {
        Denials {
            read: vec!["docs/**".into()],
            write: vec!["a.txt".into()],
            http: vec!["https://a.org".parse().unwrap()],
            exec: vec!["true".parse().unwrap()],
            ..Denials::default()
        }
    }

    #[test]
    fn files_that_were_opened_before_are_held_against_what_is_denied_now() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("docs")).unwrap();
        for name in ["a.txt", "docs/b.txt"] {
            fs::write(directory.path().join(name), "text").unwrap();
        }
        let root = Root::open(directory.path()).unwrap();
        let files = root.scoped(&PathScope::default(), &Limits::default().files).unwrap();
        let (sender, receiver) = watch::channel(Arc::default());
        let denied = Denied::new(receiver);
        let reads = |path: &str| {
            let request = FileRequest::Read { path: path.into() };
            denied.reading(&files).and_then(|files| files.observe(&request)).is_ok()
        };
        let writes = |path: &str| {
            denied.writing(&files).and_then(|files| files.write(path, b"text", None)).is_ok()
        };
        assert!(reads("a.txt") && reads("docs/b.txt") && writes("a.txt") && writes("docs/b.txt"));
        sender.send_replace(Arc::new(denials()));
        assert!(reads("a.txt") && !reads("docs/b.txt") && !reads("docs/absent"));
        // What may not be read may not be written either.
        assert!(!writes("a.txt") && !writes("docs/b.txt") && writes("c.txt"));
        // A pattern that cannot be applied lets nothing pass.
        let broken = Denials { read: vec!["[".into()], ..Denials::default() };
        sender.send_replace(Arc::new(broken));
        assert!(!reads("a.txt") && !writes("a.txt"));
    }

    #[test]
    fn a_coding_agent_at_work_is_refused_what_is_denied_now() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("docs")).unwrap();
        fs::write(directory.path().join("docs/b.txt"), "text").unwrap();
        let task = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1".parse().unwrap();
        let job = Job {
            root: Some(directory.path().canonicalize().unwrap()),
            authority: Arc::new(Authority::unlimited()),
            ..Job::new(task, AgentSpec::default())
        };
        let (sender, receiver) = watch::channel(Arc::default());
        let (_cancel, cancelled) = watch::channel(false);
        let (notices, mut told) = mpsc::unbounded_channel();
        let context =
            JobContext { denied: Denied::new(receiver), ..JobContext::alone(cancelled, notices) };
        let permit = Permit::new(&job, &context).unwrap();
        let wishes = [
            Wish::Read(PathBuf::from("docs/b.txt")),
            Wish::Write(PathBuf::from("a.txt")),
            Wish::Run(vec!["true".into()]),
            Wish::Fetch("https://a.org/page".into()),
        ];
        for wish in &wishes {
            assert_eq!(permit.all(std::slice::from_ref(wish)), Ok(()), "{wish:?}");
        }
        sender.send_replace(Arc::new(denials()));
        for wish in &wishes {
            assert!(permit.all(std::slice::from_ref(wish)).is_err(), "{wish:?}");
        }
        assert!(permit.read(&PathBuf::from("docs/b.txt")).is_err());
        let mut denied = 0;
        while let Ok(notice) = told.try_recv() {
            denied += usize::from(matches!(notice, Notice::Denied(_)));
        }
        assert_eq!(denied, wishes.len(), "each is on record once");
        // What nobody denied is as it was.
        assert_eq!(permit.all(&[Wish::Run(vec!["false".into()])]), Ok(()));
    }

    #[test]
    fn a_coding_agent_keeps_what_it_was_started_with() {
        let directory = tempfile::tempdir().unwrap();
        let task = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1".parse().unwrap();
        let include = vec!["src/**".to_owned(), "docs/**".to_owned()];
        let read = PathScope { layers: vec![GlobLayer { include, ..GlobLayer::default() }] };
        let job = Job {
            root: Some(directory.path().canonicalize().unwrap()),
            authority: Arc::new(Authority { read: Some(read), ..Authority::unlimited() }),
            ..Job::new(task, AgentSpec::default())
        };
        let none = Denials::default;
        for (denials, expected) in [
            (none(), false),
            (Denials { read: vec!["docs/**".into()], ..none() }, true),
            // What directories cannot tell, it is refused at each use.
            (Denials { read: vec!["docs/private/**".into()], ..none() }, false),
            (Denials { write: vec!["**".into()], ..none() }, true),
            (Denials { http: vec!["https://a.org".parse().unwrap()], ..none() }, false),
            (Denials { exec: vec!["true".parse().unwrap()], ..none() }, true),
            (Denials { tools: vec!["git/*".into()], ..none() }, false),
        ] {
            let mut less = job.clone();
            narrow(&mut less, &denials);
            let program = std::path::Path::new("sh");
            assert_eq!(place::keeps(program, None, &job, &less), expected, "{denials:?}");
        }
    }
}
