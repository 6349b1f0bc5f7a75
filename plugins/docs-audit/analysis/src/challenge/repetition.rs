//! Attempts to refute findings about repeated text.

use super::{Judgement, cited};
use crate::report::{Finding, Place};
use crate::text;
use crate::tree::Tree;

/// Words compared of one passage.
const WORDS_MAX: usize = 400;
/// Hundredths of the words of two passages that must stand in both in the same order.
const ALIKE_MIN: usize = 75;

/// Compares the cited lines word by word, in order.
pub fn instruction(tree: &dyn Tree, finding: &Finding) -> Judgement {
    let read = |place: &Place| -> Option<(String, Vec<String>)> {
        let file = cited(tree, place).ok()?;
        let mut words = text::words(text::excerpt(&file, place.lines)?);
        words.truncate(WORDS_MAX);
        Some((place.path.clone(), words))
    };
    let Some(first) = read(&finding.place) else {
        return Judgement::Fails("The cited lines cannot be read again.".into());
    };
    let mut known = vec![first];
    let mut drop = Vec::new();
    let mut least = 100;
    for (at, place) in (0_u32..).zip(&finding.others) {
        let Some(passage) = read(place) else {
            drop.push(at);
            continue;
        };
        let alike = |(_, other): &(String, Vec<String>)| alike(&passage.1, other);
        match known.iter().filter(|(path, _)| *path != passage.0).map(alike).max() {
            Some(best) if best >= ALIKE_MIN => least = least.min(best),
            // The first place of a further passage of the same files has nothing to compare yet.
            _ if known.iter().any(|(path, _)| *path == passage.0)
                || place.path == finding.place.path => {}
            _ => drop.push(at),
        }
        known.push(passage);
    }
    let first_holds = known.iter().skip(1).any(|(path, words)| {
        *path != finding.place.path
            && known.first().is_some_and(|(_, first)| alike(first, words) >= ALIKE_MIN)
    });
    if !first_holds {
        return Judgement::Fails("No other cited passage has these words in this order.".into());
    }
    Judgement::Holds(
        drop,
        format!("Compared word by word, the passages agree in {least} of 100 words or more."),
    )
}

/// Words of both passages that stand in both in the same order, in hundredths.
fn alike(left: &[String], right: &[String]) -> usize {
    let mut row = vec![0_usize; right.len() + 1];
    for one in left {
        let mut corner = 0;
        for (at, other) in right.iter().enumerate() {
            let above = row.get(at + 1).copied().unwrap_or(0);
            let beside = row.get(at).copied().unwrap_or(0);
            let value = if one == other { corner + 1 } else { above.max(beside) };
            corner = above;
            if let Some(entry) = row.get_mut(at + 1) {
                *entry = value;
            }
        }
    }
    let common = row.last().copied().unwrap_or(0);
    (200 * common).checked_div(left.len() + right.len()).unwrap_or(0)
}

/// Compares whole files.
pub fn file(tree: &dyn Tree, finding: &Finding, text: &str) -> Judgement {
    let differs = |place: &Place| tree.read(&place.path).is_none_or(|source| source.text != text);
    let drop: Vec<u32> = (0_u32..)
        .zip(&finding.others)
        .filter(|(_, place)| differs(place))
        .map(|(at, _)| at)
        .collect();
    if drop.len() == finding.others.len() {
        return Judgement::Fails("No other file has this content.".into());
    }
    Judgement::Holds(drop, "The files were read again and are equal byte for byte.".into())
}
