//! From what a call may touch to what the kernel is told.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use baton_core::scope::{Authority, HttpScope, PathScope};

use super::{Access, Confinement, FileRules, PathRule, Probe, RootPart, RootRules};

/// What every program may touch, as far as it is there.
const SYSTEM: &[(&str, Access)] = &[
    ("/usr", Access::Read),
    ("/bin", Access::Read),
    ("/sbin", Access::Read),
    ("/lib", Access::Read),
    ("/lib32", Access::Read),
    ("/lib64", Access::Read),
    ("/libx32", Access::Read),
    ("/opt", Access::Read),
    ("/nix/store", Access::Read),
    ("/run/current-system", Access::Read),
    ("/etc", Access::Read),
    // Often links to elsewhere.
    ("/etc/resolv.conf", Access::Read),
    ("/etc/localtime", Access::Read),
    // Landlock itself closes what `/proc` knows of processes outside, such as their environment.
    ("/proc", Access::Read),
    ("/sys/devices/system", Access::Read),
    ("/sys/fs/cgroup", Access::Read),
    ("/sys/kernel/mm", Access::Read),
    ("/dev/null", Access::Device),
    ("/dev/zero", Access::Device),
    ("/dev/full", Access::Device),
    ("/dev/random", Access::Device),
    ("/dev/urandom", Access::Device),
];

/// Where toolchains lie in a home directory, without what is private in them; and what git insists
/// on reading where it exists.
const TOOLCHAINS: &[&str] = &[
    ".asdf",
    ".bun",
    ".cargo/bin",
    ".cargo/config.toml",
    ".cargo/git",
    ".cargo/registry",
    ".config/git/attributes",
    ".config/git/config",
    ".config/git/ignore",
    ".deno/bin",
    ".gitconfig",
    ".local/bin",
    ".local/lib",
    ".local/share/mise",
    ".local/share/uv",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".rustup",
    ".sdkman",
    ".volta",
    "go/pkg",
];

/// What lies beside a `bin` and belongs to its programs.
const BESIDE_BIN: &[&str] = &["include", "lib", "lib64", "libexec", "pyvenv.cfg"];

/// Where programs lie on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The variable `PATH`.
    pub path: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
}

impl Machine {
    /// As the environment of this process says.
    #[must_use]
    pub fn here() -> Self {
        let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        Self { path: env::var_os("PATH"), home }
    }
}

/// A command and what it may touch.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// What it may touch.
    pub authority: &'a Authority,
    /// The granted directory, absolute, if there is one.
    pub root: Option<&'a Path>,
    /// The program, absolute.
    pub program: &'a Path,
    /// A directory of its own, absolute.
    pub temporary: &'a Path,
}

impl Confinement {
    /// What keeps a command to what it may touch, as far as the machine can enforce it. A command
    /// that may send any request over HTTP has the whole network: hosts cannot be told apart here.
    #[must_use]
    pub fn of(task: &Task<'_>, machine: &Machine, probe: Probe) -> Self {
        Self {
            files: probe.landlock.map(|_| file_rules(task, machine)),
            network: probe.network.filter(|_| !has_network(task.authority)),
        }
    }
}

/// Whether a command may change what lies at a path of the granted directory, relative to that and
/// without links, as far as directories can tell.
#[must_use]
pub fn may_write(authority: &Authority, path: &Path) -> bool {
    let places = authority.write.as_ref().map(places).unwrap_or_default();
    places.iter().any(|(place, below)| match below {
        true => path.starts_with(place),
        false => path == Path::new(place),
    })
}

/// Whether a command has the network: whether any request over HTTP may be sent at all.
#[must_use]
pub fn has_network(authority: &Authority) -> bool {
    let Some(HttpScope { layers, except }) = &authority.http else { return false };
    let passes = |rule: &&baton_core::scope::HttpRule| {
        !except.iter().any(|other| other.covers(rule))
            && layers.iter().all(|layer| layer.iter().any(|other| other.meets(rule)))
    };
    layers.is_empty() || layers.iter().flatten().any(|rule| passes(&rule))
}

fn file_rules(task: &Task<'_>, machine: &Machine) -> FileRules {
    let read = |path: PathBuf| PathRule { path, access: Access::Read };
    let mut paths: Vec<PathRule> = SYSTEM
        .iter()
        .map(|(path, access)| PathRule { path: path.into(), access: *access })
        .collect();
    paths.extend(programs(task, machine).into_iter().map(read));
    paths.push(PathRule { path: task.temporary.to_owned(), access: Access::Write });
    let root =
        task.root.map(|root| RootRules { path: root.to_owned(), parts: parts(task.authority) });
    FileRules { paths, root }
}

/// Programs outside of the system's own directories, and what belongs to them. Nothing of the
/// granted directory, and no directory that holds it or a whole home.
fn programs(task: &Task<'_>, machine: &Machine) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::from([task.program.to_owned()]);
    let resolved = task.program.canonicalize().unwrap_or_else(|_| task.program.to_owned());
    let path = machine.path.clone().unwrap_or_default();
    let mut directories: Vec<PathBuf> = env::split_paths(&path).collect();
    directories.extend([task.program, &resolved].into_iter().filter_map(|file| {
        let directory = file.parent()?;
        directory.ends_with("bin").then(|| directory.to_owned())
    }));
    for directory in directories {
        if let (true, Some(prefix)) = (directory.ends_with("bin"), directory.parent()) {
            found.extend(BESIDE_BIN.iter().map(|name| prefix.join(name)));
        }
        found.insert(directory);
    }
    if let Some(home) = &machine.home {
        found.extend(TOOLCHAINS.iter().map(|name| home.join(name)));
    }
    let holds =
        |path: &Path, inner: Option<&Path>| inner.is_some_and(|inner| inner.starts_with(path));
    let own = |path: &Path| {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        path.is_absolute()
            && path.to_str().is_some()
            && !holds(&path, machine.home.as_deref())
            && !holds(&path, task.root)
            && task.root.is_none_or(|root| !path.starts_with(root))
    };
    found.retain(|path| path.is_absolute() && own(path));
    // The file alone gives nothing away, wherever it lies.
    found.insert(task.program.to_owned());
    found
}

/// The parts of the granted directory. Writing includes reading.
pub(super) fn parts(authority: &Authority) -> Vec<RootPart> {
    let of = |scope: &Option<PathScope>, access: Access| {
        let places = scope.as_ref().and_then(left).map(|left| places(&left)).unwrap_or_default();
        places.into_iter().map(move |(path, below)| RootPart { path, below, access })
    };
    of(&authority.read, Access::Read).chain(of(&authority.write, Access::Write)).collect()
}

/// The scope without the patterns that it takes away again as a whole: directories, which is all that
/// the operating system knows, would not show that they are gone.
pub(crate) fn left(scope: &PathScope) -> Option<PathScope> {
    let final_ones = scope.layers.iter().filter(|layer| layer.unless.is_empty());
    let gone: BTreeSet<&str> =
        final_ones.flat_map(|layer| &layer.exclude).map(String::as_str).collect();
    if ["**", "**/*"].iter().any(|all| gone.contains(all)) {
        return None;
    }
    let mut scope_left = scope.clone();
    for layer in scope_left.layers.iter_mut().filter(|layer| !layer.include.is_empty()) {
        layer.include.retain(|pattern| !gone.contains(pattern.as_str()));
        // Without patterns it would let everything pass.
        if layer.include.is_empty() {
            return None;
        }
    }
    Some(scope_left)
}

/// A path, and whether everything below it is meant or only the file itself.
type Place = (String, bool);

/// The smallest places that hold everything that a scope lets pass, as far as directories can tell.
fn places(scope: &PathScope) -> BTreeSet<Place> {
    let everywhere = BTreeSet::from([(String::new(), true)]);
    scope.layers.iter().filter(|layer| !layer.include.is_empty()).fold(
        everywhere,
        |so_far, layer| {
            let places: BTreeSet<Place> = layer.include.iter().map(|glob| place(glob)).collect();
            both(&so_far, &places)
        },
    )
}

/// Where a pattern begins to be one.
fn place(glob: &str) -> Place {
    let special = |name: &&str| name.contains(['*', '?', '[', '{', '\\']);
    let names: Vec<&str> = glob.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    let literal = names.iter().take_while(|name| !special(name)).count();
    let below = literal < names.len();
    (names.get(..literal).unwrap_or_default().join("/"), below)
}

/// What lies in a place of each.
fn both(mine: &BTreeSet<Place>, theirs: &BTreeSet<Place>) -> BTreeSet<Place> {
    let within = |inner: &Place, outer: &Place| {
        inner == outer || (outer.1 && Path::new(&inner.0).starts_with(&outer.0))
    };
    let mut found = BTreeSet::new();
    for one in mine {
        for other in theirs {
            if within(one, other) {
                found.insert(one.clone());
            } else if within(other, one) {
                found.insert(other.clone());
            }
        }
    }
    found
}
