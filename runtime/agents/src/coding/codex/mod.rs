//! Codex, by `codex exec --json`.
//!
//! It reads files by running commands, and runs them without asking, in a sandbox of its own: that is
//! told which files they may touch, and gives them no network unless some request was granted. What
//! users and projects configured for it does not count.
//!
//! A process of it takes one turn. A further one, and a later attempt, resume the session by its name.

mod arguments;
mod dialogue;

use baton_core::handoff::Usage;

use super::permit::Permit;
use super::place::Place;
use super::sessions::{Book, Bound};
use super::talk::{Watch, talk};
use super::task::{Output, again, more, words};
use super::vendor::CodingKind;
use super::{Call, answer};
use crate::backend::{Answer, BackendError};
use crate::people::last;
use dialogue::{Codex, Heard};

/// Its name in messages.
const AGENT: &str = "Codex";

pub(super) async fn attempt(call: &Call<'_>) -> Result<Answer, BackendError> {
    let Call { program, supervisor, job, context } = *call;
    let place = Place::new(program, Some(CodingKind::Codex), supervisor, job, context).await?;
    let context = &place.careful(context);
    let schema = job.spec.schema.as_ref().filter(|schema| arguments::is_strict(&schema.value()));
    let output = if schema.is_some() { Output::Native } else { Output::Block };
    let schema_file = match schema {
        None => None,
        Some(schema) => Some(place.file("schema.json", schema.as_str()).await?),
    };
    let base_url = std::env::var("OPENAI_BASE_URL").ok().filter(|url| !url.is_empty());
    let news = context.inbox.all();
    let mut book = Book::new(job, context, Bound::Nowhere);
    book.tell(job);
    let mut spent = Usage::default();
    loop {
        let arguments = arguments::arguments(&arguments::Given {
            job,
            rules: &place.rules,
            base_url: base_url.as_deref(),
            schema_file: schema_file.as_deref(),
            session: book.before().map(|session| session.id.as_str()),
        });
        let task = match book.before() {
            Some(session) if context.turn > 0 => {
                more(job, context, output, &context.inbox.after(session.told))
            }
            Some(session) => again(job, context, output, session.told),
            None => {
                let words = words(job, context, output, false);
                match words.system.is_empty() {
                    true => words.task,
                    false => format!("{}\n\n{}", words.system, words.task),
                }
            }
        };
        book.saying(last(&news));
        let permit = Permit::new(job, context).map_err(BackendError::Permanent)?;
        let mut dialogue = Codex::new(task, permit, Watch::new(job, context), book);
        let launch = place.launch(arguments.into_iter().map(Into::into));
        let finished = talk(supervisor, launch, &mut dialogue, job, context).await;
        let (Heard { total, result, text, last_error }, mut heard) = dialogue.into_heard();
        let result = match (finished, result) {
            (Err(error), _) | (Ok(_), Some(Err(error))) => Err(error),
            (Ok(_), Some(Ok(()))) => {
                answer::from_text(job, context, &text).map_err(BackendError::Permanent)
            }
            (Ok(finished), None) => Err(match last_error {
                Some(error) => super::outage::error("agent-error", &error, None),
                None => finished.broke(AGENT),
            }),
        };
        let usage = total.map(|total| heard.counted(total)).unwrap_or_default();
        spent.add(&usage);
        match heard.end(&result) {
            Some(anew) => book = anew,
            None => return Ok(answer::clean(Answer { result, usage: spent }, context)),
        }
    }
}
