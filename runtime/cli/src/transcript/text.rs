//! A transcript for a terminal.

use baton_agents::model::transcript::{Opening, TurnContent};
use baton_core::handoff::{FailureKind, Outcome, Usage};
use baton_core::record::Work;
use baton_core::report::Report;
use baton_models::{Message, Part, Stop};

use super::{Content, Entry, What};
use crate::live::model::{Part as Spoken, Speech};
use crate::output::{BAD, BOLD, BUSY, DIM, GOOD, WARN};
use crate::pause::clock;
use crate::render::detailed;
use crate::render::record::{denied, level_word};
use crate::text::{
    bytes, clean, duration, fit, one_line, pad, paint, plural, signed_dollars, wrap,
};

/// Columns of the names on the left.
const NAME: usize = 10;
/// Lines of a text that are shown where it is not shown in full.
pub const LINES: usize = 8;

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Lines of each text; none: all of them, at their full width.
    pub lines: Option<usize>,
    /// Columns of the terminal.
    pub columns: usize,
    /// The task stands in front, because several are shown.
    pub several: bool,
    /// Somebody watches: calls are told when they begin, too.
    pub live: bool,
}

/// An entry as lines, each with its line feed; nothing for what is shown elsewhere.
#[must_use]
pub fn entry(entry: &Entry, how: How) -> String {
    let mut page = Page { out: String::new(), how };
    let name = if how.several { format!("/{} ", entry.task) } else { String::new() };
    let bold = paint(BOLD, &name);
    let head = |sign: &str, words: &str| format!("{sign} {bold}{words}");
    match &entry.what {
        What::Asked(work) if how.live => {
            let words = format!("asked: {}", one_line(&asked(work)));
            page.line(&head(&paint(DIM, "○"), &words));
        }
        What::Asked(_) => {}
        What::Started => {
            page.line(&head(&paint(BUSY, "▸"), &format!("attempt {}", entry.attempt)));
        }
        What::Calling { call, backend, reserve } if how.live => {
            let most = detailed(reserve);
            let words = format!("call {call} of {} begins, up to {most}", one_line(backend));
            page.line(&paint(DIM, &head("·", &words)));
        }
        What::Calling { .. } => {}
        What::Turned { call, backend, usage, estimated, content } => {
            let usage = Usage { estimated_calls: u64::from(*estimated), ..*usage };
            let mut facts = vec![format!("call {call}"), one_line(backend), detailed(&usage)];
            if *estimated {
                facts.push("estimated".into());
            }
            if let Content::Said(said) = content {
                if said.rung > 0 {
                    facts.push(format!("step {}", u64::from(said.rung) + 1));
                }
                facts.push(duration(said.ms));
            }
            facts.retain(|fact| !fact.is_empty());
            page.line(&head(&paint(BUSY, "●"), &facts.join("  ")));
            page.content(content);
        }
        What::Tool { child, tool, input } => {
            page.text("runs", &format!("{} /{child} {input}", one_line(tool)));
        }
        What::ToolEnded { child, tool, outcome, .. } => {
            let how = match outcome {
                Outcome::Done(handoff) => handoff.output.to_string(),
                Outcome::Failed(failure) => format!("failed: {failure}"),
            };
            page.text("ran", &format!("{} /{child} {how}", one_line(tool)));
        }
        What::Denied(denial) => page.text("denied", &(name + &denied(denial))),
        What::Reported(report) => page.text("says", &(name + &report_words(report))),
        What::AttemptFailed { failure, usage } => {
            let consumed = detailed(usage);
            let consumed = if consumed.is_empty() { consumed } else { format!("  {consumed}") };
            let words = format!("attempt {} failed: {failure}{consumed}", entry.attempt);
            page.line(&head(&paint(WARN, "↻"), &one_line(&words)));
        }
        What::Deferred { provider, outage, failure, until } => {
            let until = until.map(|until| format!(" until {}", clock(until, entry.at)));
            let out = format!("{provider}: {}{}", outage.as_str(), until.unwrap_or_default());
            page.line(&head(&paint(WARN, "‖"), &one_line(&format!("waits: {out}: {failure}"))));
        }
        What::Passed { rung, rungs, backend, saved_micro_usd } => {
            let saved = signed_dollars(*saved_micro_usd);
            let step = u64::from(*rung) + 1;
            let words = format!("step {step} of {rungs} passed: {backend}, saved {saved}");
            page.line(&head(&paint(GOOD, "✓"), &one_line(&words)));
        }
        // `show` tells the end of a task with its result.
        What::Ended { outcome, usage, reused_from } if how.live => {
            let (style, sign, words) = match outcome {
                Outcome::Done(handoff) => (GOOD, "✓", handoff.summary.clone()),
                Outcome::Failed(failure) => {
                    (BAD, "✗", format!("{}: {failure}", failure.kind.as_str()))
                }
            };
            let from = reused_from.as_ref().map(|from| format!("reused from {from}"));
            let facts =
                ["ended".to_owned(), words, from.unwrap_or_default(), spent(outcome, usage)];
            let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
            page.line(&head(&paint(style, sign), &one_line(&facts.join(" · "))));
        }
        What::Ended { .. } => {}
    }
    page.out
}

/// What is being said, as the transcript will have it. Of each part the end matters most.
#[must_use]
pub fn speaking(speech: &Speech, how: How) -> String {
    let mut out = format!("{} it says now\n", paint(BUSY, "●"));
    let mut line = |name: &str, text: &str| {
        let line = format!("    {} {text}", paint(DIM, &pad(name, NAME)));
        out.push_str(line.trim_end());
        out.push('\n');
    };
    if speech.cut {
        line("", &paint(DIM, "… the beginning was not heard here"));
    }
    let room = how.columns.saturating_sub(NAME + 5);
    for part in &speech.parts {
        let (name, said) = match part {
            Spoken::Text(said) => ("assistant", said),
            Spoken::Thinking(said) => ("thinking", said),
            Spoken::Tool(name) => ("runs", name),
        };
        let said = clean(said).replace('\t', "    ");
        let lines: Vec<String> = said.trim().lines().flat_map(|line| wrap(line, room)).collect();
        let over = lines.len().saturating_sub(how.lines.unwrap_or(usize::MAX));
        let shown = lines.iter().skip(over).map(String::as_str);
        for (index, text) in (over > 0).then_some("…").into_iter().chain(shown).enumerate() {
            line(if index == 0 { name } else { "" }, text);
        }
    }
    out
}

/// What a task that has ended was charged.
fn spent(outcome: &Outcome, usage: &Usage) -> String {
    let spent = detailed(usage);
    let stopped = outcome.failure().is_some_and(|why| why.kind == FailureKind::Cancelled);
    // A call that was stopped is charged with all that it might have consumed until somebody says more.
    if stopped && usage.estimated_calls > 0 { format!("at the most {spent}") } else { spent }
}

/// What was asked of a task.
fn asked(work: &Work) -> String {
    match work {
        Work::Agent { spec, backend, .. } => {
            let label = spec.options.label.as_deref().unwrap_or("agent");
            format!("{label} by {backend}: {}", spec.prompt)
        }
        Work::Tool { spec, tool, .. } => format!("{tool} {}", spec.input),
        Work::Workflow { spec, .. } => format!("workflow {}", spec.name),
        Work::Sleep { .. } => "timer".into(),
        Work::Gate { spec, .. } => format!("gate: {}", spec.question),
    }
}

fn report_words(report: &Report) -> String {
    match report {
        Report::Phase { title } => format!("phase {title}"),
        Report::Log { level, text } => format!("{}: {text}", level_word(*level)),
        Report::Progress { done, total: Some(total) } => format!("{done} of {total}"),
        Report::Progress { done, total: None } => done.to_string(),
        Report::Artifact(artifact) => {
            format!("artifact {} {} {}", artifact.name, artifact.media_type, bytes(artifact.size))
        }
    }
}

struct Page {
    out: String,
    how: How,
}

impl Page {
    /// A heading, which is never longer than a line.
    fn line(&mut self, line: &str) {
        // Styles take no columns, and a cut must not leave one open.
        let plain = anstream::adapter::strip_str(line).to_string();
        let fits = self.how.lines.is_none() || crate::text::width(&plain) <= self.how.columns;
        let line = if fits { line.to_owned() } else { fit(&plain, self.how.columns) };
        self.out.push_str(&line);
        self.out.push('\n');
    }

    fn content(&mut self, content: &Content) {
        let said = match content {
            Content::Nothing => return self.text("lost", "nobody heard what was said"),
            Content::Unreadable(why) => return self.text("unreadable", why),
            Content::Said(said) => said,
        };
        if let Some(opening) = &said.opening {
            self.opening(opening);
        }
        for message in &said.said {
            self.message(message);
        }
        for part in &said.answer {
            self.part(part);
        }
        self.end(said);
    }

    fn opening(&mut self, opening: &Opening) {
        self.text("system", &opening.system);
        let tools: Vec<&str> = opening.tools.iter().map(|tool| tool.name.as_str()).collect();
        self.text("tools", &tools.join(" "));
        for given in &opening.guidance {
            let (part, of) = (bytes(given.bytes), bytes(given.of));
            self.text("given", &format!("{} {part} of {of}", one_line(&given.name)));
        }
        self.text("effort", opening.effort.as_deref().unwrap_or_default());
    }

    fn message(&mut self, message: &Message) {
        match message {
            Message::User(text) => self.text("user", text),
            Message::Assistant(parts) => parts.iter().for_each(|part| self.part(part)),
            Message::Tools(results) => {
                for result in results {
                    let failed = if result.failed { " failed" } else { "" };
                    let lead = format!("{}{failed}: ", one_line(&result.name));
                    self.text("result", &(lead + &result.content));
                }
            }
        }
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text } => self.text("assistant", text),
            Part::Thinking { text, .. } => self.text("thinking", text),
            Part::ToolCall { name, input, .. } => {
                self.text("calls", &format!("{} {input}", one_line(name)));
            }
        }
    }

    fn end(&mut self, said: &TurnContent) {
        if let Some(failed) = &said.failed {
            self.text("failed", &format!("{} ({})", failed.message, failed.code));
            self.text("partial", &failed.partial);
        }
        match &said.stop {
            None | Some(Stop::End | Stop::ToolCalls) => {}
            Some(Stop::Length) => self.text("stopped", "the answer came to the limit of tokens"),
            Some(Stop::Refused) => {
                self.text("stopped", "the provider kept the model from answering")
            }
            Some(Stop::Other(why)) => self.text("stopped", why),
        }
    }

    /// A name and a text, nothing if the text is empty.
    fn text(&mut self, name: &str, text: &str) {
        let text = clean(text);
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        let room = self.how.columns.saturating_sub(NAME + 5);
        let max = self.how.lines.unwrap_or(usize::MAX);
        let lines = text.lines().map(|line| line.replace('\t', "    "));
        let lines: Vec<String> = match max {
            1 => lines.map(|line| fit(&line, room)).collect(),
            usize::MAX => lines.collect(),
            _ => lines.flat_map(|line| wrap(&line, room)).collect(),
        };
        for (index, line) in lines.iter().take(max).enumerate() {
            let name = if index == 0 { name } else { "" };
            let line = format!("    {} {line}", paint(DIM, &pad(name, NAME)));
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
        let hidden = lines.len().saturating_sub(max);
        // Where one line of each is shown, the cut is the rule.
        if hidden > 0 && max > 1 {
            let more = format!("… {}, shown by --full", plural(hidden as u64, "more line"));
            let more = fit(&more, room);
            self.out.push_str(&format!("    {} {}\n", " ".repeat(NAME), paint(DIM, &more)));
        }
    }
}
