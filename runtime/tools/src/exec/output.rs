//! What a command said, as text.

use baton_agents::{Kept, Remains};

/// What it said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// On standard output.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
    /// Whether something of either was left out.
    pub truncated: bool,
}

/// Bytes of JSON around the two texts: names, status, punctuation.
const FRAME_BYTES: u64 = 128;

/// The texts, shortened further if they would not fit a result of so many bytes: bytes that are no
/// text, and control characters, take more room there.
pub(super) fn said(remains: &Remains, bytes_max: u64) -> Said {
    let mut streams = [remains.stdout.clone(), remains.stderr.clone()];
    loop {
        let [stdout, stderr] = streams.each_ref().map(text);
        let size = json_bytes(&stdout) + json_bytes(&stderr) + FRAME_BYTES;
        let truncated = streams.iter().any(|kept| kept.left_out > 0);
        if size <= bytes_max || streams.iter().all(|kept| length(kept) == 0) {
            return Said { stdout, stderr, truncated };
        }
        // The longer one gives way.
        let [stdout, stderr] = &mut streams;
        let longer = if length(stdout) < length(stderr) { stderr } else { stdout };
        halve(longer);
    }
}

fn length(kept: &Kept) -> usize {
    kept.first.len() + kept.last.len()
}

/// Leaves out the middle half.
fn halve(kept: &mut Kept) {
    let whole = length(kept);
    let mut bytes = std::mem::take(&mut kept.first);
    let first = (whole / 4).min(bytes.len());
    let mut last = bytes.split_off(first);
    last.append(&mut kept.last);
    let out = last.len().saturating_sub(whole / 4);
    last.drain(..out);
    *kept = Kept { first: bytes, left_out: kept.left_out.saturating_add(out as u64), last };
}

/// The text, with a line in place of what was left out. Around that whole lines are kept, where
/// there are any: half a line says little, and half a secret would not be recognised.
fn text(kept: &Kept) -> String {
    if kept.left_out == 0 {
        let bytes = [kept.first.as_slice(), &kept.last].concat();
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let is_end = |byte: &u8| *byte == b'\n';
    let first_end = kept.first.iter().rposition(is_end).map_or(kept.first.len(), |at| at + 1);
    let last_start = kept.last.iter().position(is_end).map_or(0, |at| at + 1);
    let first = kept.first.get(..first_end).unwrap_or_default();
    let last = kept.last.get(last_start..).unwrap_or_default();
    let out = kept.left_out + (kept.first.len() - first.len() + last_start) as u64;
    let (first, last) = (String::from_utf8_lossy(first), String::from_utf8_lossy(last));
    let gap = if first.is_empty() || first.ends_with('\n') { "" } else { "\n" };
    format!("{first}{gap}[{out} bytes left out]\n{last}")
}

/// Bytes of a text as JSON, or a little more.
fn json_bytes(text: &str) -> u64 {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 | 0x7f => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}
