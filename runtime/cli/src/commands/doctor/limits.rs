//! `baton doctor --limits`: a guest meets each limit, in a directory of its own, and must be held.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use baton_core::limits::Limits;
use serde::Serialize;

use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::{BAD, DIM, GOOD, stdout};
use crate::session;
use crate::shapes;
use crate::text::{one_line, pad, paint, plural};

/// Files that guests read.
const FILES: u64 = 5;

/// What is granted and who performs agents, in every run.
const ARGUMENTS: [&str; 13] = [
    "run",
    "probe.js",
    "--root",
    "root",
    "--extensions",
    "--grant",
    "tools=code/search",
    "--timeout",
    "60s",
    "--yes",
    "--json",
    "--plain",
    "--limit",
];

/// A guest that goes too far.
struct Probe {
    limit: &'static str,
    value: u64,
    /// Performs agents, if the guest asks for any.
    agent: &'static str,
    /// What the guest does.
    body: &'static str,
    /// What is printed only if the limit holds.
    held: &'static str,
}

const fn probe(limit: &'static str, value: u64, body: &'static str, held: &'static str) -> Probe {
    Probe { limit, value, agent: "command:true", body, held }
}

const fn of_agent(limit: &'static str, value: u64, held: &'static str) -> Probe {
    let body = "return (await baton.agent('audit')).code";
    Probe { limit, value, agent: "component:docs-auditor", body, held }
}

const fn of_tool(limit: &'static str, value: u64, held: &'static str) -> Probe {
    probe(limit, value, "return await baton.tool('code/search', { pattern: 'text' })", held)
}

const NOTHING: &str = "return 'not held'";

const PROBES: &[Probe] = &[
    probe(
        "run.agents",
        2,
        "await Promise.all([1, 2, 3].map((n) => agent(`do ${n}`)))",
        "WorkflowAgentCapError",
    ),
    probe("run.tasks", 2, "await Promise.all([1, 2, 3].map((ms) => baton.sleep(ms)))", "run.tasks"),
    probe("run.depth", 0, "return await workflow({ scriptPath: 'other.js' })", "run.depth"),
    probe("run.prompt_bytes", 10, "await agent('x'.repeat(100))", "run.prompt_bytes"),
    probe("run.result_bytes", 100, "return 'x'.repeat(200)", "202 bytes of JSON"),
    probe(
        "run.json_depth",
        8,
        "let a = 1; for (let n = 0; n < 20; n++) a = [a]; return a",
        "deeper than 8 levels",
    ),
    probe("run.text_bytes", 20, "await agent('x', { label: 'y'.repeat(100) })", "the limit is 20"),
    probe(
        "run.artifact_bytes",
        100,
        "await baton.artifact('a.txt', 'y'.repeat(500))",
        "may have 100 bytes",
    ),
    probe("run.records", 30, "for (let n = 0; n < 100; n++) log('x')", "\"code\":\"run.records\""),
    probe("run.observed_bytes", 10, "return await baton.readText('1.txt')", "run.observed_bytes"),
    probe("run.sleep_ms", 100, "await baton.sleep(1000)", "run.sleep_ms"),
    probe("workflow.fuel", 300_000_000, "for (;;) {}", "\"code\":\"fuel\""),
    probe(
        "workflow.memory_bytes",
        16 << 20,
        "const all = []; for (;;) all.push(new Array(1000).fill(all.length + 0.5))",
        "\"code\":\"memory\"",
    ),
    probe("workflow.table_elements", 10, NOTHING, "\"code\":\"table\""),
    probe("workflow.instances", 1, NOTHING, "\"code\":\"instances\""),
    probe("workflow.memories", 0, NOTHING, "\"code\":\"memories\""),
    probe("workflow.tables", 0, NOTHING, "\"code\":\"tables\""),
    probe("workflow.host_calls", 100, "for (;;) log('x')", "\"code\":\"host-calls\""),
    probe(
        "workflow.host_call_bytes",
        1_000,
        "log('x'.repeat(500000))",
        "\"code\":\"host-call-bytes\"",
    ),
    probe("workflow.wall_ms", 20, "for (;;) {}", "\"code\":\"wall-time\""),
    of_agent("agent.fuel", 1_000, "\"output\":\"fuel\""),
    of_agent("agent.memory_bytes", 65_536, "\"output\":\"memory\""),
    of_agent("agent.table_elements", 1, "\"output\":\"table\""),
    of_agent("agent.instances", 1, "\"output\":\"instances\""),
    of_agent("agent.memories", 0, "\"output\":\"memories\""),
    of_agent("agent.tables", 0, "\"output\":\"tables\""),
    of_tool("tool.fuel", 1_000, "`code/search` (task 1): the guest used up its 1000 units of fuel"),
    of_tool("tool.memory_bytes", 65_536, "the limit is 65536"),
    of_tool("tool.table_elements", 1, "the limit is 1"),
    of_tool("tool.instances", 1, "too many core instances"),
    of_tool("tool.memories", 0, "too many memories"),
    of_tool("tool.tables", 0, "too many tables"),
    of_tool("tool.handles", 1, "too many handles"),
    of_tool("tool.host_calls", 2, "more than 2 times"),
    probe("files.read_bytes", 5, "return await baton.readText('1.txt')", "file-too-large"),
    probe(
        "files.path_bytes",
        10,
        "return await baton.readText('a/long/path.txt')",
        "path-too-long",
    ),
    probe("files.entries", 2, "return (await baton.glob('**')).length", "\"output\":2,"),
    probe("files.visited", 2, "return (await baton.glob('**')).length", "\"output\":0,"),
    probe("files.matches", 2, "return (await baton.search('text')).length", "\"output\":2,"),
    probe(
        "files.match_bytes",
        3,
        "return (await baton.search('text'))[0].text",
        "\"output\":\"lin\"",
    ),
    probe("files.patterns", 1, "return await baton.glob(['a*', 'b*'])", "too-many-patterns"),
    probe("files.searched_bytes", 5, "return (await baton.search('text')).length", "\"output\":0,"),
    Probe {
        limit: "attempt.program_ms",
        value: 200,
        agent: "command:sleep 30",
        body: "return (await baton.agent('sleep')).code",
        held: "\"output\":\"timeout\"",
    },
];

/// What became of a limit.
#[derive(Serialize)]
struct Shown {
    name: String,
    /// The value that it was set to.
    value: Option<u64>,
    /// Whether a guest was held to it; null: no guest of this command can meet it.
    holds: Option<bool>,
    /// What was printed instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
}

/// Lets a guest meet each limit.
///
/// # Errors
/// When a limit does not hold, or nothing can be run at all.
pub(super) fn run(home: &Home, json: bool) -> Result<Exit> {
    let place = tempfile::tempdir().map_err(|error| {
        CliError::new(Code::File, "cannot make a temporary directory").because(&error)
    })?;
    prepare(place.path())
        .map_err(|error| CliError::file("write the guests to", place.path(), &error))?;
    let mut all = Vec::new();
    for (name, _) in Limits::table() {
        let shown = match PROBES.iter().find(|probe| probe.limit == name) {
            Some(probe) => meet(probe, place.path(), &home.cache())?,
            None => Shown { name, value: None, holds: None, seen: None },
        };
        if !json {
            stdout(&line(&shown))?;
        }
        all.push(shown);
    }
    if json {
        stdout(&shapes::line(&serde_json::json!({ "limits": all }))?)?;
    }
    let open: Vec<&str> =
        all.iter().filter(|one| one.holds == Some(false)).map(|one| one.name.as_str()).collect();
    let held = all.iter().filter(|one| one.holds == Some(true)).count();
    if !json {
        let rest = all.len() - held - open.len();
        stdout(&format!(
            "\n{} hold; {} met by no guest of this command\n",
            plural(held as u64, "limit"),
            plural(rest as u64, "limit")
        ))?;
    }
    if open.is_empty() {
        return Ok(Exit::Done);
    }
    Err(CliError::new(Code::LimitOpen, format!("a guest was not held to: {}", open.join(", ")))
        .hint("run nothing here that you do not trust, and report this"))
}

/// A project of its own: files to read, a script to nest, and a top, so that no settings are found above.
fn prepare(place: &Path) -> std::io::Result<()> {
    for folder in ["root", ".git", "person"] {
        fs::create_dir(place.join(folder))?;
    }
    for number in 1..=FILES {
        fs::write(place.join(format!("root/{number}.txt")), format!("line {number} of text\n"))?;
    }
    fs::write(place.join("other.js"), script("return 'not held'"))
}

fn script(body: &str) -> String {
    format!(
        "export const meta = {{ name: 'probe', description: 'Goes too far.', \
         baton: {{ read: ['**'], tools: ['code/search'] }} }}\n\
         try {{ {body} }} catch (error) {{ \
         return `${{error.name}} ${{error.code ?? ''}} ${{error.message}}` }}\nreturn 'not held'\n"
    )
}

fn meet(probe: &Probe, place: &Path, cache: &Path) -> Result<Shown> {
    let failed =
        |error: &std::io::Error| CliError::new(Code::Internal, "cannot run a guest").because(error);
    fs::write(place.join("probe.js"), script(probe.body)).map_err(|error| failed(&error))?;
    let output = Command::new(session::supervisor()?.program)
        .args(ARGUMENTS)
        .arg(format!("{}={}", probe.limit, probe.value))
        .args(["--agent", probe.agent])
        .current_dir(place)
        .env("HOME", place.join("person"))
        .env("XDG_CONFIG_HOME", place.join("person"))
        // Below it lies the folder that compiled components are in.
        .env("XDG_CACHE_HOME", cache.parent().unwrap_or(cache))
        .env("BATON_HOME", place.join("home"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| failed(&error))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let holds = said.contains(probe.held);
    Ok(Shown {
        name: probe.limit.to_owned(),
        value: Some(probe.value),
        holds: Some(holds),
        seen: (!holds).then(|| one_line(&said).chars().take(300).collect()),
    })
}

fn line(shown: &Shown) -> String {
    let name = pad(&shown.name, 26);
    match (shown.holds, shown.value) {
        (Some(true), Some(value)) => format!("{} {name} held at {value}\n", paint(GOOD, "✓")),
        (Some(_), Some(value)) => {
            let seen = shown.seen.as_deref().unwrap_or_default();
            format!("{} {name} NOT held at {value}: {seen}\n", paint(BAD, "✗"))
        }
        _ => format!("{} {name} {}\n", paint(DIM, "·"), paint(DIM, "not met here")),
    }
}
