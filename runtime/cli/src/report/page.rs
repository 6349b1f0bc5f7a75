//! The page as a whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_core::digest::Digest;

use super::html::{Anchor, At, Html};
use super::{Report, costs, facts, forecast, head, people, result, timeline, tree, when};
use crate::text::one_line;

/// All of the page's style. Its digest stands in the page's policy.
const STYLE: &str = include_str!("style.css");

/// A section of the page: its name, its heading, and what writes it.
type Section<'a> = (&'static str, &'static str, Box<dyn Fn(&mut Html) + 'a>);

/// The page about a run.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut html = Html::default();
    html.fixed("<!doctype html>\n");
    html.element("html", &[At::Fixed("lang", "en")], |html| {
        html.of("head", "", |html| begin(html, report));
        html.of("body", "", |html| body(html, report));
    });
    html.finish()
}

fn begin(html: &mut Html, report: &Report) {
    html.fixed("\n<meta charset=\"utf-8\">\n");
    // Nothing may be loaded, no script may run, nothing may be sent, and only this style counts.
    html.fixed("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    html.fixed("base-uri 'none'; form-action 'none'; style-src 'sha256-");
    html.text(&STANDARD.encode(Digest::of(STYLE.as_bytes()).bytes()));
    html.fixed("'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n");
    html.fixed("<meta name=\"referrer\" content=\"no-referrer\">\n");
    html.line("title", "", &format!("{} · {}", one_line(&report.row.name), report.row.run));
    html.fixed("\n<style>").fixed(STYLE).fixed("</style>\n");
}

fn body(html: &mut Html, report: &Report) {
    let all = sections(report);
    html.of("main", "", |html| {
        head::write(html, report);
        html.of("nav", "", |html| {
            for (name, title, _) in &all {
                html.element("a", &[At::Link(&Anchor::named(name))], |html| {
                    html.text(title);
                });
                html.text(" ");
            }
        });
        for (name, title, write) in &all {
            html.element("section", &[At::Id(&Anchor::named(name))], |html| {
                html.line("h2", "", title);
                write(html);
            });
        }
    });
    html.of("footer", "", |html| {
        let version = env!("CARGO_PKG_VERSION");
        let words = format!(
            "Written by baton {version} on {} from the journal, up to record {}. Times are UTC. Texts of \
             models, tools and people stand here as they were; long ones are cut, which is said where \
             it is done.",
            when(report.standing.now),
            report.row.records
        );
        html.text(&words);
    });
}

fn sections(report: &Report) -> Vec<Section<'_>> {
    let mut all: Vec<Section<'_>> = Vec::new();
    if !report.findings.is_empty() {
        all.push(("why", "Why", Box::new(|html| head::why(html, report))));
    }
    if let Some(outcome) = &report.outcome {
        let id = report.row.run.as_str();
        all.push(("result", "Result", Box::new(move |html| result::outcome(html, outcome, 0, id))));
    }
    if let Some(forecast) = &report.started.forecast {
        all.push((
            "forecast",
            "Forecast",
            Box::new(|html| forecast::write(html, report, forecast)),
        ));
    }
    if !report.tasks.is_empty() {
        all.push(("timeline", "Timeline", Box::new(|html| timeline::write(html, report))));
        all.push(("tasks", "Tasks", Box::new(|html| tree::write(html, report))));
    }
    if !costs::is_empty(report) {
        all.push(("cost", "Cost", Box::new(|html| costs::write(html, report))));
    }
    all.push(("people", "People", Box::new(|html| people::write(html, report))));
    all.push(("journal", "Journal", Box::new(|html| facts::write(html, report))));
    all
}
