//! Attempts to refute findings about links.

use super::{Judgement, holds};
use crate::report::Finding;
use crate::text::{self, percent_decode};
use crate::tree::{Presence, Tree};
use crate::{path, slug};

/// Looks into the directory where the target should be.
pub fn missing_file(tree: &dyn Tree, finding: &Finding) -> Judgement {
    let target = finding.subject.trim_end_matches('/');
    let name = path::name(target);
    let quote = finding.place.quote.replace("&amp;", "&").replace('\\', "");
    let named =
        quote.contains(name) || percent_decode(&quote).is_some_and(|text| text.contains(name));
    if !named {
        return Judgement::Fails("The quote does not name the target.".into());
    }
    let beside = path::resolve(path::parent(&finding.place.path), target);
    let exists = |path: &str| matches!(tree.stat(path), Presence::File | Presence::Directory);
    if exists(target) || beside.as_deref().is_some_and(exists) {
        return Judgement::Fails(format!("`{target}` exists."));
    }
    let directory = path::parent(target);
    let Some(names) = tree.names(directory) else {
        return match tree.stat(directory) {
            Presence::Missing => holds("The directory of the target does not exist either."),
            _ => holds("Nothing is at the path; its directory could not be listed."),
        };
    };
    if names.iter().any(|known| known == name) {
        return Judgement::Fails(format!("`{name}` is in its directory."));
    }
    match names.iter().find(|known| known.to_lowercase() == name.to_lowercase()) {
        Some(other) => Judgement::Holds(
            Vec::new(),
            format!(
                "The directory has `{other}`, which differs in upper and lower case: the link fails wherever that matters."
            ),
        ),
        None => holds("The directory of the target was listed and does not have it."),
    }
}

/// Looks for the anchor in every raw line of the target.
pub fn missing_anchor(tree: &dyn Tree, finding: &Finding) -> Judgement {
    let Some((target, fragment)) = finding.subject.rsplit_once('#') else {
        return Judgement::Fails("The finding names no anchor.".into());
    };
    let Some(source) = tree.read(target) else {
        return Judgement::Fails(format!("`{target}` cannot be read."));
    };
    let wanted = slug::compact(fragment);
    let lower = source.text.to_lowercase();
    let quoted = fragment.to_lowercase();
    let attribute = ["id=", "name="].iter().any(|mark| {
        ["\"", "'", ""].iter().any(|quote| lower.contains(&format!("{mark}{quote}{quoted}")))
    });
    if attribute || lower.contains(&format!("{{#{quoted}")) {
        return Judgement::Fails(format!("`{target}` has an element with that id."));
    }
    let mut before = "";
    for line in source.text.lines() {
        let heading = line.contains('#') && !line.contains("](") || is_underline(line);
        let title = if is_underline(line) { before } else { line };
        let spelled = slug::compact(&without_targets(title));
        if spelled == wanted && (heading || !line.contains("](#")) {
            return Judgement::Fails(format!(
                "A line of `{target}` reads like the anchor: `{}`.",
                text::cut(title.trim(), 80)
            ));
        }
        before = line;
    }
    holds("No raw line of the target reads like the anchor, and no element has it as id.")
}

fn is_underline(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))
}

/// A line without the targets of its links and without HTML tags.
fn without_targets(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    loop {
        let link = rest.find("](").map(|at| (at, at + 2, ')'));
        let tag = rest.find('<').map(|at| (at, at + 1, '>'));
        let next = [link, tag].into_iter().flatten().min();
        let Some((at, inside, close)) = next else {
            break;
        };
        shown.push_str(rest.get(..at).unwrap_or_default());
        let after = rest.get(inside..).unwrap_or_default();
        match after.split_once(close) {
            Some((_, after)) => rest = after,
            None => {
                rest = after;
            }
        }
    }
    shown.push_str(rest);
    shown
}

/// Looks for a definition of the label anywhere in the file.
pub fn undefined_label(text: &str, finding: &Finding) -> Judgement {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let definition = format!("[{}]:", plain(&finding.subject));
    if plain(text).contains(&definition) {
        return Judgement::Fails("The file defines the label.".into());
    }
    holds("No line of the file defines the label.")
}
