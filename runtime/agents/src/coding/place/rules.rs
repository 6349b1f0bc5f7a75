//! Which files an agent, and all that it starts, may touch.

use std::env;
use std::path::{Path, PathBuf};

use baton_core::scope::{Authority, HttpScope};

use crate::backend::Job;
use crate::coding::{CodingKind, grant};
use crate::confine::{Access, Confinement, FileRules, Machine, PathRule, Probe, Task, left};

/// Folder of packages that belong together.
const PACKAGES: &str = "node_modules";

/// Where programs keep what is theirs, below the home: `.config/NAME` and so on, and `.NAME`.
const STATE_PLACES: &[&str] = &[".config", ".cache", ".local/share", ".local/state"];

/// Terminals, which agents make for the commands they run.
const TERMINALS: &[&str] = &["/dev/ptmx", "/dev/pts", "/dev/tty"];

/// The rules, by directories: system and programs, what it may read and write of the root, a temporary
/// directory. Its own state is not among them.
pub(super) fn rules(program: &Path, root: Option<&Path>, temporary: &Path, job: &Job) -> FileRules {
    // What they are does not depend on what this machine can enforce.
    let probe = Probe { landlock: Some(1), network: None };
    let rules = |authority: &Authority| {
        let task = Task { authority, root, program, temporary };
        Confinement::of(&task, &Machine::here(), probe).files.unwrap_or_default()
    };
    let mut files = rules(&own(job));
    let read = job.scope.read.as_ref().filter(|_| grant::reads(job)).and_then(left);
    let also = rules(&Authority { read, ..Authority::default() });
    if let (Some(root), Some(also)) = (&mut files.root, also.root) {
        root.parts.extend(also.parts);
    }
    let terminals =
        TERMINALS.iter().map(|path| PathRule { path: path.into(), access: Access::Device });
    files.paths.extend(terminals);
    files.paths.extend(packages(program).map(|path| PathRule { path, access: Access::Read }));
    files
}

/// What it may touch. It has the network: its model is there.
pub(super) fn own(job: &Job) -> Authority {
    Authority { http: Some(HttpScope::default()), ..grant::authority(job) }
}

/// Agents of the protocol that keep their state in directories of their own name.
const KNOWN_AGENTS: [&str; 8] =
    ["auggie", "cline", "goose", "kimi", "opencode", "openhands", "qwen", "vibe"];

/// The organisation whose packages are the adapters of agents that do not speak the protocol.
const ADAPTERS: &str = "@agentclientprotocol";

/// Directories that hold the agent's own state.
pub(super) fn state(kind: Option<CodingKind>, program: &Path) -> Vec<PathBuf> {
    if let Some(kind) = kind {
        return kind.state(|name| env::var_os(name).map(PathBuf::from)).into_iter().collect();
    }
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let name = program.file_name().and_then(|name| name.to_str());
    let (Some(home), Some(name)) = (home, name) else { return Vec::new() };
    // Only of an agent that is known: any other program could be called `ssh`.
    if !KNOWN_AGENTS.contains(&name) {
        return Vec::new();
    }
    let mut places: Vec<PathBuf> =
        STATE_PLACES.iter().map(|place| home.join(place).join(name)).collect();
    places.push(home.join(format!(".{name}")));
    places
}

/// Whether a program is Codex, or the adapter that the protocol's own organisation publishes: one that
/// only has its name is confined like every other.
pub(super) fn is_codex(program: &Path) -> bool {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    program.ends_with(CodingKind::Codex.program())
        || real.components().any(|part| part.as_os_str() == ADAPTERS)
}

/// The folder of packages that a program is part of, the outermost.
fn packages(program: &Path) -> impl Iterator<Item = PathBuf> {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let outermost = real.ancestors().filter(|path| path.ends_with(PACKAGES)).last();
    outermost.map(Path::to_owned).into_iter()
}
