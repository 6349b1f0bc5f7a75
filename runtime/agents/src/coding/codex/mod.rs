//! Codex, by `codex exec --json`.
//!
//! It reads files by running commands, and runs them without asking, in a sandbox of its own: that is
//! told which files they may touch, and gives them no network unless some request was granted. What
//! users and projects configured for it does not count.

mod arguments;
mod dialogue;

use baton_core::handoff::Usage;

use super::permit::Permit;
use super::place::Place;
use super::sessions::Session;
use super::talk::{Watch, talk};
use super::task::{Output, again, words};
use super::vendor::CodingKind;
use super::{Call, answer};
use crate::backend::{Answer, BackendError};
use crate::people::last;
use dialogue::{Codex, Heard};

/// Its name in messages.
const AGENT: &str = "Codex";

pub(super) async fn attempt(call: &Call<'_>) -> Result<Answer, BackendError> {
    let Call { program, supervisor, sessions, job, context } = *call;
    let place = Place::new(program, Some(CodingKind::Codex), supervisor, job, context).await?;
    let context = &place.careful(context);
    let permit = Permit::new(job, context).map_err(BackendError::Permanent)?;
    let schema = job.spec.schema.as_ref().filter(|schema| arguments::is_strict(&schema.value()));
    let output = if schema.is_some() { Output::Native } else { Output::Block };
    let schema_file = match schema {
        None => None,
        Some(schema) => Some(place.file("schema.json", schema.as_str()).await?),
    };
    let session = sessions.take(job);
    let words = words(job, context, output, false);
    let base_url = std::env::var("OPENAI_BASE_URL").ok().filter(|url| !url.is_empty());
    let arguments = arguments::arguments(&arguments::Given {
        job,
        rules: &place.rules,
        base_url: base_url.as_deref(),
        schema_file: schema_file.as_deref(),
        session: session.as_ref().map(|session| session.id.as_str()),
    });
    let task = match &session {
        Some(session) => again(job, context, output, session.told),
        None if words.system.is_empty() => words.task,
        None => format!("{}\n\n{}", words.system, words.task),
    };
    let told = last(&context.inbox.all());
    let watch = Watch::new(job, context);
    let mut dialogue = Codex::new(task, permit, watch);
    let launch = place.launch(arguments.into_iter().map(Into::into));
    let finished = talk(supervisor, launch, &mut dialogue, job, context).await;
    let Heard { thread, total, result, text, last_error } = dialogue.into_heard();
    // It counts a session as a whole, earlier attempts included.
    let counted = session.map(|session| session.counted).unwrap_or_default();
    let usage = total.map(|total| less(&total, &counted)).unwrap_or_default();
    if let Some(id) = thread {
        sessions.put(job, Session { id, counted: total.unwrap_or(counted), told });
    }
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
    Ok(answer::clean(Answer { result, usage }, context))
}

/// What was consumed beyond what was counted before.
fn less(total: &Usage, before: &Usage) -> Usage {
    Usage {
        input_tokens: total.input_tokens.saturating_sub(before.input_tokens),
        output_tokens: total.output_tokens.saturating_sub(before.output_tokens),
        cached_tokens: total.cached_tokens.saturating_sub(before.cached_tokens),
        ..Usage::default()
    }
}
