//! `baton doctor --limits`: a guest meets each limit, in a directory of its own, and must be held.

mod probes;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use baton_core::limits::Limits;
use baton_scratch::Scratch;
use serde::Serialize;

use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::{BAD, DIM, GOOD, stdout};
use crate::session;
use crate::shapes;
use crate::text::{one_line, pad, paint, plural};

use self::probes::{ELSEWHERE, Guest, PROBES, Probe, Told};

/// Files that guests read.
const FILES: u64 = 5;

/// Bytes of instructions of the project, beside their beginning and their end.
const GUIDANCE_BYTES: usize = 300;
/// What every run is given.
const ARGUMENTS: [&str; 8] =
    ["--root", "root", "--timeout", "60s", "--yes", "--json", "--plain", "--limit"];
/// What scripts are given, beside requests to the server.
const OF_SCRIPTS: [&str; 6] =
    ["--extensions", "--grant", "tools=*", "--grant", "exec=seq **", "--agent"];

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
    /// The test of the repository that meets it: its file, and its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<String>,
}

impl Shown {
    /// A limit that no guest of this command can meet.
    fn elsewhere(name: String) -> Self {
        let test = ELSEWHERE.iter().find(|(limit, ..)| *limit == name);
        let test = test.map(|(_, file, test)| format!("{file} {test}"));
        Self { name, value: None, holds: None, seen: None, test }
    }
}

/// Lets a guest meet each limit.
///
/// # Errors
/// When a limit does not hold, or nothing can be run at all.
pub(super) fn run(home: &Home, json: bool) -> Result<Exit> {
    let place = Scratch::new().map_err(|error| {
        CliError::new(Code::File, "cannot make a temporary directory").because(&error)
    })?;
    let met = meet_all(place.path(), &home.cache())?;
    let all: Vec<Shown> = Limits::table()
        .into_iter()
        .map(|(name, _)| {
            let met = met.iter().find(|(limit, _)| *limit == name).map(|(_, met)| met.clone());
            met.unwrap_or_else(|| Shown::elsewhere(name))
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
            "\n{} hold; {} met by no guest of this command, but by the tests that are named\n",
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
fn prepare(place: &Path, port: u16) -> std::io::Result<()> {
    for folder in ["root", ".git", "person/baton"] {
        fs::create_dir_all(place.join(folder))?;
    }
    for number in 1..=FILES {
        fs::write(place.join(format!("root/{number}.txt")), format!("line {number} of text\n"))?;
    }
    fs::write(place.join("root/a.md"), "# A\n\nSee [B](b.md).\n")?;
    let (begin, end) = server::GUIDANCE;
    fs::write(place.join("AGENTS.md"), format!("{begin} {} {end}\n", "x".repeat(GUIDANCE_BYTES)))?;
    let evidence = serde_json::json!({ "path": "1.txt", "claim": "it is there" });
    let answer = serde_json::json!({ "output": "x", "evidence": [evidence, evidence] });
    fs::write(place.join("root/answer.json"), answer.to_string())?;
    let settings = format!("[mcp.site]\nurl = \"{}/mcp\"\n", site(port));
    fs::write(place.join("person/baton/config.toml"), settings)?;
    fs::write(place.join("other.js"), script("return 'not held'"))
}

/// Where the server is.
fn site(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn script(body: &str) -> String {
    // A server is asked for its tools before a run that wants some.
    let tools =
        if body.contains("'site/") { "['site/*']" } else { "['code/search', 'http/fetch']" };
    format!(
        "export const meta = {{ name: 'probe', description: 'Goes too far.', baton: {{ \
         read: ['**'], tools: {tools}, exec: ['seq **'], http: ['http://127.0.0.1:*'] }} }}\n\
         try {{ {body} }} catch (error) {{ \
         return `${{error.name}} ${{error.code ?? ''}} ${{error.message}}` }}\nreturn 'not held'\n"
    )
}

/// Guests that run at once. A run takes longer to begin than to be stopped.
const AT_ONCE: usize = 4;

/// Lets all guests go, several at once, each in a folder of its own.
fn meet_all(place: &Path, cache: &Path) -> Result<Vec<(&'static str, Shown)>> {
    let port = server::start().map_err(|error| {
        CliError::new(Code::Internal, "cannot serve on this machine").because(&error)
    })?;
    let next = AtomicUsize::new(0);
    let work = |folder: PathBuf| -> Result<Vec<(&'static str, Shown)>> {
        prepare(&folder, port)
            .map_err(|error| CliError::file("write the guests to", &folder, &error))?;
        let mut met = Vec::new();
        while let Some(probe) = PROBES.get(next.fetch_add(1, Ordering::Relaxed)) {
            met.push((probe.limit, meet(probe, &folder, cache, port)?));
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

fn meet(probe: &Probe, place: &Path, cache: &Path, port: u16) -> Result<Shown> {
    let failed =
        |error: &std::io::Error| CliError::new(Code::Internal, "cannot run a guest").because(error);
    let program = session::supervisor()?.program;
    let site = site(port);
    let baton = || {
        let mut command = Command::new(&program);
        command
            .current_dir(place)
            .env("HOME", place.join("person"))
            .env("XDG_CONFIG_HOME", place.join("person"))
            // Below it lies the folder that compiled components are in.
            .env("XDG_CACHE_HOME", cache.parent().unwrap_or(cache))
            .env("BATON_HOME", place.join("home"))
            .env("OLLAMA_HOST", &site)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let mut command = baton();
    command.arg("run");
    match probe.guest {
        Guest::Script(body) => {
            let text = script(&body.replace("SITE", &site));
            fs::write(place.join("probe.js"), text).map_err(|error| failed(&error))?;
            command.arg("probe.js").args(OF_SCRIPTS).arg(probe.agent);
            command.args(["--grant", &format!("http={site}")]);
        }
        Guest::Audit => {
            command.arg("docs-audit");
        }
    }
    command.args(ARGUMENTS).arg(format!("{}={}", probe.limit, probe.value));
    let mut output = command.output().map_err(|error| failed(&error))?;
    if probe.told == Told::Records {
        output =
            baton().args(["journal", "last", "--json"]).output().map_err(|error| failed(&error))?;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let absent = probe.absent.is_none_or(|text| !said.contains(text));
    let holds = said.contains(probe.held) && absent;
    Ok(Shown {
        name: probe.limit.to_owned(),
        value: Some(probe.value),
        holds: Some(holds),
        seen: (!holds).then(|| one_line(&said).chars().take(300).collect()),
        test: None,
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
        _ => {
            let test = shown.test.as_deref().unwrap_or("not met here");
            format!("{} {name} {}\n", paint(DIM, "·"), paint(DIM, test))
        }
    }
}
