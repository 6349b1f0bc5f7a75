//! The text that is executed, and the way back from its positions.

use oxc_span::Span;

use crate::edits::{self, Map};
use crate::instrument::Plan;
use crate::position::Lines;
use crate::{Finding, Meta, Position};

/// A script that passed all checks, ready for the engine.
///
/// # The text
///
/// `text` is one expression for a plain (not module) evaluation. Its value is a function that
/// takes two helpers of the runner and returns the script as an async function without
/// parameters:
///
/// ```text
/// (function(ENTER,EACH){"use strict";return async function(){ … the script …
/// }})
/// ```
///
/// ENTER and EACH stand for names that occur nowhere in the script, so a script can neither
/// reach nor shadow them, and the script sees the globals as globals, which it may shadow. The
/// script's own lines keep their numbers: the first stands on the first line of the text, and
/// the only line break added is the one behind the last character.
///
/// In the script, `export` before `meta` is blanked, and
///
/// - `await E` is `await ENTER(K,E)`
/// - `for await (x of E)` is `for await (x of EACH(K,E))`
///
/// where K is the index into [`Prepared::awaits`]. `await` itself stays, so its meaning stays.
///
/// # What the helpers do
///
/// `ENTER(k, value)` is called at the moment before the script starts to wait. It must return
/// what `await` shall wait for and mean the same as `value`. The way that costs no additional
/// turn of the job queue and is right for values, thenables and rejections alike:
///
/// ```text
/// const enter = (k, value) => {
///   const promise = resolve(value);             // the original Promise.resolve
///   const context = current, id = pend(k);      // this await is pending now
///   const back = () => { settle(id); current = context; };
///   then(promise, back, back);                  // the original Promise.prototype.then
///   return promise;
/// };
/// ```
///
/// `back` is registered on the promise directly before the script's own continuation, and `await`
/// waits for a promise of the original constructor itself. So `back` runs directly before the
/// continuation, with no other job between them, whether the promise was fulfilled or rejected;
/// no call behind the `await` is needed. A promise that never settles stays pending.
///
/// `EACH(k, iterable)` must return an async iterable with the same elements, whose steps wait as
/// if by `ENTER(k, …)`:
///
/// ```text
/// const each = (k, iterable) => ({
///   [Symbol.asyncIterator]() {
///     const steps = (async function* () { yield* iterable; })();
///     return { next: () => enter(k, steps.next()), return: (v) => enter(k, steps.return(v)) };
///   },
/// });
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// What the engine evaluates.
    pub text: String,
    /// The facts of the script.
    pub meta: Meta,
    /// Where each `await` stands in the file (the first character of the word `await`, or of
    /// `for` in `for await`), by its index.
    pub awaits: Vec<Position>,
    /// The script without a byte-order mark.
    source: String,
    map: Map,
    /// Offsets in `text` at which the engine begins to count a new line; the first is 0.
    starts: Vec<usize>,
}

impl Prepared {
    /// The place in the file for a place that the engine reports in `text`: a line, from 1, and
    /// a column in bytes of UTF-8, from 1 (which is how QuickJS counts). A place in something
    /// that was added gives the place of the script at which it was added; a place outside the
    /// text gives the nearest one in it.
    pub fn original(&self, line: u32, column: u32) -> Position {
        let index = (line as usize).saturating_sub(1).min(self.starts.len().saturating_sub(1));
        let start = self.starts.get(index).copied().unwrap_or(0);
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let changed = (start + (column as usize).saturating_sub(1)).min(end);
        let mut offset = self.map.original(changed);
        // On the first line QuickJS counts some columns from 0, and so names the character before
        // the right one. Nothing that fails begins with white space or a semicolon.
        let byte = self.source.as_bytes().get(offset);
        if line == 1 && matches!(byte, Some(b' ' | b'\t' | b';')) {
            offset += 1;
        }
        Lines::new(&self.source).position(offset)
    }
}

/// Checks a script and makes what is executed. `path` is only for messages.
///
/// # Errors
///
/// The errors that [`crate::inspect`] lists, at least one, in order of place.
pub fn prepare(path: &str, source: &str) -> Result<Prepared, Vec<Finding>> {
    let (inspection, plan) = crate::inspect::read(path, source, true);
    match (inspection.meta, plan) {
        (Some(meta), Some(plan)) if inspection.errors.is_empty() => {
            Ok(build(crate::inspect::without_mark(source), meta, plan))
        }
        _ => Err(inspection.errors),
    }
}

fn build(source: &str, meta: Meta, plan: Plan) -> Prepared {
    let lines = Lines::new(source);
    let awaits = plan.awaits.iter().map(|at| lines.position(*at as usize)).collect();
    let (text, map) = edits::apply(source, plan.edits);
    let starts = line_starts(&text, &map, &plan.literals);
    Prepared { text, meta, awaits, source: source.to_owned(), map, starts }
}

/// Where the engine begins to count a new line: behind every line feed, and behind the line and
/// paragraph separators of Unicode outside of comments, strings and templates (`literals`, in
/// the order and with the offsets of the original).
fn line_starts(text: &str, map: &Map, literals: &[Span]) -> Vec<usize> {
    let separates = |at: usize| {
        let at = map.original(at);
        let next = literals.partition_point(|span| span.start as usize <= at);
        next.checked_sub(1)
            .and_then(|last| literals.get(last))
            .is_none_or(|span| span.end as usize <= at)
    };
    let begins = text.char_indices().filter_map(|(at, c)| match c {
        '\n' => Some(at + 1),
        '\u{2028}' | '\u{2029}' if separates(at) => Some(at + c.len_utf8()),
        _ => None,
    });
    std::iter::once(0).chain(begins).collect()
}
