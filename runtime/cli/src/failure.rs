//! The failure of a script, told with the lines it is about.

use baton_core::handoff::{Failure, FailureKind};
use serde::Deserialize;

use crate::codes::Code;
use crate::text::plural;

/// Positions of a stack that are shown.
const STACK_MAX: usize = 8;

/// What the script runner says about a failure beside its message, which names the place and the
/// agent call. Another guest may say anything, so every part may be missing, and all of it is text
/// to be cleaned where it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    frame: String,
    stack: Vec<String>,
}

/// The failure of a script for people.
#[derive(Debug, PartialEq, Eq)]
pub struct ScriptFailure {
    /// What kind of error it is.
    pub code: Code,
    /// The lines around the place, and the way there.
    pub frame: String,
}

/// Takes a failure apart, if it is one of a script.
#[must_use]
pub fn of_script(failure: &Failure) -> Option<ScriptFailure> {
    if failure.kind != FailureKind::Failed {
        return None;
    }
    let code = match failure.code.as_str() {
        "script-refused" => Code::ScriptRefused,
        "script-error" => Code::ScriptError,
        "script-stuck" => Code::ScriptStuck,
        "script-result" => Code::ScriptResult,
        _ => return None,
    };
    let detail: Detail = serde_json::from_str(failure.detail.as_str()).unwrap_or_default();
    let mut lines: Vec<String> = detail.frame.lines().map(ToOwned::to_owned).collect();
    lines.extend(detail.stack.iter().take(STACK_MAX).map(|position| format!("at {position}")));
    if detail.stack.len() > STACK_MAX {
        lines
            .push(format!("and {}", plural((detail.stack.len() - STACK_MAX) as u64, "more place")));
    }
    Some(ScriptFailure { code, frame: lines.join("\n") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn failure(code: &str, detail: serde_json::Value) -> Failure {
        Failure::new(FailureKind::Failed, code, "x is null").with_detail(detail)
    }

    #[test]
    fn a_failure_shows_its_lines_and_its_stack() {
        let told = of_script(&failure(
            "script-error",
            json!({
                "path": "demo.js", "line": 3, "column": 9, "name": "TypeError",
                "frame": "  2 | a\n> 3 | b\n    | ^",
                "stack": ["stage (demo.js:3:9)", "<anonymous> (demo.js:7:1)"],
            }),
        ))
        .unwrap();
        assert_eq!(told.code, Code::ScriptError);
        insta::assert_snapshot!(told.frame, @r"
          2 | a
        > 3 | b
            | ^
        at stage (demo.js:3:9)
        at <anonymous> (demo.js:7:1)
        ");
    }

    #[test]
    fn what_a_guest_makes_up_is_harmless() {
        for detail in [json!({}), json!([]), json!({ "frame": 1 }), json!({ "stack": "x" })] {
            let told = of_script(&failure("script-stuck", detail)).unwrap();
            assert_eq!((told.code, told.frame.as_str()), (Code::ScriptStuck, ""));
        }
        let many: Vec<String> = (1..100).map(|line| format!("f (x.js:{line}:1)")).collect();
        let told = of_script(&failure("script-result", json!({ "stack": many }))).unwrap();
        assert_eq!(told.frame.lines().count(), STACK_MAX + 1);
        assert!(told.frame.ends_with("and 91 more places"), "{}", told.frame);
        assert_eq!(of_script(&failure("fuel", json!({}))), None);
        let other = Failure::new(FailureKind::Limit, "script-error", "x");
        assert_eq!(of_script(&other), None);
    }
}
