//! What was asked of tasks and said in them, cut to what a page can hold.

use std::collections::BTreeMap;

use baton_agents::model::transcript::{Opening, TurnContent};
use baton_core::handoff::{Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::Work;
use baton_core::report::Report as Told;
use baton_models::{Message, Part};

use super::html::{At, Html};
use super::{TALK_BYTES_MAX, TASK_BYTES_MAX, TEXT_BYTES_MAX, cut};
use crate::render::detailed;
use crate::render::record::{denied, level_word};
use crate::shapes::moment;
use crate::text::{bytes, duration, one_line, signed_dollars};
use crate::transcript::{Content, Entry, What};

/// What was asked of a task, and how it ended.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Names and texts: the prompt, the input, the schema.
    pub texts: Vec<(&'static str, String)>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The output was too much for the page: so many bytes.
    pub left_out: usize,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Who said it, or what it is.
    pub who: String,
    /// What was said; empty: `who` says it all.
    pub text: String,
}

/// What was said in the tasks of a run.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    said: BTreeMap<TaskPath, Vec<Piece>>,
    left_out: BTreeMap<TaskPath, usize>,
    /// Bytes by task, and of all.
    sizes: BTreeMap<TaskPath, usize>,
    size: usize,
    results: usize,
}

impl Talk {
    /// Whether nothing more fits on the page.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.size >= TALK_BYTES_MAX
    }

    /// Takes one more entry of a transcript in. What a task was asked and how it ended goes to
    /// `asked`.
    pub fn take(&mut self, entry: &Entry, asked: &mut BTreeMap<TaskPath, Asked>) {
        let task = &entry.task;
        match &entry.what {
            What::Asked(work) => {
                let texts = texts(work, TALK_BYTES_MAX.saturating_sub(self.results));
                self.results += texts.iter().map(|(_, text)| text.len()).sum::<usize>();
                asked.insert(task.clone(), Asked { texts, ..Asked::default() });
            }
            What::Ended { outcome, .. } => {
                let known = asked.entry(task.clone()).or_default();
                (known.outcome, known.left_out) = self.fitting(outcome);
            }
            what => {
                for piece in pieces(entry.attempt, what) {
                    self.add(task, piece);
                }
            }
        }
    }

    /// The outcome, without its output if there is no more room for it.
    fn fitting(&mut self, outcome: &Outcome) -> (Option<Outcome>, usize) {
        let size = outcome.handoff().map_or(0, size);
        if self.results + size <= TALK_BYTES_MAX {
            self.results += size;
            return (Some(outcome.clone()), 0);
        }
        let summary = outcome.handoff().map(|handoff| handoff.summary.clone());
        let kept = Handoff { summary: summary.unwrap_or_default(), ..Handoff::default() };
        (Some(Outcome::Done(kept)), size)
    }

    fn add(&mut self, task: &TaskPath, mut piece: Piece) {
        let own = self.sizes.entry(task.clone()).or_default();
        let room =
            TASK_BYTES_MAX.saturating_sub(*own).min(TALK_BYTES_MAX.saturating_sub(self.size));
        let (kept, missing) = cut(&piece.text, room.min(TEXT_BYTES_MAX));
        if missing > 0 {
            *self.left_out.entry(task.clone()).or_default() += missing;
            if room == 0 {
                return;
            }
            piece.text = format!("{kept}…");
        }
        let size = piece.who.len() + piece.text.len();
        *own += size;
        self.size += size;
        self.said.entry(task.clone()).or_default().push(piece);
    }

    /// What was said in a task, and how many bytes of it are not there.
    #[must_use]
    pub fn of(&self, task: &TaskPath) -> (&[Piece], usize) {
        let said = self.said.get(task).map(Vec::as_slice).unwrap_or_default();
        (said, self.left_out.get(task).copied().unwrap_or_default())
    }
}

/// Bytes of text in a result.
fn size(handoff: &Handoff) -> usize {
    let evidence = handoff.evidence.iter().map(|it| it.path.len() + it.claim.len());
    let follow_ups = handoff.follow_ups.iter().map(String::len);
    handoff.output.as_str().len() + evidence.chain(follow_ups).sum::<usize>()
}

/// What a task was asked, in at most `room` bytes or so.
fn texts(work: &Work, mut room: usize) -> Vec<(&'static str, String)> {
    let mut texts = Vec::new();
    let mut add = |name, text: &str| {
        let (kept, missing) = cut(text, TEXT_BYTES_MAX.min(room));
        room -= kept.len();
        let more =
            if missing > 0 { format!("… {} more", bytes(missing as u64)) } else { String::new() };
        if !text.is_empty() {
            texts.push((name, format!("{kept}{more}")));
        }
    };
    match work {
        Work::Agent { spec, .. } => {
            add("prompt", &spec.prompt);
            add("input", spec.input.as_ref().map_or("", |input| input.as_str()));
            add("schema", spec.schema.as_ref().map_or("", |schema| schema.as_str()));
        }
        Work::Tool { spec, .. } => add("input", spec.input.as_str()),
        Work::Workflow { spec, .. } => add("input", spec.input.as_str()),
        Work::Sleep { due } => add("due", &moment(*due)),
        Work::Gate { spec, due } => {
            add("question", &spec.question);
            add("details", spec.options.details.as_deref().unwrap_or_default());
            add("choices", &spec.options.choices.join("\n"));
            add("schema", spec.options.schema.as_ref().map_or("", |schema| schema.as_str()));
            add("deadline", &due.map(moment).unwrap_or_default());
        }
    }
    texts
}

fn piece(who: impl Into<String>, text: impl Into<String>) -> Piece {
    Piece { who: who.into(), text: text.into() }
}

fn pieces(attempt: u32, what: &What) -> Vec<Piece> {
    let one = match what {
        What::Asked(_) | What::Ended { .. } | What::Calling { .. } => return Vec::new(),
        What::Started => piece(format!("attempt {attempt}"), ""),
        What::Turned { call, backend, usage, estimated, content } => {
            let usage = Usage { estimated_calls: u64::from(*estimated), ..*usage };
            let facts = [format!("call {call}"), backend.clone(), detailed(&usage)];
            let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
            let mut all = vec![piece(facts.join(" · "), "")];
            said(content, &mut all);
            return all;
        }
        What::Tool { child, tool, input } => {
            piece(format!("runs {tool} as /{child}"), input.as_str())
        }
        What::ToolEnded { child, tool, outcome, .. } => {
            let how = match outcome {
                Outcome::Done(handoff) => handoff.output.to_string(),
                Outcome::Failed(failure) => format!("failed: {failure}"),
            };
            piece(format!("{tool} /{child} returned"), how)
        }
        What::Denied(denial) => piece("denied", denied(denial)),
        What::Reported(report) => piece("says", report_words(report)),
        What::AttemptFailed { failure, .. } => {
            piece(format!("attempt {attempt} failed"), failure.to_string())
        }
        What::Deferred { provider, outage, failure, until } => {
            let until = until.map(|until| format!(" until {}", moment(until))).unwrap_or_default();
            let who = format!("waits for {provider}: {}{until}", outage.as_str());
            piece(who, failure.to_string())
        }
        What::Passed { rung, rungs, backend, saved_micro_usd } => {
            let (step, saved) = (u64::from(*rung) + 1, signed_dollars(*saved_micro_usd));
            piece(format!("step {step} of {rungs} passed: {backend}, saved {saved}"), "")
        }
    };
    vec![one]
}

fn report_words(report: &Told) -> String {
    match report {
        Told::Phase { title } => format!("phase {title}"),
        Told::Log { level, text } => format!("{}: {text}", level_word(*level)),
        Told::Progress { done, total: Some(total) } => format!("{done} of {total}"),
        Told::Progress { done, total: None } => done.to_string(),
        Told::Artifact(artifact) => {
            format!("artifact {} {} {}", artifact.name, artifact.media_type, bytes(artifact.size))
        }
    }
}

fn said(content: &Content, all: &mut Vec<Piece>) {
    let turn: &TurnContent = match content {
        Content::Nothing => return all.push(piece("lost", "nobody heard what was said")),
        Content::Unreadable(why) => return all.push(piece("unreadable", why.as_str())),
        Content::Said(said) => said,
    };
    if let Some(Opening { system, tools, .. }) = &turn.opening {
        all.push(piece("system", system.as_str()));
        let names: Vec<String> = tools.iter().map(|tool| one_line(&tool.name)).collect();
        if !names.is_empty() {
            all.push(piece("tools", names.join(" ")));
        }
    }
    for message in &turn.said {
        match message {
            Message::User(text) => all.push(piece("user", text.as_str())),
            Message::Assistant(parts) => all.extend(parts.iter().map(part)),
            Message::Tools(results) => all.extend(results.iter().map(|result| {
                let failed = if result.failed { " failed" } else { "" };
                piece(format!("result of {}{failed}", result.name), result.content.as_str())
            })),
        }
    }
    all.extend(turn.answer.iter().map(part));
    if let Some(failed) = &turn.failed {
        all.push(piece("failed", format!("{} ({})", failed.message, failed.code)));
        if !failed.partial.is_empty() {
            all.push(piece("heard until then", failed.partial.as_str()));
        }
    }
    all.push(piece("took", duration(turn.ms)));
}

fn part(part: &Part) -> Piece {
    match part {
        Part::Text { text } => piece("assistant", text.as_str()),
        Part::Thinking { text, .. } => piece("thinking", text.as_str()),
        Part::ToolCall { name, input, .. } => piece(format!("calls {name}"), input.as_str()),
    }
}

/// What was said in a task, folded.
pub fn write(html: &mut Html, talk: &Talk, task: &TaskPath, id: &str) {
    let (said, missing) = talk.of(task);
    // That an attempt began is no talk.
    if said.iter().all(|piece| piece.text.trim().is_empty()) && missing == 0 {
        return;
    }
    html.element("details", &[At::Fixed("class", "deep")], |html| {
        html.line("summary", "", "transcript");
        for Piece { who, text } in said.iter().filter(|piece| !is_empty(piece)) {
            html.of("div", "said", |html| {
                html.line("div", "who", &one_line(who));
                if !text.trim().is_empty() {
                    html.line("pre", "", text.trim_end());
                }
            });
        }
        if missing > 0 {
            let missing = bytes(missing as u64);
            let words = format!(
                "{missing} more is left out here; `baton show {id} --full` shows all of it"
            );
            html.line("p", "cut", &words);
        }
    });
}

/// Whether a piece has a name for a text that is not there.
fn is_empty(piece: &Piece) -> bool {
    piece.text.trim().is_empty()
        && matches!(piece.who.as_str(), "system" | "user" | "assistant" | "thinking")
}
