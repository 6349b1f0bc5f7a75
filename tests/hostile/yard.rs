//! A place to let hostile guests loose: a project with its own home, the binary, and an eye on what
//! the process costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Limits of every hostile run: small enough that a case takes a moment, large enough that none
/// meets another limit than the one it is after.
const LIMITS: &[&str] = &[
    "workflow.fuel=300000000",
    "workflow.host_calls=20000",
    "agent.fuel=300000000",
    "agent.host_calls=20000",
    "run.tasks=150",
    "run.agents=40",
    "run.depth=6",
    "run.artifact_bytes=8000000",
];

/// Memory of one guest at the most.
const GUEST_KIB: u64 = 64 << 10;
/// A generous allowance for the host: an unoptimised build that may have to compile a component.
const HOST_KIB: u64 = 256 << 10;

/// Longer than any case takes. What is still running then hangs.
const PATIENCE: Duration = Duration::from_secs(240);

/// Stands in the environment of the host, where no guest may find it.
pub const ENVIRONMENT_SECRET: &str = "the-secret-of-the-environment";

/// A project with the hostile guests in it.
pub struct Yard {
    dir: TempDir,
}

/// What a command said.
pub struct Said {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Yard {
    pub fn new() -> Self {
        let yard = Self { dir: tempfile::tempdir().unwrap() };
        yard.write("hostile.wasm", baton_test_support::guest("hostile"));
        // The same workflow under another name, so that two can call each other.
        yard.write("hostile-twin.wasm", baton_test_support::guest("hostile"));
        yard.write("hostile-agent.wasm", baton_test_support::guest("hostile-agent"));
        yard
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    fn start(&self, args: &[&str]) -> Child {
        let to = |name: &str| Stdio::from(fs::File::create(self.path(name)).unwrap());
        Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "tester")
            .env("YARD_SECRET", ENVIRONMENT_SECRET)
            .env("BATON_HOME", self.home())
            // Compiled components are shared by all tests: they are known by their digest.
            .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
            .stdin(Stdio::null())
            .stdout(to("stdout"))
            .stderr(to("stderr"))
            .spawn()
            .unwrap()
    }

    /// Runs to the end, with room for one large guest.
    pub fn run(&self, args: &[&str]) -> Said {
        self.run_guests(1, args)
    }

    /// Runs to the end. The process may not take more memory than so many large guests and the
    /// host need, not panic, and not send control characters to a terminal.
    pub fn run_guests(&self, guests: u64, args: &[&str]) -> Said {
        let mut child = self.start(args);
        let began = Instant::now();
        let mut peak_kib = 0;
        let status = loop {
            peak_kib = peak_kib.max(high_water(child.id()).unwrap_or(0));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("{args:?} hangs");
            }
            sleep(Duration::from_millis(1));
        };
        let text = |name: &str| {
            String::from_utf8(fs::read(self.path(name)).unwrap()).expect("output is UTF-8")
        };
        let said = Said {
            exit: status.code().unwrap_or_else(|| panic!("{args:?} was killed: {status}")),
            stdout: text("stdout"),
            stderr: text("stderr"),
        };
        assert!([0, 1, 3, 4].contains(&said.exit), "{args:?}: exit {}\n{}", said.exit, said.stderr);
        assert!(!said.stderr.contains("thread 'main' panicked"), "{args:?}: {}", said.stderr);
        let peak_kib_max = guests * GUEST_KIB + HOST_KIB;
        assert!(peak_kib <= peak_kib_max, "{args:?}: {peak_kib} KiB");
        assert!(harmless(&said.stderr), "{args:?}: {:?}", said.stderr);
        assert!(!said.stdout.contains('\u{1b}'), "{args:?}: {:?}", said.stdout);
        said
    }

    /// Arguments of a run of the hostile workflow.
    pub fn arguments(limits: &[&str], agent: Option<&str>) -> Vec<String> {
        let mut args: Vec<String> =
            ["run", "./hostile.wasm", "--yes", "--json"].map(Into::into).into();
        for limit in LIMITS.iter().chain(limits) {
            args.extend(["--limit".into(), (*limit).into()]);
        }
        if let Some(agent) = agent {
            args.extend(["--agent".into(), agent.into()]);
        }
        args
    }

    /// Lets the hostile workflow loose on an input.
    pub fn attack(&self, input: &Value, limits: &[&str], agent: Option<&str>) -> Attack {
        let input = input.to_string();
        let mut args = Self::arguments(limits, agent);
        args.extend(["--input".into(), input.clone()]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let said = self.run(&args);
        let report: Value = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("{input}: {error}\n{}", said.stderr));
        Attack { report, said }
    }

    /// An honest workflow with an honest agent still runs in this home.
    pub fn canary(&self) {
        let said = self.run(&[
            "run",
            "hello",
            "--yes",
            "--json",
            "--input",
            r#"{"names":["canary"]}"#,
            "--agent",
            "component:echo-agent",
        ]);
        assert_eq!(said.exit, 0, "{}", said.stderr);
        let report: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(report["output"]["greetings"], json!(["Say hello to canary."]));
    }

    /// The journal is whole, and nothing in it is still at work.
    pub fn settled(&self) {
        let said = self.run(&["journal", "--verify"]);
        assert_eq!(said.exit, 0, "{}{}", said.stdout, said.stderr);
        let open = self.run(&["ls", "--json", "--limit", "0", "--state", "queued,running,waiting"]);
        assert_eq!(open.stdout, "", "{}", open.stderr);
    }

    /// Every byte that the home keeps.
    pub fn kept(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut folders = vec![self.home()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    bytes.extend(fs::read(path).unwrap());
                }
            }
        }
        bytes
    }
}

/// How an attack went.
pub struct Attack {
    pub report: Value,
    pub said: Said,
}

/// How a run ended in one line: its output, or `kind:code` of its failure.
pub fn ending(report: &Value) -> String {
    if report["state"] == "done" {
        return match &report["output"] {
            Value::String(text) => format!("answers {text}"),
            other => format!("answers {other}"),
        };
    }
    let failure = &report["error"]["failure"];
    let word = |key: &str| failure[key].as_str().unwrap_or("nothing").to_owned();
    format!("ends {}:{}", word("kind"), word("code"))
}

/// Most memory the process ever held, in KiB; none once it has ended.
fn high_water(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Whether a terminal would only show it.
pub fn harmless(text: &str) -> bool {
    let steers = |letter: char| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !text.chars().any(steers)
}
