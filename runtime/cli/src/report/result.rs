//! What a run or task found: its output as text, lists and tables, and what it rests on.

use std::collections::BTreeSet;

use baton_core::handoff::{Evidence, Handoff, Outcome};

use super::html::Html;
use super::ordered::Ordered;
use super::{ROWS_MAX, TEXT_BYTES_MAX, cut};
use crate::text::{bytes, one_line};

/// Columns of a table; a list with more is shown as JSON.
const COLUMNS_MAX: usize = 12;
/// Levels that are taken apart; what is deeper is shown as JSON.
const DEPTH_MAX: usize = 4;
/// Characters of a text that stands in a line.
const LINE_MAX: usize = 160;

/// How something ended. `left_out`: bytes of its output that are not on the page.
pub fn outcome(html: &mut Html, outcome: &Outcome, left_out: usize, id: &str) {
    match outcome {
        Outcome::Failed(failure) => {
            let words = format!("{}: {failure}", failure.kind.as_str());
            html.line("p", "bad", &words);
        }
        Outcome::Done(handoff) => {
            self::handoff(html, handoff);
            if left_out > 0 {
                let size = bytes(left_out as u64);
                let words =
                    format!("its output of {size} is left out here; `baton show {id}` shows it");
                html.line("p", "cut", &words);
            }
        }
    }
}

/// A result.
fn handoff(html: &mut Html, handoff: &Handoff) {
    let Handoff { summary, output, evidence, artifacts, follow_ups } = handoff;
    if !summary.trim().is_empty() {
        text(html, summary);
    }
    if output.as_str().len() > TEXT_BYTES_MAX * 8 {
        text(html, output.as_str());
    } else if !output.is_null() {
        value(html, &Ordered::parse(output.as_str()), 0);
    }
    if !evidence.is_empty() {
        html.line("h4", "", "rests on");
        self::evidence(html, evidence);
    }
    if !artifacts.is_empty() {
        html.line("h4", "", "files");
        list(
            html,
            artifacts.len(),
            artifacts.iter().map(|artifact| {
                let size = bytes(artifact.size);
                format!(
                    "{} · {} · {size} · {}",
                    artifact.name, artifact.media_type, artifact.digest
                )
            }),
        );
    }
    if !follow_ups.is_empty() {
        html.line("h4", "", "next");
        list(html, follow_ups.len(), follow_ups.iter().cloned());
    }
}

fn evidence(html: &mut Html, evidence: &[Evidence]) {
    html.of("table", "", |html| {
        html.fixed("<thead><tr><th>place</th><th>what it shows</th></tr></thead>");
        html.of("tbody", "", |html| {
            for Evidence { path, lines, claim, .. } in evidence.iter().take(ROWS_MAX) {
                let lines = match lines {
                    Some(lines) if lines.first == lines.last => format!(":{}", lines.first),
                    Some(lines) => format!(":{}-{}", lines.first, lines.last),
                    None => String::new(),
                };
                html.of("tr", "", |html| {
                    html.of("td", "", |html| {
                        html.line("code", "", &one_line(&format!("{path}{lines}")));
                    });
                    html.line("td", "", claim);
                });
            }
        });
    });
    left_out(html, evidence.len());
}

fn list(html: &mut Html, count: usize, all: impl Iterator<Item = String>) {
    html.of("ul", "", |html| {
        for one in all.take(ROWS_MAX) {
            html.line("li", "", &one);
        }
    });
    left_out(html, count);
}

fn left_out(html: &mut Html, count: usize) {
    if count > ROWS_MAX {
        html.line("p", "cut", &format!("{} more are left out here", count - ROWS_MAX));
    }
}

/// A text: in a line if it is one, else as it is.
pub fn text(html: &mut Html, text: &str) {
    let (kept, missing) = cut(text.trim_end(), TEXT_BYTES_MAX);
    if kept.contains('\n') || kept.len() > LINE_MAX * 4 {
        html.line("pre", "", kept);
    } else {
        html.line("p", "", kept);
    }
    if missing > 0 {
        html.line("p", "cut", &format!("{} more is left out here", bytes(missing as u64)));
    }
}

fn value(html: &mut Html, value: &Ordered, depth: usize) {
    match value {
        Ordered::Text(words) => text(html, words),
        Ordered::Null | Ordered::Bool(_) | Ordered::Number(_) => {
            html.line("code", "", &value.to_string());
        }
        _ if depth >= DEPTH_MAX => text(html, &value.to_string()),
        Ordered::List(all) => list_of(html, all, depth),
        Ordered::Fields(fields) if fields.is_empty() => text(html, "{}"),
        Ordered::Fields(fields) => object(html, fields, depth),
    }
}

fn list_of(html: &mut Html, all: &[Ordered], depth: usize) {
    let columns = columns(all);
    if !columns.is_empty() {
        return table(html, all, &columns, depth);
    }
    if all.is_empty() {
        html.line("p", "dim", "none");
        return;
    }
    html.of("ul", "", |html| {
        for one in all.iter().take(ROWS_MAX) {
            html.of("li", "", |html| cell(html, one, depth));
        }
    });
    left_out(html, all.len());
}

/// Names of the fields of a list of objects, in the order of their first mention; none: it is no
/// such list, or has too many.
fn columns(all: &[Ordered]) -> Vec<&str> {
    let mut columns: Vec<&str> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for one in all.iter().take(ROWS_MAX) {
        let Ordered::Fields(fields) = one else { return Vec::new() };
        columns.extend(
            fields.iter().map(|(name, _)| name.as_str()).filter(|name| known.insert(*name)),
        );
    }
    if columns.len() > COLUMNS_MAX { Vec::new() } else { columns }
}

fn table(html: &mut Html, all: &[Ordered], columns: &[&str], depth: usize) {
    html.of("table", "", |html| {
        html.of("thead", "", |html| {
            html.of("tr", "", |html| {
                for name in columns {
                    html.line("th", "", &one_line(name));
                }
            });
        });
        html.of("tbody", "", |html| {
            for one in all.iter().take(ROWS_MAX) {
                html.of("tr", "", |html| {
                    for name in columns {
                        html.of("td", "", |html| {
                            if let Some(value) = one.get(name) {
                                cell(html, value, depth);
                            }
                        });
                    }
                });
            }
        });
    });
    left_out(html, all.len());
}

fn object(html: &mut Html, fields: &[(String, Ordered)], depth: usize) {
    html.of("table", "keys", |html| {
        html.of("tbody", "", |html| {
            for (name, value) in fields.iter().take(ROWS_MAX) {
                html.of("tr", "", |html| {
                    html.line("th", "", &one_line(name));
                    html.of("td", "", |html| cell(html, value, depth));
                });
            }
        });
    });
    left_out(html, fields.len());
}

/// A value inside a table or list.
fn cell(html: &mut Html, one: &Ordered, depth: usize) {
    match one {
        Ordered::Null => {
            html.line("span", "dim", "–");
        }
        Ordered::Text(words) if !words.contains('\n') && words.len() <= LINE_MAX * 8 => {
            html.text(words);
        }
        Ordered::Bool(_) | Ordered::Number(_) => {
            html.text(&one.to_string());
        }
        other => value(html, other, depth + 1),
    }
}
