//! How Claude Code is started.

use std::path::Path;

use baton_core::json::Json;

use crate::backend::Job;
use crate::coding::grant::is_named_any;
use crate::coding::permit::Permit;

/// Variables that make it ask its vendor for nothing but answers.
pub(super) const VARIABLES: &[(&str, &str)] =
    &[("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"), ("DISABLE_AUTOUPDATER", "1")];

/// A tool of its own that Baton has an answer for: its name, ours, and what it needs.
type Tool = (&'static str, &'static str, fn(&Permit) -> bool);

const TOOLS: &[Tool] = &[
    ("Read", "read_file", Permit::reads),
    ("Glob", "list_files", Permit::reads),
    ("Grep", "search", Permit::reads),
    ("Edit", "edit_file", Permit::writes),
    ("Write", "write_file", Permit::writes),
    ("NotebookEdit", "edit_file", Permit::writes),
    ("Bash", "exec", Permit::runs),
    ("WebFetch", "http", Permit::fetches),
];

/// Everything that decides about its arguments.
pub(super) struct Given<'a> {
    pub job: &'a Job,
    pub permit: &'a Permit,
    /// A file with what is added to its system prompt.
    pub system: Option<&'a Path>,
    /// The schema of its output, if it is to know that.
    pub schema: Option<&'a Json>,
    /// The session to go on with.
    pub session: Option<&'a str>,
    /// What it may cost, in millionths of a US dollar.
    pub cost_left: Option<u64>,
}

pub(super) fn arguments(given: &Given<'_>) -> Vec<String> {
    let Given { job, permit, system, schema, session, cost_left } = given;
    let tools = tools(job, permit);
    // An `ask` rule stands above everything that would let a tool pass without asking.
    let ask: Vec<&str> = TOOLS.iter().map(|(name, ..)| *name).collect();
    let settings = serde_json::json!({ "permissions": { "ask": ask } }).to_string();
    let mut arguments: Vec<String> = [
        "--print",
        "--input-format=stream-json",
        "--output-format=stream-json",
        "--verbose",
        "--permission-prompt-tool=stdio",
        "--permission-mode=default",
        "--setting-sources=",
        "--strict-mcp-config",
        "--disable-slash-commands",
    ]
    .map(Into::into)
    .into();
    arguments.push(format!("--settings={settings}"));
    arguments.push(format!("--tools={}", tools.join(",")));
    let options = &job.spec.options;
    let turns = options
        .max_turns
        .or_else(|| job.definition.as_ref().and_then(|definition| definition.max_turns));
    for (name, value) in [
        ("model", options.model.clone()),
        ("effort", options.effort.clone()),
        ("max-turns", turns.map(|turns| turns.to_string())),
        ("max-budget-usd", cost_left.map(dollars)),
        ("json-schema", schema.map(|schema| schema.as_str().to_owned())),
        ("append-system-prompt-file", system.map(|file| file.display().to_string())),
        ("resume", session.map(ToOwned::to_owned)),
    ] {
        arguments.extend(value.map(|value| format!("--{name}={value}")));
    }
    arguments
}

/// The tools it is given: those that can do something that was granted, as far as the definition
/// names them.
fn tools(job: &Job, permit: &Permit) -> Vec<&'static str> {
    let given = TOOLS
        .iter()
        .filter(|(name, ours, granted)| granted(permit) && is_named_any(job, &[name, ours]));
    given.map(|(name, ..)| *name).collect()
}

/// Millionths as dollars, as people write them.
fn dollars(micro: u64) -> String {
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// Bytes of a schema that is an argument; the system takes no longer ones.
const SCHEMA_BYTES_MAX: usize = 100_000;

/// Whether it takes a schema as it is: that of an object, and short. Others are described to the
/// agent in words.
pub(super) fn is_native(schema: &Json) -> bool {
    let is_object = schema.value().get("type").is_some_and(|kind| kind == "object");
    is_object && schema.as_str().len() <= SCHEMA_BYTES_MAX
}
