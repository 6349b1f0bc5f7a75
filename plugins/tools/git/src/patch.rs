//! Differences of texts as patches.

use baton_git_store::{Mode, Repository};
use baton_guest::ToolError;
use imara_diff::{Algorithm, Diff, Hunk, InternedInput};

use crate::changes::{Change, ChangedFile, Side, Status};

/// Largest text that is compared line by line, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;
/// Largest patch of one file, in bytes.
const PATCH_BYTES_MAX: usize = 200 << 10;

/// How differences are shown.
pub struct Style {
    /// Whether there are patches at all.
    pub patches: bool,
    /// Lines around each change.
    pub context: u32,
}

/// What changed in a file, with a patch where `room` bytes are enough for it.
pub fn describe(
    repository: &Repository,
    change: &Change,
    style: &Style,
    room: &mut usize,
) -> Result<ChangedFile, ToolError> {
    let content = |side: &Option<Side>| match side {
        Some(Side { mode: Mode::Module, id, .. }) => Ok(format!("Subproject commit {id}\n").into()),
        Some(side) => repository.blob(side.id),
        None => Ok(Vec::new()),
    };
    let (before, after) = (&change.before, &change.after);
    let path = change.path().to_owned();
    let old_path = before.as_ref().map(|side| side.path.clone()).filter(|old| *old != path);
    let status = match (before, after) {
        (None, _) => Status::Added,
        (_, None) => Status::Deleted,
        _ if old_path.is_some() => Status::Renamed,
        _ => Status::Modified,
    };
    let mut file = ChangedFile {
        path,
        old_path,
        status,
        additions: 0,
        deletions: 0,
        binary: false,
        patch: None,
    };
    let contents = content(before).and_then(|before| Ok((before, content(after)?)));
    let (before, after) = match contents {
        // Too large to be compared, and no text that anybody reads.
        Err(error) if error.code == "too-large" => {
            file.binary = true;
            return Ok(file);
        }
        contents => contents?,
    };
    let texts =
        |bytes: &[u8]| bytes.len() <= TEXT_BYTES_MAX && !bytes.iter().take(8_000).any(|b| *b == 0);
    if !texts(&before) || !texts(&after) {
        file.binary = true;
        return Ok(file);
    }
    let (before, after) = (String::from_utf8_lossy(&before), String::from_utf8_lossy(&after));
    let input = InternedInput::new(&*before, &*after);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    file.additions = diff.count_additions() as usize;
    file.deletions = diff.count_removals() as usize;
    if style.patches {
        diff.postprocess_lines(&input);
        let mut text = header(change);
        let hunks = hunks(&diff, &input, style.context);
        if !hunks.is_empty() {
            text.push_str(&sides(change));
            text.push_str(&hunks);
        }
        if text.len() <= PATCH_BYTES_MAX && text.len() <= *room {
            *room -= text.len();
            file.patch = Some(text);
        }
    }
    Ok(file)
}

/// The lines by which `git apply` knows what the patch is for.
fn header(change: &Change) -> String {
    let octal = |side: &Side| match side.mode {
        Mode::Executable => "100755",
        Mode::Link => "120000",
        Mode::Module => "160000",
        Mode::File | Mode::Tree => "100644",
    };
    let path = change.path();
    let old = change.before.as_ref().map_or(path, |side| side.path.as_str());
    let mut text =
        format!("diff --git {} {}\n", quoted(&format!("a/{old}")), quoted(&format!("b/{path}")));
    match (&change.before, &change.after) {
        (None, Some(side)) => text.push_str(&format!("new file mode {}\n", octal(side))),
        (Some(side), None) => text.push_str(&format!("deleted file mode {}\n", octal(side))),
        (Some(before), Some(after)) => {
            if before.mode != after.mode {
                let (before, after) = (octal(before), octal(after));
                text.push_str(&format!("old mode {before}\nnew mode {after}\n"));
            }
            if before.path != after.path {
                let (from, to) = (quoted(&before.path), quoted(&after.path));
                text.push_str(&format!(
                    "similarity index 100%\nrename from {from}\nrename to {to}\n"
                ));
            }
        }
        (None, None) => {}
    }
    text
}

/// The lines before the first change.
fn sides(change: &Change) -> String {
    let name = |side: &Option<Side>, letter: char| match side {
        Some(side) => quoted(&format!("{letter}/{}", side.path)),
        None => "/dev/null".into(),
    };
    format!("--- {}\n+++ {}\n", name(&change.before, 'a'), name(&change.after, 'b'))
}

/// A path as git writes it into patches.
fn quoted(path: &str) -> String {
    if !path.contains(|c: char| c.is_control() || matches!(c, '"' | '\\')) {
        return path.to_owned();
    }
    let mut text = String::from('"');
    for letter in path.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            c if c.is_ascii_control() => text.push_str(&format!("\\{:03o}", u32::from(c))),
            c => text.push(c),
        }
    }
    text + "\""
}

fn hunks(diff: &Diff, input: &InternedInput<&str>, context: u32) -> String {
    let all: Vec<Hunk> = diff.hunks().collect();
    let mut text = String::new();
    let mut rest = all.as_slice();
    while let Some(first) = rest.first() {
        // Changes whose lines around them meet are shown together.
        let together = rest
            .windows(2)
            .take_while(|pair| match pair {
                [left, right] => right.before.start - left.before.end <= 2 * context,
                _ => false,
            })
            .count();
        let (group, others) = rest.split_at_checked(together + 1).unwrap_or((rest, &[]));
        rest = others;
        let Some(last) = group.last() else { break };
        let above = context.min(first.before.start);
        let below = context.min(input.before.len() as u32 - last.before.end);
        let (old, new) = (first.before.start - above, first.after.start - above);
        let (old_end, new_end) = (last.before.end + below, last.after.end + below);
        let range = |start: u32, end: u32| match end - start {
            0 => format!("{start},0"),
            length => format!("{},{length}", start + 1),
        };
        text.push_str(&format!("@@ -{} +{} @@\n", range(old, old_end), range(new, new_end)));
        let mut at = old;
        for hunk in group {
            lines(&mut text, ' ', input, &input.before, at..hunk.before.start);
            lines(&mut text, '-', input, &input.before, hunk.before.clone());
            lines(&mut text, '+', input, &input.after, hunk.after.clone());
            at = hunk.before.end;
        }
        lines(&mut text, ' ', input, &input.before, at..old_end);
    }
    text
}

fn lines(
    text: &mut String,
    mark: char,
    input: &InternedInput<&str>,
    side: &[imara_diff::Token],
    range: std::ops::Range<u32>,
) {
    let range = range.start as usize..range.end as usize;
    for token in side.get(range).unwrap_or_default() {
        let line = input.interner[*token];
        text.push(mark);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}
