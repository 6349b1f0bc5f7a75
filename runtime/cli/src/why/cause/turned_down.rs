//! What was turned down, or not used again, and what would have let it pass.

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::reuse::Miss;
use baton_core::scope::Capability;

use super::phrases::short;
use crate::text::{one_line, plural};

/// Why a request was turned down, and what would have let it pass.
pub(super) fn refused(refusal: &Refusal) -> (String, Option<String>) {
    let Refusal { kind, code, message, hint, capability } = refusal;
    let (message, hint) = (short(message), one_line(hint));
    let code = one_line(code);
    let (lead, own) = match kind {
        RefusalKind::Invalid => ("a request made no sense".to_owned(), String::new()),
        RefusalKind::Denied => {
            let what =
                capability.map_or("it".into(), |capability| format!("`{}`", capability.as_str()));
            let grant = capability.map(|capability| grant(capability, "")).unwrap_or_default();
            (format!("a request was refused, for {what} is not granted"), grant)
        }
        RefusalKind::Limit => (
            "a request was refused, for a limit is reached".to_owned(),
            format!("--limit {code}=N of `baton run` sets another one"),
        ),
        RefusalKind::Budget => (
            "a request was refused, for the workflow's own budget is used up".to_owned(),
            "the workflow is given more by its manifest, a script by --budget".to_owned(),
        ),
        RefusalKind::NotFound => {
            ("a request was refused, for what it names is not there".to_owned(), String::new())
        }
    };
    let hint = if hint.is_empty() { own } else { hint };
    (format!("{lead}: {message} ({code})"), Some(hint).filter(|hint| !hint.is_empty()))
}

/// What would grant a capability, beside what is known already.
pub(super) fn grant(capability: Capability, known: &str) -> String {
    if !known.is_empty() {
        return known.to_owned();
    }
    match capability {
        Capability::Read => "--root DIR of `baton run` grants a directory to read".into(),
        Capability::Agents | Capability::Workflows => {
            "the manifest of the workflow must ask for it".into()
        }
        other => format!(
            "--grant '{}=PATTERN' of `baton run` grants it, if no [deny] takes it away",
            other.as_str()
        ),
    }
}

/// Why a result was not used again.
pub(super) fn missed(miss: &Miss, run: Option<&RunId>) -> String {
    let at = |from: &TaskPath| match run {
        Some(run) => TaskId { run: run.clone(), path: from.clone() }.to_string(),
        None => format!("/{from}"),
    };
    let list = |all: &[String]| all.iter().map(|one| short(one)).collect::<Vec<_>>().join(", ");
    match miss {
        Miss::New => "nothing like it was asked there".into(),
        Miss::Changed { from, parts } => {
            format!("the nearest call, {}, differs in: {}", at(from), list(parts))
        }
        Miss::Failed { from, code } => {
            format!("the same was asked in {}, and failed ({})", at(from), one_line(code))
        }
        Miss::Unfinished { from } => {
            format!("the same was asked in {}, and never ended", at(from))
        }
        Miss::Excepted { from } => {
            format!("the same was asked in {}, and it was to be done again", at(from))
        }
        Miss::Taken => "all results of the same call went to equal calls before this one".into(),
        Miss::Steered { from, messages: 0 } => format!(
            "people may have told {} something else than this task; --reuse-steered takes its \
             result all the same",
            at(from)
        ),
        Miss::Steered { from, messages } => format!(
            "{} steered {}; --reuse-steered takes its result all the same",
            plural(*messages, "message"),
            at(from)
        ),
        Miss::FilesChanged { from, files, more } => {
            let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
            format!("files that {} had read are not the same now: {}{more}", at(from), list(files))
        }
        Miss::UnseenFilesChanged { from } => format!(
            "nobody saw which files {} had read, and the directory is not the same now",
            at(from)
        ),
        Miss::UnknownFiles { from, why } => format!(
            "nobody saw which files {} had read, and whether the directory changed is not known: {}",
            at(from),
            short(why)
        ),
        Miss::TooManyReads { from } => format!("{} had read more than is recorded", at(from)),
        Miss::NoRun { why } => format!("the other run cannot be read: {}", short(why)),
    }
}
