//! Claude Code, by the messages it exchanges with its own libraries: JSON lines on standard streams.
//!
//! It is asked to ask before every use of a tool, and its requests are answered from the scope. What
//! users and projects configured for it does not count: no settings, hooks, servers or plugins.

mod arguments;
mod dialogue;
mod tools;

use baton_core::handoff::{Failure, Handoff, Usage};

use super::permit::Permit;
use super::place::Place;
use super::sessions::{Book, Bound};
use super::talk::{Watch, talk};
use super::task::{Output, again, more, words};
use super::vendor::CodingKind;
use super::{Call, answer};
use crate::backend::{Answer, BackendError};
use crate::people::{kept, last};
use dialogue::{Claude, Heard, People, Said};

/// Its name in messages.
const AGENT: &str = "Claude Code";

pub(super) async fn attempt(call: &Call<'_>) -> Result<Answer, BackendError> {
    let Call { program, supervisor, job, context } = *call;
    let kind = CodingKind::Claude;
    let mut place = Place::new(program, Some(kind), supervisor, job, context).await?;
    let context = &place.careful(context);
    // Otherwise a part of its state lies beside that directory, where nothing may be written.
    if let Some(state) = kind.state(|name| std::env::var_os(name).map(Into::into)) {
        place.set("CLAUDE_CONFIG_DIR", state);
    }
    for (name, value) in arguments::VARIABLES {
        place.set(name, *value);
    }
    let native = job.spec.schema.as_ref().filter(|schema| arguments::is_native(schema));
    let output = if native.is_some() { Output::Native } else { Output::Block };
    let words = words(job, context, output, true);
    let system = match words.system.is_empty() {
        true => None,
        false => Some(place.file("system.md", &words.system).await?),
    };
    let told = last(&context.inbox.all());
    let mut book = Book::new(job, context, Bound::Directory);
    book.tell(job);
    let mut spent = Usage::default();
    loop {
        let permit = Permit::new(job, context).map_err(BackendError::Permanent)?;
        let task = match book.before() {
            Some(session) => again(job, context, output, session.told),
            None => words.task.clone(),
        };
        let arguments = arguments::arguments(&arguments::Given {
            job,
            permit: &permit,
            schema: native,
            system: system.as_deref(),
            session: book.before().map(|session| session.id.as_str()),
            cost_left: context.meter.left().cost_micro_usd,
        });
        let watch = Watch::new(job, context);
        let root = place.directory.clone();
        let people = People::new(told, {
            let (job, context) = (job.clone(), context.clone());
            Box::new(move |news| more(&job, &context, output, news))
        });
        let mut dialogue = Claude::new(task, root, permit, watch, people, book);
        let launch = place.launch(arguments.into_iter().map(Into::into));
        let finished = talk(supervisor, launch, &mut dialogue, job, context).await;
        let (Heard { usage, result, before }, heard) = dialogue.into_heard();
        let result = match (finished, result) {
            (Err(error), _) => Err(error),
            (Ok(finished), None) => Err(finished.broke(AGENT)),
            (Ok(_), Some(Err(error))) => Err(error),
            (Ok(_), Some(Ok(said))) => handoff(call, &said).map_err(BackendError::Permanent),
        };
        let before = before.and_then(|said| handoff(call, &said).ok());
        let result = kept(result, before, context);
        spent.add(&usage);
        match heard.end(&result) {
            Some(anew) => book = anew,
            None => return Ok(answer::clean(Answer { result, usage: spent }, context)),
        }
    }
}

fn handoff(call: &Call<'_>, said: &Said) -> Result<Handoff, Failure> {
    let Call { job, context, .. } = *call;
    match &said.structured {
        Some(json) if job.spec.schema.is_some() => answer::from_json(job, context, json),
        _ => answer::from_text(job, context, &said.text),
    }
}
