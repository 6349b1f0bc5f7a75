//! Finding secrets in what comes back, also in the encodings that texts of the net use.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A longer value is a file, which comes back in parts if at all. It is looked for line by line, and
/// in no encoding but JSON's.
const WHOLE_BYTES_MAX: usize = 1 << 10;

/// Lines of a value are secrets of their own from this length on.
const LINE_BYTES_MIN: usize = 16;

/// Longer lines are looked for in parts of this length, so that little is held back while a body
/// passes.
const PART_BYTES: usize = 256;

/// Fewer bytes than this are too likely to be something else.
const FORM_BYTES_MIN: usize = 6;

/// A set of secrets, ready to be found: as they are, escaped in JSON, percent-encoded, and in base64,
/// also in the middle of a longer base64 text.
#[derive(Clone)]
pub struct Redaction {
    finder: AhoCorasick,
    /// What stands in the place of each pattern.
    stand_ins: Vec<Arc<str>>,
    /// The patterns in order, to see what may be the beginning of one.
    sorted: Vec<Vec<u8>>,
    /// Length of the longest pattern, in bytes.
    longest: usize,
}

// The patterns are the secrets.
impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction").field("patterns", &self.stand_ins.len()).finish_non_exhaustive()
    }
}

impl Redaction {
    /// Takes pairs of a value and what stands in its place. None: there is nothing to look for.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut patterns = Vec::new();
        let mut stand_ins = Vec::new();
        for (value, stand_in) in secrets {
            let stand_in: Arc<str> = stand_in.into();
            for form in forms(value) {
                patterns.push(form);
                stand_ins.push(Arc::clone(&stand_in));
            }
        }
        let longest = patterns.iter().map(Vec::len).max()?;
        // Building fails only beyond some billion states, far above what secrets may have.
        let finder =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns).ok()?;
        patterns.sort_unstable();
        Some(Self { finder, stand_ins, sorted: patterns, longest })
    }

    /// Whether there is a secret in it.
    #[must_use]
    pub fn finds(&self, bytes: &[u8]) -> bool {
        self.finder.is_match(bytes)
    }

    /// The bytes without secrets.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.finds(bytes) {
            return Cow::Borrowed(bytes);
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let taken = self.replace(bytes, bytes.len(), &mut clean);
        clean.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        Cow::Owned(clean)
    }

    /// The text without secrets.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Every pattern is text, so what is left begins and ends between characters.
            Cow::Owned(clean) => Cow::Owned(String::from_utf8_lossy(&clean).into_owned()),
        }
    }

    /// Redacts bytes that come in pieces.
    #[must_use]
    pub fn stream(self: &Arc<Self>) -> RedactedStream {
        RedactedStream { redaction: Arc::clone(self), kept: Vec::new() }
    }

    /// Where the last bytes begin that further ones may make a pattern of; the end, if there are none.
    fn open_end(&self, bytes: &[u8]) -> usize {
        let first = (bytes.len() + 1).saturating_sub(self.longest);
        let begins = |at: &usize| bytes.get(*at..).is_some_and(|rest| self.is_beginning(rest));
        (first..bytes.len()).find(begins).unwrap_or(bytes.len())
    }

    /// Whether a pattern begins with these bytes and goes on.
    fn is_beginning(&self, bytes: &[u8]) -> bool {
        let at = self.sorted.partition_point(|pattern| pattern.as_slice() < bytes);
        let mut with = self.sorted.iter().skip(at).take_while(|pattern| pattern.starts_with(bytes));
        with.any(|pattern| pattern.len() > bytes.len())
    }

    /// Writes `bytes` without secrets to `clean`, up to `safe` and to the end of what was found
    /// before; returns how much was taken.
    fn replace(&self, bytes: &[u8], safe: usize, clean: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        for found in self.finder.find_iter(bytes) {
            if found.start() >= safe {
                break;
            }
            clean.extend_from_slice(bytes.get(taken..found.start()).unwrap_or_default());
            let stand_in = self.stand_ins.get(found.pattern().as_usize());
            clean.extend_from_slice(stand_in.map_or(&[][..], |text| text.as_bytes()));
            taken = found.end();
        }
        if taken < safe {
            clean.extend_from_slice(bytes.get(taken..safe).unwrap_or_default());
            taken = safe;
        }
        taken
    }
}

/// Redacts bytes that come in pieces: a secret is found wherever the pieces are cut.
#[derive(Debug)]
pub struct RedactedStream {
    redaction: Arc<Redaction>,
    /// What may be the beginning of a secret.
    kept: Vec<u8>,
}

impl RedactedStream {
    /// Takes a piece and returns what is certain by now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.kept.extend_from_slice(piece);
        // A secret that begins before this point would be seen whole.
        let safe = self.redaction.open_end(&self.kept);
        let mut clean = Vec::new();
        let taken = self.redaction.replace(&self.kept, safe, &mut clean);
        self.kept.drain(..taken);
        clean
    }

    /// The rest, when no further piece comes.
    pub fn end(&mut self) -> Vec<u8> {
        let rest = std::mem::take(&mut self.kept);
        self.redaction.bytes(&rest).into_owned()
    }
}

/// A value in every form that is looked for.
fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let lines = value.lines().map(str::trim).filter(|line| line.len() >= LINE_BYTES_MIN);
    let mut forms = BTreeSet::new();
    if value.len() > WHOLE_BYTES_MAX {
        for part in lines.flat_map(parts) {
            forms.extend([part.as_bytes().to_vec(), json(part, false), json(part, true)]);
        }
        return forms;
    }
    forms.extend(lines.chain([value]).map(|line| line.as_bytes().to_vec()));
    forms.extend([json(value, false), json(value, true)]);
    for (upper, space) in [(true, "%20"), (false, "%20"), (true, "+"), (false, "+")] {
        forms.insert(percent(value, upper, space));
    }
    for before in 0..3 {
        let standard = base64_core(value.as_bytes(), before);
        let for_urls = standard.replace('+', "-").replace('/', "_");
        forms.extend([standard.into_bytes(), for_urls.into_bytes()]);
    }
    forms.retain(|form| form.len() >= FORM_BYTES_MIN);
    forms
}

/// A line in parts that are long enough to be nothing else, cut between characters.
fn parts(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    while rest.len() >= PART_BYTES + LINE_BYTES_MIN {
        let cut =
            (1..=PART_BYTES).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(PART_BYTES);
        let Some((part, after)) = rest.split_at_checked(cut) else { break };
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// The value inside a JSON string, slashes escaped or not.
fn json(value: &str, slashes: bool) -> Vec<u8> {
    let quoted = serde_json::Value::from(value).to_string();
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if slashes { inner.replace('/', "\\/").into_bytes() } else { inner.as_bytes().to_vec() }
}

/// The value in a URL, everything encoded but letters, digits and `-._~`.
fn percent(value: &str, upper: bool, space: &str) -> Vec<u8> {
    let mut text = String::new();
    for byte in value.bytes() {
        let written = match byte {
            b' ' => text.write_str(space),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                text.write_char(char::from(byte))
            }
            byte if upper => write!(text, "%{byte:02X}"),
            byte => write!(text, "%{byte:02x}"),
        };
        debug_assert!(written.is_ok(), "text takes what is written to it");
    }
    text.into_bytes()
}

/// The characters of a base64 text that depend on the value alone, where `before` bytes (modulo 3)
/// stand before it.
fn base64_core(value: &[u8], before: usize) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(value);
    let text = STANDARD_NO_PAD.encode(&padded);
    // Six bits a character: what holds a bit of anything else is cut off at both ends.
    let first = (before * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    text.get(first..end).unwrap_or_default().to_owned()
}
