//! Unified patches.

/// What a patch does to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The file, as it is called after the change; of one that is gone, as it was called.
    pub path: String,
    /// The patch of this file alone.
    pub text: String,
    /// Lines after the change, with their numbers: those of the patch alone.
    pub after: Vec<(u32, String)>,
    /// Lines before the change, likewise.
    pub before: Vec<(u32, String)>,
    /// Lines that are new.
    pub additions: usize,
    /// Lines that are gone.
    pub deletions: usize,
}

impl Part {
    /// The lines that a quote stands in: of several places the one nearest to `near`. Lines after
    /// the change go before those that are gone; the flag says that it is one of the latter.
    #[must_use]
    pub fn locate(&self, quote: &str, near: u32) -> Option<(u32, u32, bool)> {
        let find = |lines| find(lines, quote, near);
        find(&self.after)
            .map(|(first, last)| (first, last, false))
            .or_else(|| find(&self.before).map(|(first, last)| (first, last, true)))
    }
}

/// Where lines with these numbers hold the quote, white space at the ends of lines apart.
pub fn find(lines: &[(u32, String)], quote: &str, near: u32) -> Option<(u32, u32)> {
    let wanted: Vec<&str> = quote.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if wanted.is_empty() {
        return None;
    }
    let filled: Vec<(u32, &str)> = lines
        .iter()
        .map(|(number, text)| (*number, text.trim()))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    filled
        .windows(wanted.len())
        .filter(|window| window.iter().zip(&wanted).all(|((_, text), want)| text.contains(want)))
        .filter_map(|window| Some((window.first()?.0, window.last()?.0)))
        .min_by_key(|(first, _)| first.abs_diff(near))
}

/// Takes a patch apart. What stands before the first file, and files without a text, are left out.
#[must_use]
pub fn parse(patch: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut hunk = Hunk::default();
    for line in patch.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let begins = bare.starts_with("diff --git ")
            || (bare.starts_with("--- ") && !parts.last().is_some_and(is_open));
        if begins && hunk.is_over() {
            parts.push(Part::default());
        }
        let Some(part) = parts.last_mut() else { continue };
        part.text.push_str(line);
        if !hunk.is_over() {
            hunk.take(bare, part);
        } else if let Some(next) = Hunk::begin(bare) {
            hunk = next;
        } else if let Some(path) = side(bare, "--- ", "a/").filter(|_| part.path.is_empty()) {
            part.path = path;
        } else if let Some(path) = side(bare, "+++ ", "b/") {
            part.path = path;
        }
    }
    parts.retain(|part| !part.path.is_empty() && !is_open(part));
    parts
}

/// Whether a file has begun, and its lines have not.
fn is_open(part: &Part) -> bool {
    part.after.is_empty() && part.before.is_empty()
}

/// The path of one side, unless nothing is there.
fn side(line: &str, mark: &str, prefix: &str) -> Option<String> {
    let path = line.strip_prefix(mark)?.split('\t').next()?;
    let path = path.trim_matches('"');
    (path != "/dev/null").then(|| path.strip_prefix(prefix).unwrap_or(path).to_owned())
}

/// Where in a hunk the patch is.
#[derive(Default)]
struct Hunk {
    old: u32,
    old_left: u32,
    new: u32,
    new_left: u32,
}

impl Hunk {
    /// Reads `@@ -1,2 +3,4 @@`.
    fn begin(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("@@ -")?.split(' ');
        let range = |word: &str| {
            let (start, count) = word.split_once(',').unwrap_or((word, "1"));
            Some((start.parse().ok()?, count.parse().ok()?))
        };
        let (old, old_left) = range(words.next()?)?;
        let (new, new_left) = range(words.next()?.strip_prefix('+')?)?;
        Some(Self { old, old_left, new, new_left })
    }

    fn is_over(&self) -> bool {
        self.old_left == 0 && self.new_left == 0
    }

    fn take(&mut self, line: &str, part: &mut Part) {
        let (mark, text) = match line.chars().next() {
            Some(mark @ ('+' | '-' | ' ' | '\\')) => (mark, line.get(1..).unwrap_or_default()),
            // Some programs drop the space of an empty line.
            _ => (' ', line),
        };
        if mark == '\\' {
            return;
        }
        if mark != '-' {
            part.after.push((self.new, text.to_owned()));
            self.new = self.new.saturating_add(1);
            self.new_left = self.new_left.saturating_sub(1);
        }
        if mark != '+' {
            part.before.push((self.old, text.to_owned()));
            self.old = self.old.saturating_add(1);
            self.old_left = self.old_left.saturating_sub(1);
        }
        part.additions += usize::from(mark == '+');
        part.deletions += usize::from(mark == '-');
    }
}
