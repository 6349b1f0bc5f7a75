//! A transcript as Markdown.

use baton_core::handoff::{Outcome, Usage};
use baton_core::record::Work;
use baton_models::{Message, Part};

use super::{Content, Entry, What};
use crate::render::detailed;
use crate::render::record::denied;
use crate::shapes::moment;
use crate::text::{clean, duration, one_line, signed_dollars};

/// What stands at the beginning.
#[must_use]
pub fn heading(id: &str) -> String {
    format!("# {id}\n")
}

/// An entry as Markdown, with an empty line in front.
#[must_use]
pub fn entry(entry: &Entry) -> String {
    let body = match &entry.what {
        What::Asked(work) => asked(work),
        What::Started => format!("## Attempt {}, {}", entry.attempt, moment(entry.at)),
        What::Calling { .. } => return String::new(),
        What::Turned { call, backend, usage, estimated, content } => {
            turned(*call, backend, usage, *estimated, content)
        }
        What::Tool { child, tool, input } => {
            format!("Runs `{}` as task /{child}:\n\n{}", code(tool), fenced("json", input.as_str()))
        }
        What::ToolEnded { child, outcome, .. } => match outcome {
            Outcome::Done(handoff) => {
                format!("Task /{child} returned:\n\n{}", fenced("json", handoff.output.as_str()))
            }
            Outcome::Failed(failure) => format!("Task /{child} failed: {}", plain(failure)),
        },
        What::Denied(denial) => format!("**Denied**: {}", plain(denied(denial))),
        What::Reported(report) => {
            format!(
                "**Says**:\n\n{}",
                fenced("json", &serde_json::to_string(report).unwrap_or_default())
            )
        }
        What::AttemptFailed { failure, .. } => {
            format!("**Attempt {} failed**: {}", entry.attempt, plain(failure))
        }
        What::Deferred { provider, outage, failure, until } => {
            let until = until.map(|until| format!(" until {}", moment(until))).unwrap_or_default();
            let (provider, outage) = (plain(provider), outage.as_str());
            format!("**Waits** for {provider}: {outage}{until}: {}", plain(failure))
        }
        What::Passed { rung, rungs, backend, saved_micro_usd } => {
            let (step, saved) = (u64::from(*rung) + 1, signed_dollars(*saved_micro_usd));
            format!("**Step {step} of {rungs} passed**: {}, saved {saved}", plain(backend))
        }
        What::Ended { outcome, usage, reused_from } => {
            let from = reused_from.as_ref().map(|from| format!("Reused from {from}.\n\n"));
            let consumed = match detailed(usage) {
                consumed if consumed.is_empty() => consumed,
                consumed => format!("Consumed: {consumed}\n\n"),
            };
            let result = match outcome {
                Outcome::Done(handoff) => {
                    let summary = fenced("text", &handoff.summary);
                    let output = fenced("json", handoff.output.as_str());
                    format!("Summary:\n\n{summary}\n\nOutput:\n\n{output}")
                }
                Outcome::Failed(failure) => {
                    format!("Failed ({}): {}", failure.kind.as_str(), plain(failure))
                }
            };
            format!("## Result\n\n{}{consumed}{result}", from.unwrap_or_default())
        }
    };
    format!("\n{body}\n")
}

fn asked(work: &Work) -> String {
    let mut out = format!("- kind: {}\n", work.kind());
    if let Some(label) = work.label() {
        out.push_str(&format!("- label: {}\n", plain(label)));
    }
    match work {
        Work::Agent { spec, backend, .. } => {
            out.push_str(&format!("- backend: {}\n\n", plain(backend)));
            out.push_str(&format!("Task:\n\n{}", fenced("text", &spec.prompt)));
        }
        Work::Tool { spec, .. } => {
            out.push_str(&format!("\nInput:\n\n{}", fenced("json", spec.input.as_str())));
        }
        Work::Gate { spec, .. } => {
            out.push_str(&format!("\nQuestion:\n\n{}", fenced("text", &spec.question)));
        }
        Work::Workflow { .. } | Work::Sleep { .. } => {}
    }
    out.trim_end().to_owned()
}

fn turned(call: u32, backend: &str, usage: &Usage, estimated: bool, content: &Content) -> String {
    let usage = Usage { estimated_calls: u64::from(estimated), ..*usage };
    let mut facts = vec![plain(backend), detailed(&usage)];
    if estimated {
        facts.push("estimated".into());
    }
    let mut blocks: Vec<String> = Vec::new();
    match content {
        Content::Nothing => blocks.push("Nobody heard what was said.".into()),
        Content::Unreadable(why) => blocks.push(format!("It cannot be read: {}", plain(why))),
        Content::Said(said) => {
            facts.push(duration(said.ms));
            if let Some(opening) = &said.opening {
                blocks.push(titled("System", "text", &opening.system));
                let tools = opening.tools.iter().map(|tool| format!("`{}`", code(&tool.name)));
                let tools: Vec<String> = tools.collect();
                if !tools.is_empty() {
                    blocks.push(format!("Tools: {}", tools.join(", ")));
                }
                let given = opening.guidance.iter();
                let given: Vec<String> = given
                    .map(|given| {
                        format!("`{}` ({} of {} bytes)", code(&given.name), given.bytes, given.of)
                    })
                    .collect();
                if !given.is_empty() {
                    blocks.push(format!("Given: {}", given.join(", ")));
                }
            }
            for message in &said.said {
                match message {
                    Message::User(text) => blocks.push(titled("User", "text", text)),
                    Message::Assistant(parts) => blocks.extend(parts.iter().map(part)),
                    Message::Tools(results) => blocks.extend(results.iter().map(|result| {
                        let failed = if result.failed { " failed" } else { "" };
                        let title = format!("Result of {}{failed}", plain(&result.name));
                        titled(&title, "text", &result.content)
                    })),
                }
            }
            blocks.extend(said.answer.iter().map(part));
            if let Some(failed) = &said.failed {
                blocks.push(format!(
                    "**Failed**: {} ({})",
                    plain(&failed.message),
                    plain(&failed.code)
                ));
                if !failed.partial.is_empty() {
                    blocks.push(titled("Heard until then", "text", &failed.partial));
                }
            }
        }
    }
    facts.retain(|fact| !fact.is_empty());
    format!("### Call {call}: {}\n\n{}", facts.join(" · "), blocks.join("\n\n"))
}

fn part(part: &Part) -> String {
    match part {
        Part::Text { text } => titled("Assistant", "text", text),
        Part::Thinking { text, .. } => titled("Thinking", "text", text),
        Part::ToolCall { name, input, .. } => {
            titled(&format!("Calls {}", plain(name)), "json", input.as_str())
        }
    }
}

fn titled(title: &str, language: &str, text: &str) -> String {
    format!("**{title}**\n\n{}", fenced(language, text))
}

/// A text that stands for itself, whatever it holds.
fn fenced(language: &str, text: &str) -> String {
    let text = clean(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end())
}

/// A text within a line: nothing in it is taken for Markdown.
fn plain(text: impl ToString) -> String {
    let mut out = String::new();
    for c in one_line(&text.to_string()).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A text between backticks.
fn code(text: &str) -> String {
    one_line(text).replace('`', "'")
}
