//! A task in words.

use baton_core::json::Json;

use crate::backend::{Job, JobContext, Message};
use crate::people;

/// What an agent is told, in two parts: how it is to work, and what it is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Its system prompt and what belongs to that; may be empty.
    pub system: String,
    /// The task.
    pub task: String,
}

/// How an agent is to hand over an output that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// As a block of JSON at the end of its last message.
    Block,
    /// By a way of its own, which knows the schema.
    Native,
}

/// What an agent begins with. `instructions`: those of the project are part of it, because the agent
/// does not read them by itself.
pub(crate) fn words(job: &Job, context: &JobContext, output: Output, instructions: bool) -> Words {
    let mut task = job.spec.prompt.clone();
    if let Some(input) = &job.spec.input {
        section(&mut task, "Input of the task, as JSON:", Some(input.as_str()));
    }
    if let (Some(schema), Output::Block) = (&job.spec.schema, output) {
        section(&mut task, &asked(schema), None);
    }
    if !job.corrections.is_empty() {
        section(&mut task, &corrections(&job.corrections), None);
    }
    if job.attempt > 1 {
        section(&mut task, &earlier(job), None);
    }
    say(&mut task, &context.inbox.all(), context);
    let redact = &context.redact;
    Words { system: redact.text(&system(job, instructions)), task: redact.text(&task) }
}

/// What an agent that knows its task is told about the attempt before. `told`: number of the last
/// message of people that it knows.
pub(crate) fn again(job: &Job, context: &JobContext, output: Output, told: u64) -> String {
    let mut text = match job.corrections.is_empty() {
        true => "The work was interrupted. Look at what is done, and go on with the task.".into(),
        false => corrections(&job.corrections),
    };
    if let (Some(schema), Output::Block, false) =
        (&job.spec.schema, output, job.corrections.is_empty())
    {
        section(&mut text, &asked(schema), None);
    }
    say(&mut text, &context.inbox.after(told), context);
    context.redact.text(&text)
}

/// What an agent that has ended its turn is told that people said meanwhile.
pub(crate) fn more(job: &Job, context: &JobContext, output: Output, news: &[Message]) -> String {
    let mut text = people::words(news, &context.redact);
    if let (Some(schema), Output::Block) = (&job.spec.schema, output) {
        section(&mut text, &asked(schema), None);
    }
    text
}

fn say(text: &mut String, messages: &[Message], context: &JobContext) {
    if !messages.is_empty() {
        section(text, &people::words(messages, &context.redact), None);
    }
}

/// Said to an agent that begins anew.
fn earlier(job: &Job) -> String {
    let mut text = String::from(
        "This task was begun before, and not ended. What was done may still be there: look before you \
         begin, and do not repeat it.",
    );
    for why in &job.earlier {
        text.push_str("\n- ");
        text.push_str(why);
    }
    text
}

fn system(job: &Job, instructions: bool) -> String {
    let mut text = job.spec.options.system.clone().unwrap_or_default();
    if instructions {
        for (path, words) in &job.guidance.instructions {
            section(&mut text, &format!("Instructions of the project, from {path}:"), Some(words));
        }
    }
    let definition = job.definition.as_deref();
    for name in definition.map_or(&[][..], |definition| &definition.skills) {
        if let Some(skill) = job.guidance.skills.get(name) {
            section(&mut text, &format!("The skill `{name}`:"), Some(&skill.text));
        }
    }
    text
}

fn asked(schema: &Json) -> String {
    format!(
        "End your last message with the result: one JSON value that satisfies the schema below, in a \
         block that begins with ```json and ends with ```. Nothing may follow it.\n\n{}",
        schema.as_str()
    )
}

fn corrections(errors: &[String]) -> String {
    let mut text = String::from("Your last result was not accepted:\n");
    for error in errors {
        text.push_str("\n- ");
        text.push_str(error);
    }
    text.push_str("\n\nGive a result without these errors. Do not repeat work that is done.");
    text
}

/// Adds a paragraph, and below it a text.
fn section(to: &mut String, paragraph: &str, below: Option<&str>) {
    for part in [Some(paragraph), below].into_iter().flatten() {
        if !to.is_empty() {
            to.push_str("\n\n");
        }
        to.push_str(part);
    }
}
