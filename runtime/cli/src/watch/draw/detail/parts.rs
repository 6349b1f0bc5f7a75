//! Transcript, tools, files, handoff and messages.

use baton_core::handoff::{Evidence, Outcome};
use baton_core::ids::Timestamp;

use super::Text;
use crate::live::model::{Kind, Task, Uses};
use crate::output::{BAD, BOLD, DIM};
use crate::pause::clock;
use crate::program::models::outside;
use crate::text::{fit, one_line, paint};
use crate::transcript::text::{How, LINES, entry, speaking};
use crate::watch::state::calls::End;
use crate::watch::state::detail::FILES_MAX;
use crate::watch::state::run::Run;

/// Lines of a part of what is being said, from its end.
const SPOKEN_LINES: usize = 30;

pub(super) fn transcript(text: &mut Text, run: &Run) {
    let detail = &run.detail;
    if detail.cut > 0 {
        text.nothing(&format!("earlier entries: {}; `baton show` has all", detail.cut));
    }
    let lines = (!text.full).then_some(LINES);
    let how = How { lines, columns: text.columns, several: false, live: true };
    for one in &detail.entries {
        text.out.push_str(&entry(one, how));
    }
    let speech = run.model.at(run.shown()).map(|task| &task.speech);
    let spoken = speech.filter(|speech| !speech.parts.is_empty());
    if let Some(speech) = spoken {
        let most = (!text.full).then_some(SPOKEN_LINES);
        text.out.push_str(&speaking(speech, How { lines: most, ..how }));
    } else if detail.entries.is_empty() {
        text.nothing("nothing was said or done yet");
    }
}

pub(super) fn tools(text: &mut Text, run: &Run) {
    let detail = &run.detail;
    if detail.tools.cut > 0 {
        text.nothing(&format!("earlier calls: {}; `baton show` has all", detail.tools.cut));
    }
    for call in detail.tools.all() {
        let how = match &call.end {
            // Nobody told a model that has ended what its last tools brought.
            None if detail.outcome.is_some() => paint(DIM, "not heard of again"),
            None => paint(DIM, "at work"),
            Some(End::Task(Outcome::Failed(failure))) => {
                paint(BAD, &format!("{}: {}", failure.kind.as_str(), one_line(&failure.message)))
            }
            Some(End::Failed(_)) => paint(BAD, "failed"),
            Some(End::Told) => "ended".to_owned(),
            Some(End::Task(Outcome::Done(_)) | End::Answer(_)) => "done".to_owned(),
        };
        let name = paint(BOLD, &one_line(&call.tool));
        text.out.push_str(&format!(" {name} {} {how}\n", paint(DIM, &call.by)));
        let output = match &call.end {
            Some(End::Task(Outcome::Done(handoff))) => handoff.output.to_string(),
            Some(End::Answer(content) | End::Failed(content)) => content.clone(),
            _ => String::new(),
        };
        for (name, value) in [("given", &call.input), ("gave", &output)] {
            let room = text.columns.saturating_sub(super::NAME + 2);
            let value = one_line(value);
            let value = if text.full { value } else { fit(&value, room * 3) };
            text.fact(name, &value);
        }
    }
    let task = run.model.at(run.shown());
    if let Some(uses) = task.map(|task| &task.uses).filter(|uses| !uses.is_empty()) {
        own_tools(text, uses);
    } else if detail.tools.all().is_empty() {
        text.nothing(match task.is_some_and(works_by_itself) {
            true => "none was seen: a program tells of its own tools while it works, or not at all",
            false => "it called no tools",
        });
    }
}

/// What an agent told of tools of its own.
fn own_tools(text: &mut Text, uses: &Uses) {
    text.nothing("of its own, as it said while it worked; none of that is on record:");
    if uses.cut > 0 {
        text.nothing(&format!("earlier ones: {}", uses.cut));
    }
    for used in uses.kept() {
        let times = if used.times > 1 { format!(" ×{}", used.times) } else { String::new() };
        text.out.push_str(&format!(" {}{times}\n", paint(BOLD, &one_line(&used.name))));
    }
}

/// Whether a program performs a task, which uses tools and reads files without anybody.
fn works_by_itself(task: &Task) -> bool {
    task.kind == Kind::Agent && task.backend.as_deref().is_some_and(outside)
}

pub(super) fn files(text: &mut Text, run: &Run) {
    for file in &run.detail.files {
        text.out.push_str(&format!(" {}\n", one_line(file)));
    }
    if run.detail.more_files {
        text.nothing(&format!("and more: the first {FILES_MAX} are listed"));
    }
    if run.detail.files.is_empty() {
        let task = run.model.at(run.shown());
        text.nothing(match task {
            Some(task) if works_by_itself(task) => {
                "a program reads files by itself: nobody sees which, and none are on record"
            }
            Some(Task { kind: Kind::Agent, ended: None, .. }) => {
                "no reads of files are on record yet: they come with the end of a call"
            }
            _ => "no reads of files are on record",
        });
    }
}

pub(super) fn handoff(text: &mut Text, run: &Run) {
    match &run.detail.outcome {
        None => text.nothing("nothing was handed over yet"),
        Some(Outcome::Failed(failure)) => {
            text.painted(BAD, failure.kind.as_str(), &failure.to_string());
            if !failure.detail.is_null() && failure.detail.as_str() != "{}" {
                text.fact("detail", &pretty(&failure.detail.value()));
            }
        }
        Some(Outcome::Done(handoff)) => {
            text.fact("summary", &handoff.summary);
            for Evidence { path, lines, claim, .. } in &handoff.evidence {
                let place = lines
                    .map_or_else(String::new, |range| format!(":{}-{}", range.first, range.last));
                text.fact("evidence", &format!("{path}{place} {claim}"));
            }
            for artifact in &handoff.artifacts {
                text.fact("artifact", &format!("{} {}", artifact.name, artifact.media_type));
            }
            for next in &handoff.follow_ups {
                text.fact("next", next);
            }
            text.fact("output", &pretty(&handoff.output.value()));
        }
    }
}

pub(super) fn messages(text: &mut Text, run: &Run, now: Timestamp) {
    let detail = &run.detail;
    for mail in &detail.mail {
        let urgent = if mail.urgent { ", urgent" } else { "" };
        let heard = if detail.heard >= mail.seq { ", read" } else { "" };
        let head = format!("{} {}{urgent}{heard}", clock(mail.at, now), one_line(&mail.sender));
        text.out.push_str(&format!(" {}\n", paint(BOLD, &head)));
        text.fact("", &mail.text);
    }
    if detail.mail.is_empty() {
        text.nothing("nobody sent it anything; m writes a message");
    }
}

/// JSON on as many lines as it takes; a string as it is.
fn pretty(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}
