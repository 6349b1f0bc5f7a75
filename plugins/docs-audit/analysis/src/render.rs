//! Reports for people.

mod markdown;
mod plain;

pub use markdown::render_markdown;
pub use plain::render_text;

use crate::report::Report;

/// One sentence that says how the audit went.
#[must_use]
pub fn headline(report: &Report) -> String {
    let summary = &report.summary;
    let mut text = format!(
        "{} in {}",
        counted(summary.findings, "finding"),
        counted(summary.files, "Markdown file")
    );
    let kinds: Vec<String> =
        summary.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if !kinds.is_empty() {
        text.push_str(&format!(": {}", kinds.join(", ")));
    }
    text.push_str(&format!(". Challengers refuted {}.", summary.refuted));
    let notes = [(summary.omitted, "not shown"), (summary.unchallenged, "not challenged")];
    for (count, what) in notes {
        if count > 0 {
            text.push_str(&format!(" {} {what}.", counted(count, "finding")));
        }
    }
    if summary.uncompared > 0 {
        text.push_str(&format!(" {} not compared.", counted(summary.uncompared, "fact")));
    }
    if !summary.unread.is_empty() {
        text.push_str(&format!(" {} not read.", counted(summary.unread.len() as u64, "file")));
    }
    text
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A quote on one line, without control characters.
fn one_line(quote: &str) -> String {
    let plain: String = quote.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
