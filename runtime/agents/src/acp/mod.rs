//! `acp:ARGV`: any program that speaks the Agent Client Protocol, version 1.
//!
//! We are its client: it asks us before it touches anything, as far as it asks at all, and it may read
//! and write files through us. Terminals are not offered. Lines are JSON-RPC over its standard
//! streams; only their contents are the library's, so that limits, cancelling and the death of a
//! program are the same as of every other.

mod dialogue;
mod tools;
mod wire;

use std::ffi::OsString;
use std::path::Path;

use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::record::Effect;

use crate::backend::{Answer, Backend, BackendError, BackendFuture, Job, JobContext, Steering};
use crate::coding::permit::Permit;
use crate::coding::place::{self, Place};
use crate::coding::sessions::{Book, Bound};
use crate::coding::talk::{Watch, talk};
use crate::coding::task::{Output, again, more, words};
use crate::coding::{CodingKind, answer};
use crate::people::{kept, last};
use crate::process::Supervisor;
use dialogue::{Acp, Begin, Heard};

/// A command that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcpError {
    /// There is no word in it.
    #[error("`acp:` names no program; write `acp:PROGRAM [ARGUMENT]…`")]
    Empty,
    /// It cannot be split into words.
    #[error("`acp:{text}` cannot be split into words: a quote or backslash is left open")]
    Words {
        /// What follows `acp:`.
        text: String,
    },
    /// The program is given by a relative path, and the host's working directory is gone.
    #[error("the working directory of the host cannot be found: {message}")]
    Directory {
        /// What the operating system says.
        message: String,
    },
}

/// An agent that speaks the Agent Client Protocol.
///
/// - Its requests for permission are answered from the task: reading and searching within what may be
///   read, edits within what may be written, commands that a grant lets pass and that no shell would
///   turn into something else, requests over HTTP that were granted. Everything else is refused, told
///   as [`Notice::Denied`](crate::Notice::Denied), and never allowed for later.
/// - It reads and writes files through us within the same scope, as far as anything was granted.
/// - What it does without asking, only the operating system keeps it from: see [`coding`](crate::coding).
/// - A model and an effort are handed over where it offers such options; a model that it does not
///   offer fails the task.
/// - What people say is told to it in a further turn of the same session; for what is urgent its turn is
///   cancelled first.
/// - A later attempt goes on with the session of the one before, where the agent can load it: also of
///   one that ended with the host.
pub struct AcpBackend {
    name: String,
    arguments: Vec<String>,
    program: Box<Path>,
    /// Whose models it uses, where that is known.
    kind: Option<CodingKind>,
    /// It takes its model as an argument, and other ways of its own.
    is_gemini: bool,
    supervisor: Supervisor,
}

impl AcpBackend {
    /// A backend for `argv_text`, what follows `acp:`. It is split into words as a POSIX shell does,
    /// and nothing else of a shell applies. A first word with a `/` is a path from the host's working
    /// directory; one without is looked up in `PATH` at every attempt.
    ///
    /// # Errors
    /// When the text has no words or a quote is not closed.
    pub fn new(argv_text: &str, supervisor: Supervisor) -> Result<Self, AcpError> {
        let argv = shell_words::split(argv_text)
            .map_err(|_| AcpError::Words { text: argv_text.into() })?;
        let [program, arguments @ ..] = argv.as_slice() else { return Err(AcpError::Empty) };
        // Who says where a program is may mean any program: keys and state are for one that is
        // installed.
        let installed = !program.contains('/');
        let program: Box<Path> = match program.as_str() {
            "" => return Err(AcpError::Empty),
            path if path.contains('/') => std::path::absolute(path)
                .map_err(|error| AcpError::Directory { message: error.to_string() })?
                .into(),
            name => Path::new(name).into(),
        };
        Ok(Self {
            name: format!("acp:{argv_text}"),
            arguments: arguments.to_vec(),
            kind: CodingKind::of_adapter(&program).filter(|_| installed),
            program,
            is_gemini: false,
            supervisor,
        })
    }

    /// Gemini CLI, with arguments of ours.
    pub(crate) fn gemini(program: Box<Path>, supervisor: Supervisor) -> Self {
        // Extensions of its user's would bring tools and servers of their own.
        let arguments = [
            "--acp",
            "--approval-mode=default",
            "--extensions=none",
            "--allowed-mcp-server-names=none",
        ];
        Self {
            name: CodingKind::GeminiCli.name().into(),
            arguments: arguments.map(Into::into).into(),
            program,
            kind: Some(CodingKind::GeminiCli),
            is_gemini: true,
            supervisor,
        }
    }

    async fn attempt(&self, job: &Job, context: &JobContext) -> Result<Answer, BackendError> {
        let place = Place::new(&self.program, self.kind, &self.supervisor, job, context).await?;
        let context = &place.careful(context);
        let permit = Permit::new(job, context).map_err(BackendError::Permanent)?;
        let mut arguments = self.arguments.clone();
        let options = &job.spec.options;
        let by_argument = options.model.as_ref().filter(|_| self.is_gemini);
        arguments.extend(by_argument.map(|model| format!("--model={model}")));
        let book = Book::new(job, context, Bound::Directory);
        book.tell(job);
        let words = words(job, context, Output::Block, self.is_gemini);
        let task = match words.system.is_empty() {
            true => words.task,
            false => format!("{}\n\n{}", words.system, words.task),
        };
        let begin = Begin {
            task,
            again: book.before().map(|session| {
                let text = again(job, context, Output::Block, session.told);
                (session.id.clone(), text)
            }),
            told: last(&context.inbox.all()),
            more: {
                let (job, context) = (job.clone(), context.clone());
                Box::new(move |news| more(&job, &context, Output::Block, news))
            },
            directory: place.directory.clone(),
            model: options.model.clone().filter(|_| !self.is_gemini),
            effort: options.effort.clone(),
            is_gemini: self.is_gemini,
            text_bytes_max: job.limits.run.result_bytes,
        };
        let watch = Watch::new(job, context);
        let mut dialogue = Acp::new(begin, permit, watch, book);
        let launch = place.launch(arguments.into_iter().map(OsString::from));
        let finished = talk(&self.supervisor, launch, &mut dialogue, job, context).await;
        let (heard, book) = dialogue.into_heard();
        let Heard { usage, result, text, before, too_much, agent } = heard;
        let result = match (finished, result) {
            (Err(error), _) | (Ok(_), Some(Err(error))) => Err(error),
            (Ok(_), Some(Ok(()))) if too_much => Err(BackendError::Permanent(Failure::new(
                FailureKind::Limit,
                "result-bytes",
                "the last message of the agent is longer than a result may be",
            ))),
            (Ok(_), Some(Ok(()))) => {
                answer::from_text(job, context, &text).map_err(BackendError::Permanent)
            }
            (Ok(finished), None) => Err(finished.broke(agent.as_deref().unwrap_or(&self.name))),
        };
        let before = before.and_then(|text| answer::from_text(job, context, &text).ok());
        let result = kept(result, before, context);
        book.close(&result);
        Ok(answer::clean(Answer { result, usage }, context))
    }
}

impl Backend for AcpBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn provider(&self) -> &str {
        match self.kind {
            Some(kind) => kind.provider(),
            None => &self.name,
        }
    }

    fn takes_messages(&self) -> Steering {
        Steering::Step
    }

    fn keeps(&self, job: &Job, less: &Job) -> bool {
        place::keeps(&self.program, self.kind, job, less)
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        Box::pin(async move {
            let answer = self.attempt(job, context).await;
            answer.unwrap_or_else(|error| Answer { result: Err(error), usage: Usage::default() })
        })
    }
}
