//! Where a change comes from.

use baton_guest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::{Change, PART_BYTES_MAX, Part, generated, parse};
use crate::input::Input;

/// The commands that show the working tree. Nothing that a repository configures runs in them.
const DIFF: [&str; 6] = ["git", "diff", "--no-color", "--no-ext-diff", "--no-textconv", "HEAD"];
const UNTRACKED: [&str; 4] = ["git", "ls-files", "--others", "--exclude-standard"];
/// Files that git does not know yet and that are reviewed.
const UNTRACKED_MAX: usize = 200;

#[derive(Deserialize)]
struct Diff {
    from: String,
    to: String,
    files: Vec<Changed>,
    truncated: bool,
}

#[derive(Deserialize)]
struct Changed {
    path: String,
    status: String,
    binary: bool,
    #[serde(default)]
    patch: Option<String>,
}

/// Obtains the change that the input names.
///
/// # Errors
/// When it names several, none can be had, or nothing changed.
pub async fn obtain(cx: &Cx, input: &Input) -> Result<Change> {
    let revisions = input.base.is_some() || input.head.is_some();
    let named = [revisions, input.patch.is_some(), input.patch_file.is_some()];
    if named.into_iter().filter(|named| *named).count() > 1 {
        let message = "name one change: `base` and `head`, or `patch`, or `patch_file`";
        return Err(Error::new("input", message));
    }
    let mut change = if let Some(patch) = &input.patch {
        given(patch, "a given patch".into())
    } else if let Some(path) = &input.patch_file {
        given(&cx.files().read_text(path)?, format!("the patch `{path}`"))
    } else if revisions {
        between(cx, input).await?
    } else {
        working_tree(cx).await?
    };
    let outside = |part: &Part| !input.includes(&part.path);
    change.parts.retain(|part| !outside(part));
    change.skipped.retain(|(path, _)| input.includes(path));
    set_aside(&mut change);
    if change.parts.is_empty() {
        let skipped = change.skipped.len();
        let message =
            format!("{} has nothing to review; {skipped} files are skipped", change.title);
        return Err(Error::new("nothing-to-review", message));
    }
    Ok(change)
}

/// Leaves out what nobody reviews, and says so.
fn set_aside(change: &mut Change) {
    let skipped = &mut change.skipped;
    change.parts.retain(|part| {
        let why = generated(&part.path).map(str::to_owned).or_else(|| {
            let bytes = part.text.len();
            (bytes > PART_BYTES_MAX).then(|| {
                format!("its patch has {bytes} bytes; one reviewer gets at most {PART_BYTES_MAX}")
            })
        });
        skipped.extend(why.clone().map(|why| (part.path.clone(), why)));
        why.is_none()
    });
    skipped.sort();
}

fn given(patch: &str, title: String) -> Change {
    Change { title, parts: parse(patch), ..Change::default() }
}

async fn between(cx: &Cx, input: &Input) -> Result<Change> {
    let head = input.head.as_deref().unwrap_or("HEAD");
    // Without a base it is what the last commit brought.
    let base = input.base.clone().unwrap_or_else(|| format!("{head}~1"));
    let asked = json!({ "from": base, "to": head, "merge_base": true });
    let diff: Diff = cx.tool("git/diff", &asked).output().label("the change").await?;
    let mut change = Change {
        title: format!("{base} ({:.12}) to {head} ({:.12})", diff.from, diff.to),
        on_disk: head == "HEAD",
        ..Change::default()
    };
    for file in diff.files {
        match file.patch {
            Some(patch) => change.parts.extend(parse(&patch)),
            None if file.binary => change.skipped.push((file.path, "not a text".into())),
            None => change.skipped.push((file.path, format!("{}, without its patch", file.status))),
        }
    }
    if diff.truncated {
        log!(
            cx,
            warn,
            "the change is larger than one answer of git/diff: the skipped files say what is left out"
        );
    }
    Ok(change)
}

async fn working_tree(cx: &Cx) -> Result<Change> {
    let changed = cx.exec(DIFF).label("the working tree").await?;
    let new = cx.exec(UNTRACKED).label("new files").await?;
    for output in [&changed, &new] {
        if !output.succeeded() || output.truncated {
            let why =
                if output.truncated { "its output is too large" } else { output.stderr.trim() };
            let message = format!("git cannot show the working tree: {why}");
            return Err(Error::new("working-tree", message));
        }
    }
    let mut change = given(&changed.stdout, "the working tree against HEAD".into());
    change.on_disk = true;
    for (at, path) in new.stdout.lines().enumerate() {
        let text = match cx.files().read_text(path) {
            Ok(text) if at < UNTRACKED_MAX => text,
            Ok(_) => {
                change.skipped.push((path.into(), format!("more than {UNTRACKED_MAX} new files")));
                continue;
            }
            Err(error) => {
                change.skipped.push((path.into(), error.message));
                continue;
            }
        };
        change.parts.extend(parse(&added(path, &text)));
    }
    Ok(change)
}

/// The patch that makes a file.
fn added(path: &str, text: &str) -> String {
    let count = text.lines().count();
    let lines: String = text.lines().map(|line| format!("+{line}\n")).collect();
    format!(
        "diff --git a/{path} b/{path}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{count} @@\n{lines}"
    )
}
