//! Ports many files: an agent for each, in a copy of the repository of its own; a check that the
//! host makes there; its words fed back until it passes or the attempts are used up; a patch for
//! each file that passed. What could not be ported is said, and stays as it was.

mod input;
mod report;

use baton_guest::prelude::*;

use crate::input::{Input, filled};
use crate::report::{File, Ported, Report, State};

/// Name of the artifact with what an agent changed.
const PATCH: &str = "changes.patch";
/// Name of the report among the artifacts.
const ARTIFACT: &str = "migrate.md";
/// Entries of a handoff's lists at the most; the output names the rest.
const LISTED_MAX: usize = 1_000;

/// Runs the migration.
///
/// # Errors
/// When the input does not hold together, no file or too many are meant, no file at all could be
/// ported, or one could not and the input wants all or nothing.
#[baton_guest::workflow(
    name = "migrate",
    description = "Ports many files by the same instructions: each by an agent in a worktree of its \
                   own, checked by a command, mended until it passes. Patches to apply. Needs a model.",
    phases("survey", "port", "report"),
    read("**/*"),
    agents,
    tools("code/*", "data/validate"),
    exec(
        "bun **",
        "cargo **",
        "clang **",
        "cmake **",
        "ctest **",
        "deno **",
        "dotnet **",
        "eslint **",
        "gcc **",
        "git diff **",
        "go **",
        "gradle **",
        "grep **",
        "javac **",
        "just **",
        "make **",
        "mix **",
        "mvn **",
        "mypy **",
        "node **",
        "npm **",
        "npx **",
        "pnpm **",
        "pytest **",
        "python3 **",
        "ruby **",
        "ruff **",
        "rustc **",
        "swift **",
        "test **",
        "tsc **",
        "yarn **",
        "zig **"
    ),
    write("**/*"),
    http(),
    secrets(),
    agent_types(porter(
        description = "Ports one file and makes a check pass.",
        system = "You change software by instructions, one file at a time, in a copy of the \
                  repository that belongs to you alone. You keep to what the instructions say, change \
                  nothing else, and leave the rest of the file as it is, its style and comments too. \
                  You never weaken a check or a test to make it pass. When something cannot be done \
                  you say so instead of doing something else.",
        isolation = "worktree"
    )),
    budget(agents = 1_000),
    input_schema = "input.schema.json"
)]
pub async fn run(cx: Cx, input: Input) -> Result<Handoff<Report>> {
    input.check()?;
    cx.report().phase("survey");
    let paths = survey(&cx, &input)?;

    cx.report().phase("port");
    // All at once: the run decides how many are at work, and their numbers are their order.
    let ends = join_all(paths.iter().map(|path| port(&cx, &input, path))).await;
    let files: Vec<File> =
        (1..).zip(paths).zip(ends).map(|((task, path), end)| file(path, task, end)).collect();

    cx.report().phase("report");
    let report = Report::of(files);
    let kept = hand_off(&cx, &input, report)?;
    if kept.output.complete {
        return Ok(kept);
    }
    let nothing = kept.output.ported + kept.output.unchanged == 0;
    if nothing || input.all_or_nothing {
        let first = kept.output.files.iter().find(|file| file.state == State::Failed);
        let why = first.map_or_else(String::new, |file| format!(" {}: {}", file.path, file.what));
        return Err(Error::new("not-ported", format!("{}{why}", kept.summary)));
    }
    Ok(kept)
}

/// The files to port.
fn survey(cx: &Cx, input: &Input) -> Result<Vec<String>> {
    let selection = cx.files().select(input.files.clone()).exclude(input.exclude.clone());
    let listing = selection.list()?;
    let (count, max) = (listing.entries.len(), input.files_max());
    if count == 0 {
        return Err(Error::new("no-files", "no file fits the patterns of `files`"));
    }
    if count > max || listing.truncated {
        let message = format!("{count} files fit the patterns; `max_files` is {max}");
        return Err(Error::new("too-many-files", message));
    }
    log!(cx, "{count} files to port");
    Ok(listing.entries.into_iter().map(|entry| entry.path).collect())
}

/// Asks for a file to be ported. The host makes the check, in the agent's own copy: nobody has to
/// believe an agent that says that it passes.
async fn port(cx: &Cx, input: &Input, path: &str) -> Result<Handoff<Ported>, TaskError> {
    let (tool, check) = input.check.of(path);
    let mut within = Within::new();
    if let Some(pattern) = input.check.pattern(path) {
        within = within.exec([pattern]);
    }
    cx.agent(prompt(input, path, &tool, &check))
        .schema::<Ported>()
        .agent_type("porter")
        .label(path)
        .worktree()
        .tools(["code/*", tool.as_str()])
        .within(within)
        .ladder(input.rungs())
        .check_tool(tool, &check)
        .handoff()
        .await
}

fn prompt(input: &Input, path: &str, tool: &str, check: &serde_json::Value) -> String {
    let mut prompt = String::new();
    if !input.context.is_empty() {
        let list: String = input.context.iter().map(|file| format!("- {file}\n")).collect();
        prompt.push_str(&format!("Read these files first:\n{list}\n"));
    }
    // The file comes last, so that the prompts of all agents begin alike.
    prompt.push_str(&format!(
        "Port one file by these instructions:\n<instructions>\n{}\n</instructions>\n\nWhen you hand in, \
         `{tool}` is called with {check}; the file is ported only if that passes. You may call it \
         yourself before. Files are changed by your tools for files; the result only says what you did. \
         If nothing is to be done for this file, change nothing and say so.\n\nThe file: {path}",
        filled(&input.instructions, path),
    ));
    prompt
}

/// What became of a file.
fn file(path: String, task: u64, end: Result<Handoff<Ported>, TaskError>) -> File {
    let failed = |what: String| File {
        path: path.clone(),
        state: State::Failed,
        task,
        what,
        left_open: Vec::new(),
        patch: None,
    };
    let handoff = match end {
        Ok(handoff) => handoff,
        Err(error) => return failed(error.to_string()),
    };
    let patch = handoff.artifacts.into_iter().find(|artifact| artifact.name == PATCH);
    let Ported { changed, what, left_open } = handoff.output;
    let state = match (&patch, changed) {
        (Some(_), _) => State::Ported,
        (None, false) => State::Unchanged,
        (None, true) => {
            return failed(format!("the agent says that it changed the file, and did not: {what}"));
        }
    };
    File { path, state, task, what, left_open, patch }
}

fn hand_off(cx: &Cx, input: &Input, report: Report) -> Result<Handoff<Report>> {
    let markdown = report.markdown();
    let artifact = cx.report().artifact(ARTIFACT, "text/markdown", markdown.as_bytes())?;
    let summary = report.headline();
    let open: Vec<String> =
        report
            .files
            .iter()
            .filter(|file| file.state == State::Failed)
            .map(|file| format!("{} is not ported: {}", file.path, file.what))
            .chain(report.files.iter().flat_map(|file| {
                file.left_open.iter().map(|open| format!("{}: {open}", file.path))
            }))
            .take(LISTED_MAX)
            .collect();
    let patches: Vec<_> =
        report.files.iter().filter_map(|file| file.patch.clone()).take(LISTED_MAX).collect();
    if !report.complete {
        let attempts = input.rungs().len();
        log!(cx, warn, "{} files are not ported after {attempts} attempts each", report.failed);
    }
    let handoff = Handoff::new(report).summary(summary).artifact(artifact);
    let handoff = patches.into_iter().fold(handoff, Handoff::artifact);
    Ok(open.into_iter().fold(handoff, Handoff::follow_up))
}

#[cfg(test)]
mod tests;
