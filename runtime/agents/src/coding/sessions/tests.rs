#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use baton_core::handoff::Failure;
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::spec::AgentSpec;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::backend::Redact;
use crate::sessions::Sessions;

struct World {
    job: Job,
    context: JobContext,
    noticed: mpsc::UnboundedReceiver<Notice>,
}

fn world(root: Option<&str>) -> World {
    let task = TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) };
    let (notices, noticed) = mpsc::unbounded_channel();
    let context = JobContext::alone(watch::channel(false).1, notices);
    let job = Job { root: root.map(PathBuf::from), ..Job::new(task, AgentSpec::default()) };
    World { job, context, noticed }
}

impl World {
    fn book(&self, bound: Bound) -> Book {
        Book::new(&self.job, &self.context, bound)
    }

    /// The sessions that were told of since this was asked last.
    fn told(&mut self) -> Vec<Session> {
        let mut told = Vec::new();
        while let Ok(notice) = self.noticed.try_recv() {
            if let Notice::Session { session, .. } = notice {
                told.push(session);
            }
        }
        told
    }
}

fn session(id: &str, directory: &str, told: u64, input_tokens: u64) -> Session {
    let counted = Usage { input_tokens, ..Usage::default() };
    Session { id: id.into(), directory: directory.into(), told, counted }
}

#[test]
fn a_message_counts_as_told_once_the_agent_answers() {
    let mut world = world(Some("/work"));
    let mut book = world.book(Bound::Directory);
    book.saying(3);
    book.answered();
    assert_eq!(world.told(), [], "it has no name yet");
    book.named("s1");
    book.named("s2");
    assert_eq!(world.told(), [], "it has not answered");
    book.answered();
    assert_eq!(world.told(), [session("s1", "/work", 3, 0)], "the first name counts");
    book.saying(7);
    assert_eq!(world.context.sessions.get(0).unwrap().told, 3, "it may never have got there");
    book.answered();
    book.answered();
    assert_eq!(world.told(), [session("s1", "/work", 7, 0)], "once");
}

#[test]
fn what_a_session_counts_as_a_whole_is_counted_once() {
    let mut world = world(None);
    let mut first = world.book(Bound::Nowhere);
    first.named("t1");
    let of = |input_tokens| Usage { input_tokens, ..Usage::default() };
    assert_eq!(first.counted(of(20)), of(20));
    let mut second = world.book(Bound::Nowhere);
    assert_eq!(second.before().unwrap().id, "t1");
    second.named("t1");
    second.answered();
    assert_eq!(second.counted(of(50)), of(30));
    assert_eq!(world.told(), [session("t1", "", 0, 20), session("t1", "", 0, 50)]);
}

#[test]
fn a_session_is_gone_on_with_only_where_it_belongs() {
    for (root, bound, found) in [
        (Some("/work"), Bound::Directory, true),
        (Some("/other"), Bound::Directory, false),
        (Some("/other"), Bound::Nowhere, false),
        (None, Bound::Directory, false),
    ] {
        let mut world = world(root);
        let known = [(0, session("s1", "/work", 0, 0))].into();
        world.context.sessions = Sessions::new(known);
        assert_eq!(world.book(bound).before().is_some(), found, "{root:?} {bound:?}");
        world.job.rung = 1;
        assert!(world.book(bound).before().is_none(), "another step has its own");
    }
    let mut world = world(None);
    let mut book = world.book(Bound::Directory);
    book.named("s1");
    book.answered();
    assert_eq!(world.told(), [], "its directory is gone with the attempt");
}

#[test]
fn an_agent_that_does_not_know_its_session_begins_anew() {
    let failed = |kind| {
        let failure = Failure::new(kind, "agent-ended", "it ended");
        Err(BackendError::Retryable { failure, after_ms: None })
    };
    let known = || Sessions::new([(0, session("s1", "/work", 5, 9))].into());
    let mut world = world(Some("/work"));
    for (result, anew) in [
        // It ended before it named any.
        (failed(FailureKind::Failed), true),
        (failed(FailureKind::TimedOut), false),
        (Err(BackendError::Cancelled), false),
        (Ok(Handoff::default()), false),
    ] {
        world.context.sessions = known();
        assert_eq!(world.book(Bound::Directory).end(&result).is_some(), anew, "{result:?}");
        world.context.sessions = known();
        world.context.turn = 1;
        assert!(world.book(Bound::Directory).end(&result).is_none(), "the task is done already");
        world.context.turn = 0;
        world.context.sessions = known();
        let mut book = world.book(Bound::Directory);
        book.named("s1");
        assert!(!book.is_astray() && book.end(&result).is_none(), "it knows it");
    }
    world.told();
    world.context.sessions = known();
    let mut book = world.book(Bound::Directory);
    book.named("s2");
    book.answered();
    assert!(book.is_astray());
    let mut book = book.end(&Err(BackendError::Cancelled)).expect("another book");
    assert_eq!(world.told(), [], "nothing is kept of it");
    assert!(book.before().is_none() && world.context.sessions.get(0).is_none());
    book.named("s3");
    book.answered();
    assert_eq!(world.told(), [session("s3", "/work", 0, 0)]);
    assert!(book.end(&failed(FailureKind::Failed)).is_none(), "once");
}

#[test]
fn a_session_in_which_nothing_can_be_done_is_not_tried_again() {
    let failed = || {
        let failure = Failure::new(FailureKind::Failed, "agent-error", "no such session");
        Err(BackendError::Retryable { failure, after_ms: None })
    };
    for (works, result, kept) in [
        (false, failed(), false),
        (true, failed(), true),
        // That says nothing of it.
        (false, Err(BackendError::Cancelled), true),
    ] {
        let mut world = world(Some("/work"));
        world.context.sessions = Sessions::new([(0, session("s1", "/work", 0, 0))].into());
        let mut book = world.book(Bound::Directory);
        book.named("s1");
        book.answered();
        if works {
            book.works();
        }
        book.close(&result);
        assert_eq!(world.context.sessions.get(0).is_some(), kept, "{result:?}");
    }
}

#[test]
fn a_session_that_goes_on_under_another_name_is_the_same() {
    let mut world = world(Some("/work"));
    world.context.sessions = Sessions::new([(0, session("s1", "/work", 5, 0))].into());
    let mut book = world.book(Bound::Directory);
    book.saying(7);
    book.renamed("s2");
    book.answered();
    assert!(!book.is_astray());
    assert_eq!(world.told(), [session("s2", "/work", 7, 0)]);
}

#[test]
fn names_that_cannot_be_said_again_are_not_kept() {
    let mut world = world(Some("/work"));
    world.context.redact = Redact::new(|text| text.replace("hunter2", "[secret]"));
    for name in ["", "-x", "a b", "a\nb", "hunter2", &"x".repeat(5_000)] {
        let mut book = world.book(Bound::Directory);
        book.named(name);
        book.answered();
        assert_eq!(world.told(), [], "{name:?}");
    }
}
