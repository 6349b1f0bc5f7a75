//! What a person changes in a fork.

use std::io::Read as _;
use std::path::Path;

use baton_agents::schema::Schema;
use baton_core::fork::{Cut, Edit};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::limits::RunLimits;
use baton_core::record::{Body, Record, Work};

use super::Parent;
use crate::args::ForkArgs;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::session;

/// The edit that the flags ask for.
///
/// # Errors
/// When it cannot be read, or is no JSON.
pub fn of(args: &ForkArgs, parent: &Parent, cut: &Cut) -> Result<Option<Edit>> {
    let limits = &parent.started.limits.run;
    if args.workflow.is_some() {
        return Ok(Some(Edit::Workflow));
    }
    if let Some(given) = &args.edit_output {
        let output = json("--edit-output", &text("--edit-output", given, limits)?, limits)?;
        return Ok(Some(Edit::Output { output, by: session::who() }));
    }
    let Some(given) = &args.edit_input else { return Ok(None) };
    let text = text("--edit-input", given, limits)?;
    let agent = matches!(cut, Cut::At(task)
        if matches!(work(&parent.records, task), Some(Work::Agent { .. })));
    let parsed = json("--edit-input", &text, limits);
    let input = match parsed {
        Ok(json) => json,
        // A prompt need not be quoted.
        Err(_) if agent => Json::from(serde_json::Value::String(text)),
        Err(error) => return Err(error),
    };
    Ok(Some(Edit::Input(input)))
}

/// Holds a new output against the schema that the task's own would have to fit.
///
/// # Errors
/// When it does not fit.
pub async fn check(parent: &Parent, cut: &Cut, edit: Option<&Edit>) -> Result<()> {
    let (Some(Edit::Output { output, .. }), Cut::At(task)) = (edit, cut) else { return Ok(()) };
    let tools = &parent.started.tools;
    let (schema, value) = match work(&parent.records, task) {
        Some(Work::Agent { spec, .. }) => (spec.schema.clone(), output.clone()),
        Some(Work::Tool { tool, .. }) => {
            (tools.known.get(tool).and_then(|known| known.output.clone()), output.clone())
        }
        Some(Work::Gate { spec, .. }) => {
            let data = output.value().get("data").cloned().unwrap_or_default();
            let approved = !data.is_null();
            (spec.options.schema.clone().filter(|_| approved), Json::from(data))
        }
        _ => (None, output.clone()),
    };
    let Some(schema) = schema else { return Ok(()) };
    let broken = |message: String| CliError::new(Code::NoFork, message);
    let schema = Schema::compile(&schema).await.map_err(|failure| broken(failure.message))?;
    let problems = schema.errors(&value).await.map_err(|failure| broken(failure.message))?;
    if problems.is_empty() {
        return Ok(());
    }
    let mut error = broken(format!("the output does not fit the schema of /{task}"))
        .hint(format!("`baton show {}/{task} --json` shows the schema", parent.row.run));
    if let CliError::Coded(coded) = &mut error {
        coded.causes = problems;
    }
    Err(error)
}

fn work<'a>(records: &'a [Record], task: &TaskPath) -> Option<&'a Work> {
    records.iter().find_map(|record| match &record.body {
        Body::Spawned { task: spawned, work, .. } if spawned == task => Some(&**work),
        _ => None,
    })
}

/// The text that a flag names: itself, a file, or standard input.
fn text(flag: &str, given: &str, limits: &RunLimits) -> Result<String> {
    let max = limits.json_bytes.saturating_add(1);
    let mut text = String::new();
    if given == "-" {
        std::io::stdin()
            .take(max)
            .read_to_string(&mut text)
            .map_err(|error| CliError::file("read", Path::new("standard input"), &error))?;
        return Ok(text);
    }
    let Some(path) = given.strip_prefix('@') else { return Ok(given.to_owned()) };
    if path.is_empty() {
        return Err(CliError::new(Code::Argument, format!("{flag} @ names no file")));
    }
    let path = Path::new(path);
    std::fs::File::open(path)
        .and_then(|file| file.take(max).read_to_string(&mut text))
        .map_err(|error| CliError::file("read", path, &error))?;
    Ok(text)
}

fn json(flag: &str, text: &str, limits: &RunLimits) -> Result<Json> {
    Json::parse(text.trim(), limits.json_bytes, limits.json_depth).map_err(|error| {
        CliError::new(Code::NoFork, format!("{flag} is no JSON"))
            .because(&error)
            .hint("a text is written with quotes: '\"like this\"'")
    })
}
