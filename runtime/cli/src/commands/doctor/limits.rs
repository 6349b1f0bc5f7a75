//! `baton doctor --limits`: a guest meets each limit, in a directory of its own, and must be held.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

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
const ARGUMENTS: [&str; 15] = [
    "run",
    "probe.js",
    "--root",
    "root",
    "--extensions",
    "--grant",
    "tools=code/search",
    "--grant",
    "exec=seq **",
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
    let body = "return (await baton.agent('audit')).error.code";
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
    probe(
        "files.pattern_bytes",
        20,
        "return await baton.glob('a'.repeat(50) + '*')",
        "pattern-too-long",
    ),
    probe(
        "run.json_bytes",
        300,
        "return await baton.tool('code/search', { pattern: 'x'.repeat(500) })",
        "514 bytes of JSON where 300",
    ),
    probe(
        "tools.timeout_ms",
        200,
        "return await baton.exec(['seq', '1', '100000000'])",
        "longer than its 200 ms",
    ),
    probe(
        "tools.exec_input_bytes",
        10,
        "return await baton.exec(['seq', '1'], { stdin: 'x'.repeat(100) })",
        "the limit is 10",
    ),
    Probe {
        limit: "attempt.program_ms",
        value: 200,
        agent: "command:sleep 30",
        body: "return (await baton.agent('sleep')).error.code",
        held: "\"output\":\"timeout\"",
    },
];

/// What became of a limit.
#[derive(Clone, Serialize)]
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
    let met = meet_all(place.path(), &home.cache())?;
    let all: Vec<Shown> = Limits::table()
        .into_iter()
        .map(|(name, _)| {
            let met = met.iter().find(|(limit, _)| *limit == name).map(|(_, met)| met.clone());
            met.unwrap_or(Shown { name, value: None, holds: None, seen: None })
        })
        .collect();
    if !json {
        stdout(&all.iter().map(line).collect::<String>())?;
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
        fs::create_dir_all(place.join(folder))?;
    }
    for number in 1..=FILES {
        fs::write(place.join(format!("root/{number}.txt")), format!("line {number} of text\n"))?;
    }
    fs::write(place.join("other.js"), script("return 'not held'"))
}

fn script(body: &str) -> String {
    format!(
        "export const meta = {{ name: 'probe', description: 'Goes too far.', \
         baton: {{ read: ['**'], tools: ['code/search'], exec: ['seq **'] }} }}\n\
         try {{ {body} }} catch (error) {{ \
         return `${{error.name}} ${{error.code ?? ''}} ${{error.message}}` }}\nreturn 'not held'\n"
    )
}

/// Guests that run at once. A run takes longer to begin than to be stopped.
const AT_ONCE: usize = 4;

/// Lets all guests go, several at once, each in a folder of its own.
fn meet_all(place: &Path, cache: &Path) -> Result<Vec<(&'static str, Shown)>> {
    let next = AtomicUsize::new(0);
    let work = |folder: PathBuf| -> Result<Vec<(&'static str, Shown)>> {
        prepare(&folder).map_err(|error| CliError::file("write the guests to", &folder, &error))?;
        let mut met = Vec::new();
        while let Some(probe) = PROBES.get(next.fetch_add(1, Ordering::Relaxed)) {
            met.push((probe.limit, meet(probe, &folder, cache)?));
        }
        Ok(met)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                scope.spawn({
                    let work = &work;
                    move || work(place.join(number.to_string()))
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            let met =
                worker.join().map_err(|_| CliError::new(Code::Internal, "a thread failed"))?;
            all.extend(met?);
        }
        Ok(all)
    })
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
