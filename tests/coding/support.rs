//! A project with an agent of others in it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use baton_test_llm::{FakeLlm, Reply, Seen};
use baton_test_support::Project;
use serde_json::{Value, json};

/// Stands for every key; nothing that is kept or shown may hold it.
pub const KEY: &str = "key-canary-4711";

/// Who the agents run as where the tests run as the superuser: one of them refuses to.
const NOBODY: u32 = 65_534;

const FLOW: &str = "export const meta = { name: 'flow', description: 'One agent.' }
const options = {}
if (args.schema) options.schema = args.schema
if (args.model) options.model = args.model
return await agent(args.prompt, options)
";

/// A project, and a provider whose answers a script says.
pub struct Yard {
    pub project: Project,
    pub server: FakeLlm,
    runtime: tokio::runtime::Runtime,
    path: OsString,
    environment: Vec<(String, String)>,
    _turn: Turn,
}

/// What a run came to.
pub struct Ran {
    /// What it printed.
    pub shown: Value,
    /// Its records.
    pub journal: Vec<Value>,
    /// Everything it said on standard error.
    pub told: String,
}

impl Ran {
    /// What was denied to the agent, as it tried it.
    pub fn denied(&self) -> Vec<String> {
        let denied = self.journal.iter().filter(|record| record["kind"] == "denied");
        denied.map(|record| record["body"]["denial"]["tried"].as_str().unwrap().into()).collect()
    }

    /// What the agent says that it consumed: tokens sent, received, and money.
    pub fn usage(&self) -> (u64, u64, u64) {
        let usages = self.journal.iter().filter_map(|record| record["body"].get("usage"));
        let sum = |key: &str| {
            usages.clone().map(|usage| usage[key].as_u64().unwrap_or(0)).max().unwrap_or(0)
        };
        (sum("input_tokens"), sum("output_tokens"), sum("cost_micro_usd"))
    }

    pub fn log(&self) -> String {
        self.journal.iter().map(|record| format!("{record}\n")).collect()
    }
}

/// Yards at once: each has a program with a runtime of its own at work.
const AT_ONCE: usize = 2;

static YARDS: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// Leave to have a yard.
struct Turn;

impl Turn {
    fn take() -> Self {
        let (yards, gone) = &YARDS;
        let free = gone.wait_while(lock(yards), |yards| *yards >= AT_ONCE);
        *free.unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (yards, gone) = &YARDS;
        *lock(yards) -= 1;
        gone.notify_one();
    }
}

fn lock(yards: &Mutex<usize>) -> MutexGuard<'_, usize> {
    yards.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was compiled: the tests of this suite compile each component once.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("coding-cache")
}

/// The folder with a program, unless it is not there.
fn folder_of(program: &str) -> Option<PathBuf> {
    let named = env::var_os("BATON_TEST_CODING_DIR")
        .map(|folder| PathBuf::from(folder).join("node_modules/.bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = named.into_iter().chain(env::split_paths(&path)).collect();
    folders.into_iter().find(|folder| folder.join(program).is_file())
}

fn passed_over(why: &str) -> Option<Yard> {
    assert!(env::var("BATON_TEST_CODING").as_deref() != Ok("require"), "{why}");
    eprintln!("SKIPPED: {why}; see tests/coding/install.sh");
    None
}

impl Yard {
    /// A project whose agent is `program`; none: it is not installed.
    pub fn new(
        program: &str,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Option<Self> {
        let Some(folder) = folder_of(program) else {
            return passed_over(&format!("`{program}` is not installed"));
        };
        let Some(node) = folder_of("node") else { return passed_over("`node` is not installed") };
        let path = env::join_paths([&folder, &node, Path::new("/usr/bin"), Path::new("/bin")]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(FakeLlm::start(answer)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        for (name, text) in [
            ("flow.js", FLOW),
            ("root/README.md", "The word is gnat.\n"),
            ("root/src/old.txt", "old\n"),
            ("root/src/.env", "SECRET=file-canary-4712\n"),
            ("person/secret.txt", "home-canary-4713\n"),
        ] {
            project.write(name, text);
        }
        let (path, environment) = (path.unwrap(), Vec::new());
        let yard = Self { project, server, runtime, path, environment, _turn: Turn::take() };
        if yard.as_nobody() {
            if !yard.reachable() {
                return passed_over("the binary cannot be run by another user than the superuser");
            }
            fs::create_dir_all(cache()).unwrap();
            give_away(&cache());
        }
        Some(yard)
    }

    /// Adds a variable to the environment of the binary.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The last thing that a model was told, for the words of a failed test.
    pub fn said(&self) -> String {
        self.server.log().last().map(|seen| format!("{:#?}", seen.said)).unwrap_or_default()
    }

    fn as_nobody(&self) -> bool {
        fs::metadata("/proc/self").unwrap().uid() == 0
    }

    fn reachable(&self) -> bool {
        let status = wrapped(Path::new("/bin/sh"))
            .args(["-c", "test -x \"$0\"", env!("CARGO_BIN_EXE_baton")])
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Starts a run of one agent with a task, which writes nothing.
    pub fn start(&self, agent: &str, input: &Value) -> Child {
        let input = input.to_string();
        let mut command = self.command(&[
            "run",
            "flow.js",
            "--root",
            "root",
            "--yes",
            "--json",
            "--plain",
            "--agent",
            agent,
            "--args-json",
            &input,
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What a command prints as JSON, a value per line, and what it says.
    pub fn says(&self, arguments: &[&str]) -> (Vec<Value>, String) {
        let output = self.command(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {shown}\n{told}"))
        };
        (shown.lines().map(value).collect(), told)
    }

    /// Runs one agent with a task, and further arguments of the binary.
    pub fn run(&self, agent: &str, input: &Value, arguments: &[&str]) -> Ran {
        let input = input.to_string();
        let mut all = vec![
            "run",
            "flow.js",
            "--root",
            "root",
            "--yes",
            "--json",
            "--plain",
            "--agent",
            agent,
            "--args-json",
            &input,
            "--grant",
            "write=src/**",
        ];
        all.extend(arguments);
        let output = self.command(&all).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let shown: Value = serde_json::from_str(shown.trim())
            .unwrap_or_else(|error| panic!("{error}: {shown}\n{told}"));
        let run = shown["run"].as_str().unwrap_or_else(|| panic!("{shown}\n{told}"));
        let journal = self.command(&["journal", run, "--json"]).output().unwrap().stdout;
        let journal = String::from_utf8(journal).unwrap();
        let journal = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ran = Ran { shown, journal, told };
        for canary in [KEY, "file-canary-4712", "home-canary-4713"] {
            assert!(!ran.log().contains(canary) && !ran.told.contains(canary), "{canary}");
        }
        ran
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let plain = self.project.command(arguments);
        let mut command = match self.as_nobody() {
            false => self.project.command(arguments),
            true => {
                give_away(&self.project.path("."));
                let mut command = wrapped(Path::new(plain.get_program()));
                command.args(plain.get_args()).env_clear();
                command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
                command.current_dir(plain.get_current_dir().unwrap());
                command.stdin(std::process::Stdio::null());
                command
            }
        };
        command.env("PATH", &self.path).env("XDG_CACHE_HOME", cache());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        // The server ends with its runtime, which must not be waited for.
        let runtime = std::mem::replace(
            &mut self.runtime,
            tokio::runtime::Builder::new_current_thread().build().unwrap(),
        );
        runtime.shutdown_background();
    }
}

/// A program, run by nobody.
fn wrapped(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
    command.arg("--clear-groups").arg(program);
    command
}

/// Gives a folder and all in it to nobody. What goes meanwhile, because somebody works there, is nobody's.
fn give_away(path: &Path) {
    let gone = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    match lchown(path, Some(NOBODY), Some(NOBODY)) {
        Err(error) if gone(&error) => return,
        given => given.unwrap(),
    }
    if path.is_symlink() || !path.is_dir() {
        return;
    }
    match fs::read_dir(path) {
        Err(error) if gone(&error) => {}
        entries => entries.unwrap().flatten().for_each(|entry| give_away(&entry.path())),
    }
}

/// The input of a run.
pub fn task(prompt: &str) -> Value {
    json!({ "prompt": prompt })
}

/// The same with an output that fits `{"ok": boolean}`.
pub fn task_with_schema(prompt: &str) -> Value {
    let schema = json!({
        "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"],
        "additionalProperties": false,
    });
    json!({ "prompt": prompt, "schema": schema })
}

/// An answer to each result of a tool in turn. Requests without tools are about other things, such as
/// a title or which model is to be used, and get `aside`.
pub fn steps(
    aside: &'static str,
    steps: Vec<Reply>,
) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    move |seen| match seen.tools.is_empty() {
        true => Reply::text(aside),
        false => steps.get(seen.results).unwrap_or(steps.last().unwrap()).clone(),
    }
}
