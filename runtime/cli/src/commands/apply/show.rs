//! What became of changes, for people.

use super::{Report, State, Worktree};
use crate::output::{BAD, DIM, GOOD};
use crate::text::{one_line, paint, plural};

/// Lines of one side of a conflict that are shown.
const SIDE_LINES_MAX: usize = 6;

/// One task.
pub(super) fn text(report: &Report) -> String {
    let files = plural(report.files.len() as u64, "file");
    let (sign, what) = match report.state {
        State::Applied => (paint(GOOD, "✓"), format!("applied: {files}")),
        State::Fits => (paint(GOOD, "✓"), format!("fits: {files}")),
        State::AlreadyApplied => (paint(GOOD, "✓"), "is applied already".into()),
        State::Conflicts => {
            let conflicts = plural(report.conflicts.len() as u64, "file");
            (paint(BAD, "✗"), format!("does not fit, nothing is written: {conflicts}"))
        }
    };
    let mut out = format!("{sign} {} {what}\n", report.task);
    for file in &report.files {
        out.push_str(&format!("    {}\n", one_line(&file.words())));
    }
    for conflict in &report.conflicts {
        let (path, message) = (one_line(&conflict.path), one_line(&conflict.message));
        out.push_str(&format!("    {path}: {message}\n"));
        for hunk in &conflict.hunks {
            let last = hunk.line + hunk.lines.saturating_sub(1);
            let place = if hunk.lines > 1 {
                format!("lines {} to {last}", hunk.line)
            } else {
                format!("line {}", hunk.line)
            };
            out.push_str(&format!("      {}\n", paint(DIM, &place)));
            out.push_str(&side("yours", &hunk.yours));
            out.push_str(&side("agent", &hunk.patch));
        }
    }
    if let Some(Worktree { path, removed: false, reason, .. }) = &report.worktree {
        let path = path.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        let reason = reason.as_deref().map(one_line).unwrap_or_default();
        let line = format!("    its worktree {path} is kept: {reason}\n");
        out.push_str(&paint(DIM, &line));
    }
    out
}

fn side(name: &str, text: &str) -> String {
    let lines = text.lines().count();
    let mut out = String::new();
    for line in text.lines().take(SIDE_LINES_MAX) {
        out.push_str(&format!("        {name} │ {}\n", crate::text::clean(line)));
    }
    if lines > SIDE_LINES_MAX {
        out.push_str(&format!("        {name} │ … {} more\n", lines - SIDE_LINES_MAX));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_agents::isolation::FileChange;
    use baton_agents::isolation::apply::{Conflict, Hunk};

    use super::*;

    fn report(state: State) -> Report {
        Report {
            task: "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3".parse().unwrap(),
            state,
            files: Vec::new(),
            conflicts: Vec::new(),
            worktree: None,
        }
    }

    #[test]
    fn every_state_has_its_words() {
        let mut applied = report(State::Applied);
        applied.files =
            vec![FileChange { kind: "renamed", path: "b\x1b[m".into(), from: Some("a".into()) }];
        let mut conflicts = report(State::Conflicts);
        conflicts.conflicts = vec![Conflict {
            path: "a.txt".into(),
            kind: "content".into(),
            message: "both".into(),
            hunks: vec![Hunk { line: 3, lines: 2, yours: "1\n2\n".into(), patch: "x\n".repeat(8) }],
        }];
        conflicts.worktree = Some(Worktree {
            path: Some("/w".into()),
            branch: None,
            removed: false,
            reason: Some("its changes are not applied".into()),
        });
        let all = [applied, conflicts, report(State::AlreadyApplied), report(State::Fits)];
        let shown: String = all.iter().map(text).collect();
        insta::assert_snapshot!(anstream::adapter::strip_str(&shown).to_string(), @r#"
        ✓ run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 applied: 1 file
            renamed "b\u{1b}[m" from a
        ✗ run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 does not fit, nothing is written: 1 file
            a.txt: both
              lines 3 to 4
                yours │ 1
                yours │ 2
                agent │ x
                agent │ x
                agent │ x
                agent │ x
                agent │ x
                agent │ x
                agent │ … 2 more
            its worktree /w is kept: its changes are not applied
        ✓ run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 is applied already
        ✓ run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 fits: 0 files
        "#);
    }
}
