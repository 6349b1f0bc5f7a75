//! What a tool returns, from the contract's types.

use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome};
use baton_core::limits::RunLimits;

use crate::bindings::v0_1::workflow::baton::runtime::types::{ToolError, ToolErrorKind};
use crate::convert;

/// What a tool returns, as it comes.
pub(crate) type Returned = Result<String, ToolError>;

/// The outcome, and whether the tool says that another attempt may succeed.
pub(crate) fn outcome(returned: Returned, limits: &RunLimits) -> (Outcome, bool) {
    let checked = match returned {
        Ok(output) => convert::output_json(&output, limits)
            .map(|output| (Outcome::Done(Handoff { output, ..Handoff::default() }), false)),
        Err(error) => {
            let unavailable = matches!(error.kind, ToolErrorKind::Unavailable);
            failure(error, limits).map(|failure| (Outcome::Failed(failure), unavailable))
        }
    };
    checked.unwrap_or_else(|what| (Outcome::Failed(convert::unusable(&what)), false))
}

fn failure(error: ToolError, limits: &RunLimits) -> Result<Failure, String> {
    let ToolError { kind, code, message, detail } = error;
    let kind = match kind {
        ToolErrorKind::Denied => FailureKind::Refused,
        ToolErrorKind::InvalidInput | ToolErrorKind::Unavailable | ToolErrorKind::Failed => {
            FailureKind::Failed
        }
    };
    convert::told(kind, code, message, &detail, limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ToolErrorKind, code: &str, detail: &str) -> Returned {
        let (code, message, detail) = (code.into(), "no".into(), detail.into());
        Err(ToolError { kind, code, message, detail })
    }

    #[test]
    fn what_a_tool_returns_is_checked_and_its_kinds_are_told_apart() {
        let limits = RunLimits { result_bytes: 20, json_depth: 3, ..RunLimits::default() };
        let deep = "[[[[]]]]";
        let long = format!("\"{}\"", "x".repeat(20));
        for (returned, expected, unavailable) in [
            (Ok(r#"{"a":1}"#.into()), r#"{"a":1}"#, false),
            (Ok("{".into()), "failed invalid-result", false),
            (Ok(deep.into()), "failed invalid-result", false),
            (Ok(long), "failed invalid-result", false),
            (error(ToolErrorKind::InvalidInput, "bad-path", "{}"), "failed bad-path", false),
            (error(ToolErrorKind::Denied, "no-write", ""), "refused no-write", false),
            (error(ToolErrorKind::Unavailable, "busy", "{}"), "failed busy", true),
            (error(ToolErrorKind::Failed, "broken", r#"{"a":1}"#), "failed broken", false),
            (error(ToolErrorKind::Failed, "Not A Code", "{}"), "failed invalid-result", false),
            (error(ToolErrorKind::Unavailable, "busy", "[]"), "failed invalid-result", false),
        ] {
            let (found, again) = outcome(returned, &limits);
            let found = match found {
                Outcome::Done(handoff) => handoff.output.to_string(),
                Outcome::Failed(failure) => format!("{} {}", failure.kind.as_str(), failure.code),
            };
            assert_eq!((found.as_str(), again), (expected, unavailable));
        }
    }
}
