//! What the journal says of the run's program and of whoever drove it.

use baton_core::record::{BackendChoice, RunStarted};

use super::html::Html;
use super::{Report, when};
use crate::text::one_line;

/// The section with the facts.
pub fn write(html: &mut Html, report: &Report) {
    let RunStarted { program, format, root, base, backends, script, input, .. } = &*report.started;
    let mut facts: Vec<(String, String)> = vec![
        ("program".into(), report.row.program.to_string()),
        ("component".into(), program.component.to_string()),
    ];
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            facts.push((name.into(), value));
        }
    };
    add("script", program.script.map(|digest| digest.to_string()).unwrap_or_default());
    add("script file", script.as_ref().map(|script| script.path.clone()).unwrap_or_default());
    for (kind, parts) in [
        ("workflow", &program.workflows),
        ("script", &program.scripts),
        ("agent", &program.agents),
        ("tool", &program.tools),
    ] {
        for (name, digest) in parts {
            add(kind, format!("{name} {digest}"));
        }
    }
    for (path, digest) in &program.instructions {
        add("instructions", format!("{path} {digest}"));
    }
    add("root", root.clone().unwrap_or_else(|| "none".into()));
    add("commit", base.clone().unwrap_or_default());
    add("backends", self::backends(backends));
    add("input", super::cut(input.as_str(), super::TEXT_BYTES_MAX).0.to_owned());
    add("records", format!("{}, format {format}", report.row.records));
    for owner in &report.owners {
        let engine = one_line(&owner.engine);
        let by = one_line(&owner.by);
        add(
            "driven",
            format!("by {by} from {} on (record {}), {engine}", when(owner.at), owner.seq),
        );
    }
    html.of("table", "keys", |html| {
        html.of("tbody", "", |html| {
            for (name, value) in &facts {
                html.of("tr", "", |html| {
                    html.line("th", "", name);
                    html.of("td", "", |html| {
                        html.line("code", "", value);
                    });
                });
            }
        });
    });
}

fn backends(choice: &BackendChoice) -> String {
    let BackendChoice { all, by_type, default } = choice;
    let all = all.iter().map(|backend| format!("all by {backend}"));
    let types = by_type.iter().map(|(name, backend)| format!("{name} by {backend}"));
    let default = default.iter().map(|backend| format!("else by {backend}"));
    all.chain(types).chain(default).collect::<Vec<_>>().join(", ")
}
