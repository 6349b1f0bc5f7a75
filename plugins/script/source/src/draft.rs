//! Findings while they are collected, before offsets become positions.

use crate::frame::{FRAME_WIDTH, frame};
use crate::position::Lines;
use crate::{Code, Finding};

/// A finding at a byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) code: Code,
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Draft {
    pub(crate) fn new(code: Code, at: u32, message: impl Into<String>) -> Self {
        Self { code, at: at as usize, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// At most this many errors, and this many warnings, are told of one script: nobody reads more,
/// and each carries a frame.
pub(crate) const FINDINGS_MAX: usize = 100;

/// Puts drafts in order of place and gives each of the first [`FINDINGS_MAX`] its position and
/// frame. `source` is the text the
/// offsets count in.
pub(crate) fn findings(mut drafts: Vec<Draft>, source: &str, lines: &Lines<'_>) -> Vec<Finding> {
    drafts.sort_by_key(|draft| draft.at);
    drafts.dedup();
    drafts.truncate(FINDINGS_MAX);
    drafts
        .into_iter()
        .map(|draft| {
            let position = lines.position(draft.at);
            Finding {
                code: draft.code,
                message: draft.message,
                line: position.line,
                column: position.column,
                hint: draft.hint,
                frame: Some(frame(source, position, FRAME_WIDTH)),
            }
        })
        .collect()
}
