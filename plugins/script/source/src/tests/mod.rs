#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod checks;
mod depth;
mod frames;
mod metas;
mod positions;
mod prepares;
mod surveys;

use crate::{Finding, Inspection, inspect};

/// A correct first line.
const META: &str = "export const meta = { name: 'a', description: 'b' }";

/// The inspection of a script whose second line begins with `body`.
fn inspected(body: &str) -> Inspection {
    inspect("demo.js", &format!("{META}\n{body}"))
}

/// Findings as one line each: place, code, message.
fn told(findings: &[Finding]) -> String {
    let told =
        |it: &Finding| format!("{}:{} {} {}", it.line, it.column, it.code.as_str(), it.message);
    findings.iter().map(told).collect::<Vec<_>>().join("\n")
}
