//! Attempts to refute findings.
//!
//! A challenger shares no code with the rules beyond lists and the smallest tools: it opens the
//! cited lines again and reads raw text where the rules read a parsed document, compares words in
//! order where they compare sketches, and looks into directories where they look up paths.

mod lines;
mod reference;
mod repetition;

use std::collections::BTreeSet;

use crate::report::{Finding, Kind, Place, Verdict};
use crate::tree::Tree;
use crate::work::{Challenged, Judged};
use crate::{front_matter, path, text};

/// The outcome of one attempt.
enum Judgement {
    /// Not refuted; positions of further places that fail, and why the finding holds.
    Holds(Vec<u32>, String),
    /// Refuted, and why.
    Fails(String),
}

/// Directories whose names the challenge will ask for, so that they can be listed at once.
#[must_use]
pub fn directories(findings: &[Finding]) -> Vec<String> {
    let missing = findings.iter().filter(|finding| finding.kind == Kind::MissingFile);
    let parents: BTreeSet<&str> = missing.map(|finding| path::parent(&finding.subject)).collect();
    parents.into_iter().map(ToString::to_string).collect()
}

/// Tries to refute each finding.
pub fn challenge(tree: &dyn Tree, findings: &[Finding]) -> Challenged {
    let judged = (0_u32..).zip(findings).map(|(index, finding)| {
        let (verdict, reason, drop) = match judge(tree, finding) {
            Judgement::Holds(drop, reason) => (Verdict::Upheld, reason, drop),
            Judgement::Fails(reason) => (Verdict::Refuted, reason, Vec::new()),
        };
        Judged { index, verdict, reason, drop }
    });
    Challenged { verdicts: judged.collect() }
}

fn judge(tree: &dyn Tree, finding: &Finding) -> Judgement {
    let cited = match cited(tree, &finding.place) {
        Ok(cited) => cited,
        Err(reason) => return Judgement::Fails(reason),
    };
    let in_code = lines::in_fence(&cited, finding.place.lines.first);
    let in_comment = lines::in_comment(&cited, &finding.place);
    let shown = !matches!(
        finding.kind,
        Kind::FrontMatterSyntax | Kind::FrontMatterField | Kind::RepeatedFile
    );
    if shown && in_code {
        return Judgement::Fails("The cited lines are part of a code block.".into());
    }
    if shown && in_comment {
        return Judgement::Fails("The cited lines are part of a comment.".into());
    }
    match finding.kind {
        Kind::MissingFile => reference::missing_file(tree, finding),
        Kind::MissingAnchor => reference::missing_anchor(tree, finding),
        Kind::UndefinedLabel => reference::undefined_label(&cited, finding),
        Kind::FrontMatterSyntax => match front_matter::parses(&cited) {
            Some(false) => holds("Parsed again by itself, the block still fails."),
            _ => Judgement::Fails("Parsed again by itself, the block is valid.".into()),
        },
        Kind::FrontMatterField => field(&cited, finding),
        Kind::RepeatedInstruction => repetition::instruction(tree, finding),
        Kind::RepeatedFile => repetition::file(tree, finding, &cited),
        Kind::ContradictingSetting => contradiction(tree, finding),
        Kind::WrongStatement | Kind::ContradictingStatement => {
            holds("The cited lines say so; whether they are wrong is for a reader.")
        }
    }
}

fn holds(reason: &str) -> Judgement {
    Judgement::Holds(Vec::new(), reason.into())
}

/// The file of a place, if it still holds the quote at the cited lines.
fn cited(tree: &dyn Tree, place: &Place) -> Result<String, String> {
    let source =
        tree.read(&place.path).ok_or_else(|| format!("`{}` cannot be read.", place.path))?;
    if !place.digest.is_empty() && place.digest != source.digest {
        return Err(format!("`{}` is not the file that was audited.", place.path));
    }
    let holds = text::excerpt(&source.text, place.lines)
        .is_some_and(|lines| lines.contains(place.quote.as_str()));
    if !holds {
        return Err(format!("Lines {} of `{}` do not hold the quote.", place.lines, place.path));
    }
    Ok(source.text.clone())
}

/// A field is missing, or its line is as the finding says.
fn field(text: &str, finding: &Finding) -> Judgement {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    let fence = lines.next().map(str::trim_end).unwrap_or_default();
    if fence != "---" && fence != "+++" {
        let holds_for = finding.subject == "front matter";
        return if holds_for {
            holds("The first line of the file does not begin front matter.")
        } else {
            Judgement::Fails("The file has no front matter to hold the field.".into())
        };
    }
    let block: Vec<&str> = lines.take_while(|line| line.trim_end() != fence).collect();
    let begins = |line: &&str| -> bool {
        line.strip_prefix(finding.subject.as_str())
            .is_some_and(|rest| rest.trim_start().starts_with([':', '=']))
    };
    let present = block.iter().any(begins);
    let spans_block = finding.place.lines.first == 1;
    match (present, spans_block) {
        (false, true) => holds("No line of the front matter begins with the field."),
        (true, true) => {
            Judgement::Fails("A line of the front matter begins with the field.".into())
        }
        (true, false) if begins(&finding.place.quote.as_str()) => {
            holds("The cited line is that of the field.")
        }
        _ => Judgement::Fails("The cited line is not that of the field.".into()),
    }
}

/// Every place states the setting's default, outside of code blocks.
fn contradiction(tree: &dyn Tree, finding: &Finding) -> Judgement {
    let states = |place: &Place| {
        cited(tree, place).is_ok_and(|text| {
            let quote = place.quote.to_lowercase();
            place.quote.contains(&finding.subject)
                && (quote.contains("default") || place.quote.trim_start().starts_with('|'))
                && !lines::in_fence(&text, place.lines.first)
                && !lines::in_comment(&text, place)
        })
    };
    if !states(&finding.place) {
        return Judgement::Fails("The cited lines do not state a default of the setting.".into());
    }
    let failing: Vec<u32> = (0_u32..)
        .zip(&finding.others)
        .filter(|(_, place)| !states(place) || place.quote == finding.place.quote)
        .map(|(at, _)| at)
        .collect();
    if failing.len() == finding.others.len() {
        return Judgement::Fails("No other place states a default of the setting.".into());
    }
    Judgement::Holds(failing, "Each place names the setting and states a default.".into())
}
