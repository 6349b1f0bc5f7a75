//! Findings of workers that only read and write words: models.
//!
//! What a model quotes may be nowhere, and it cannot compute a digest. So the cited files of such
//! findings are opened again, by this workflow: quotes that are not there refute the finding, lines
//! are set right, and digests are filled in.

use std::collections::BTreeMap;

use baton_guest::prelude::*;
use baton_quotes::lines_of;
use docs_audit_analysis::{Challenge, Finding, Lines, Place, Verdict};

/// Who refutes findings here, as the report names it.
const BY: &str = "the workflow";

/// Separates findings whose quotes stand where they say from those that are refuted.
pub fn ground(cx: &Cx, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
    let mut files = Opened { cx: cx.clone(), files: BTreeMap::new() };
    let (mut founded, mut refuted) = (Vec::new(), Vec::new());
    for mut finding in findings {
        match files.place(&mut finding.place) {
            Ok(()) => {
                finding.others.retain_mut(|other| files.place(other).is_ok());
                founded.push(finding);
            }
            Err(reason) => {
                let by = BY.to_owned();
                finding.challenge = Some(Challenge { by, verdict: Verdict::Refuted, reason });
                refuted.push(finding);
            }
        }
    }
    (founded, refuted)
}

/// Files that were opened: their text and digest, or why not.
struct Opened {
    cx: Cx,
    files: BTreeMap<String, Result<(String, String), String>>,
}

impl Opened {
    /// Looks a place up that has no digest: workers that compute one have looked themselves.
    fn place(&mut self, place: &mut Place) -> Result<(), String> {
        if !place.digest.is_empty() {
            return Ok(());
        }
        let cx = &self.cx;
        let file = self.files.entry(place.path.clone()).or_insert_with(|| {
            let content = cx.files().read(&place.path).map_err(|error| error.message)?;
            Ok((String::from_utf8_lossy(&content.bytes).into_owned(), content.digest))
        });
        let (text, digest) = file.as_ref().map_err(Clone::clone)?;
        let (first, last) = lines_of(text, &place.quote, place.lines.first)
            .ok_or_else(|| format!("`{}` does not hold the quote.", place.path))?;
        let lines = Lines { first, last };
        place.lines = lines;
        place.digest.clone_from(digest);
        place.quote = excerpt(text, lines);
        Ok(())
    }
}

/// Lines as they stand in the file.
fn excerpt(text: &str, lines: Lines) -> String {
    let (first, last) = (lines.first as usize, lines.last as usize);
    let taken = text.lines().skip(first.saturating_sub(1)).take(last.saturating_sub(first) + 1);
    taken.collect::<Vec<_>>().join("\n")
}
