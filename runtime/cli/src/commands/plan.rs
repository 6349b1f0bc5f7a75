//! `baton plan`: what a run would do and come to, without running it.

use std::io::IsTerminal;

use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::forecast::Forecast;
use baton_core::record::BackendChoice;
use serde::Serialize;

use crate::args::{Common, PlanArgs, RunArgs};
use crate::authority::Allowed;
use crate::codes::Exit;
use crate::commands::run::{Prepared, Wish};
use crate::consent;
use crate::consent::view::View;
use crate::error::Result;
use crate::forecast::{self, ForecastShape};
use crate::home::Home;
use crate::input::Given;
use crate::output::{BOLD, DIM, WARN, columns, note_behind, stdout};
use crate::shapes;
use crate::text::{hang, one_line, paint};

/// What `plan --json` prints.
#[derive(Serialize)]
struct PlanShape<'a> {
    workflow: &'a str,
    name: &'a str,
    description: &'a str,
    phases: &'a [String],
    source: Option<String>,
    program: Digest,
    script: Option<Digest>,
    root: Option<String>,
    agents_max: Option<u64>,
    authority: &'a View,
    backends: &'a BackendChoice,
    caps: &'a Caps,
    budget: &'a Amounts,
    concurrency: u32,
    warnings: &'a [String],
    allowed: &'static str,
    forecast: Option<ForecastShape<'a>>,
    no_forecast: Option<String>,
}

/// A forecast, or why there is none.
type Made = std::result::Result<Forecast, String>;

/// Shows what a workflow is and gets, and what it will come to.
///
/// # Errors
/// When it would not start, or a dry run cannot be made.
pub fn run(args: &PlanArgs, common: &Common) -> Result<Exit> {
    let args = &args.run;
    let home = Home::find(common)?;
    let mut prepared = Prepared::without_keys(args, &home)?;
    let input = match &args.each {
        Some(_) => None,
        None => Some(prepared.input(Given::of(args.input.as_deref(), args.text.as_deref()))?),
    };
    let (allowed, changed) = match prepared.authority.allowed()? {
        Allowed::Never => ("never", Vec::new()),
        Allowed::Always(_) => ("always", Vec::new()),
        Allowed::Before(changed) => ("changed", changed),
    };
    // What is known without executing anything is told first: a dry run may take its time.
    if !args.result.json {
        for warning in &prepared.bundle.warnings {
            note_behind(&format!("{} ", paint(WARN, "warning:")), &one_line(warning));
        }
        let lines = consent::screen(&prepared.plan(1, &changed), stdout_columns());
        stdout(&format!("{}\n", lines.join("\n")))?;
    }
    let made: Made = match input {
        None => Err("a forecast is of one run: leave out --each and give one --input".to_owned()),
        Some(input) => match refusal(&prepared, args, allowed == "always") {
            Some(why) => Err(why),
            None => {
                let granted = granted(&prepared, args, allowed == "always");
                let seeds = args.forecast.seeds;
                Ok(forecast::make(&mut prepared, &input, &home, seeds, granted)?)
            }
        },
    };
    let made = made.map(|made| with_reuse(made, args.reuse.reuse.as_deref()));
    if args.result.json {
        stdout(&shapes::line(&shape(&prepared, &args.workflow, allowed, &made))?)?;
    } else {
        stdout(&text(&prepared, &made))?;
    }
    Ok(Exit::Done)
}

/// Says what a forecast does not know of results that are used again.
fn with_reuse(mut made: Forecast, reuse: Option<&str>) -> Forecast {
    let told = |run| format!("of a run from the start: what it can use of {run} is not taken off");
    made.notes.extend(reuse.map(told));
    made
}

/// Whether the person lets files be read, without being asked.
fn granted(prepared: &Prepared, args: &RunArgs, always: bool) -> bool {
    always || Wish::of(args) != Wish::Ask || forecast::is_granted(prepared)
}

/// Why there is no forecast; none: there is one. May ask the person.
fn refusal(prepared: &Prepared, args: &RunArgs, always: bool) -> Option<String> {
    if args.forecast.no_forecast {
        return Some("not wanted".into());
    }
    if granted(prepared, args, always) || !forecast::reads(prepared) {
        return None;
    }
    let root = prepared.root.as_ref().map(|root| root.display().to_string()).unwrap_or_default();
    let question =
        format!("Let it read below {}, in the sandbox, for a forecast?", one_line(&root));
    if consent::is_yes(&question) {
        return None;
    }
    Some(if std::io::stdin().is_terminal() {
        "reading was not granted".into()
    } else {
        "a forecast reads files, and nobody is there to grant that: --yes does".into()
    })
}

/// Columns at which lines are broken; none: nobody breaks them.
fn stdout_columns() -> Option<usize> {
    std::io::stdout().is_terminal().then(columns)
}

/// The lines for people after the static view.
fn text(prepared: &Prepared, made: &Made) -> String {
    let columns = stdout_columns();
    let made = match made {
        Ok(made) => made,
        Err(why) => {
            let lines = hang(&format!("{} ", paint(DIM, "no forecast:")), why, columns);
            return format!("\n{}\n", lines.join("\n"));
        }
    };
    let mut out = format!("\n{}\n", paint(BOLD, "Forecast"));
    let lines = forecast::lines(made, prepared.concurrency);
    let bounds = forecast::bounds(made, &prepared.caps);
    for (style, mark, lines) in [(DIM, "·", lines), (WARN, "!", bounds)] {
        for line in forecast::marked(&paint(style, mark), &lines, columns) {
            out.push_str(&format!("{line}\n"));
        }
    }
    out
}

fn shape<'a>(
    prepared: &'a Prepared,
    workflow: &'a str,
    allowed: &'static str,
    made: &'a Made,
) -> PlanShape<'a> {
    let bundle = &prepared.bundle;
    let manifest = &bundle.manifest;
    PlanShape {
        workflow,
        name: &manifest.name,
        description: &manifest.description,
        phases: &manifest.phases,
        source: bundle.path.as_ref().map(|path| path.display().to_string()),
        program: bundle.program.digest(),
        script: bundle.program.script,
        root: prepared.root.as_ref().map(|root| root.display().to_string()),
        agents_max: bundle.agents_max,
        authority: &prepared.authority.view,
        backends: &bundle.backends,
        caps: &prepared.caps,
        budget: &prepared.budget,
        concurrency: prepared.concurrency,
        warnings: &bundle.warnings,
        allowed,
        forecast: made.as_ref().ok().map(Into::into),
        no_forecast: made.as_ref().err().cloned(),
    }
}
