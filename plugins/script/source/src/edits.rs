//! Changes to a text that never move a line, and the way back from the changed text.

/// A change at a byte offset of the original: `insert` goes in before it, or replaces as many
/// bytes as it has.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) at: usize,
    pub(crate) text: String,
    pub(crate) replaces: bool,
}

impl Edit {
    pub(crate) fn insert(at: u32, text: impl Into<String>) -> Self {
        Self { at: at as usize, text: text.into(), replaces: false }
    }

    /// The bytes replaced and the new ones must be ASCII.
    pub(crate) fn replace(at: u32, text: impl Into<String>) -> Self {
        Self { at: at as usize, text: text.into(), replaces: true }
    }
}

/// Where something was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Insertion {
    /// The offset in the original.
    original: usize,
    /// The offset in the changed text.
    changed: usize,
    /// How many bytes were put in, here and before.
    sum: usize,
}

/// Leads from offsets of a changed text to those of the original.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Map {
    insertions: Vec<Insertion>,
}

impl Map {
    /// The offset in the original for one in the changed text. Within what was put in, it is the
    /// place where it was put in.
    pub(crate) fn original(&self, changed: usize) -> usize {
        let index = self.insertions.partition_point(|it| it.changed <= changed);
        match index.checked_sub(1).and_then(|last| self.insertions.get(last)) {
            None => changed,
            Some(last) => changed.saturating_sub(last.sum).max(last.original),
        }
    }
}

/// Applies edits. Those at one offset keep their order.
pub(crate) fn apply(original: &str, mut edits: Vec<Edit>) -> (String, Map) {
    edits.sort_by_key(|edit| edit.at);
    let mut changed = String::with_capacity(original.len() + edits.len() * 16);
    let mut map = Map::default();
    let (mut done, mut sum) = (0, 0);
    for edit in edits {
        changed.push_str(original.get(done..edit.at).unwrap_or_default());
        done = edit.at;
        if edit.replaces {
            done += edit.text.len();
        } else {
            sum += edit.text.len();
            map.insertions.push(Insertion { original: edit.at, changed: changed.len(), sum });
        }
        changed.push_str(&edit.text);
    }
    changed.push_str(original.get(done..).unwrap_or_default());
    (changed, map)
}
