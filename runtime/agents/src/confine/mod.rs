//! What the operating system keeps commands from.
//!
//! A [`Confinement`] is worked out by the host from what a call may touch, travels over the socket
//! of the supervisor, and is enforced by its second stage just before that becomes the program.
//! What this machine can enforce is tried out once ([`probe()`]); the same words that say so to a
//! person decide what a confinement asks for, and a stage that cannot enforce what it was asked for
//! starts nothing.
//!
//! - **Files**: Landlock. It knows directories, not patterns: a pattern reaches down to its first
//!   wildcard, and nothing inside an allowed directory can be taken away again; a pattern that is both
//!   granted and denied is not granted. It covers what is in files and directories, not their
//!   permissions and times, nor whether they are there.
//! - **Network**: a network namespace that has only a loopback interface of its own; where that is
//!   not allowed, Landlock's rules for TCP.
//! - Always: no descriptors but the standard streams, no new privileges, and of the capabilities of
//!   root only those that concern files.

mod capabilities;
mod files;
mod network;
mod probe;
mod rules;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use files::make_directories;
pub use probe::{Probe, probe, try_probe};
pub use rules::{Machine, Task, has_network, may_write};

pub(crate) use probe::answer_probe;
pub(crate) use rules::left;

/// Descriptors from here on are not meant for the program.
const FIRST_OWN_FD: i32 = 3;

/// What a program is kept from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confinement {
    /// Files it may touch; none: files are not confined.
    pub files: Option<FileRules>,
    /// What is between it and the network; none: nothing.
    pub network: Option<Barrier>,
}

/// Files that may be touched. What is not named may not, whoever owns it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRules {
    /// Paths anywhere, absolute. Those that are not there are passed over.
    pub paths: Vec<PathRule>,
    /// The granted directory, if there is one.
    pub root: Option<RootRules>,
}

/// A file, or a directory and everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathRule {
    /// Where.
    pub path: PathBuf,
    /// What may be done.
    pub access: Access,
}

/// Parts of the granted directory that may be touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootRules {
    /// The granted directory, absolute.
    pub path: PathBuf,
    /// The parts. Their paths are looked up without leaving the root; what is not there, or leads
    /// out of it, is passed over.
    pub parts: Vec<RootPart>,
}

/// A part of the granted directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootPart {
    /// Relative to it; empty: all of it.
    pub path: String,
    /// Whether everything below the path is meant, or only a file of this name.
    pub below: bool,
    /// What may be done.
    pub access: Access,
}

/// What may be done with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Reading, listing, executing.
    Read,
    /// That, and making, changing, removing.
    Write,
    /// Reading and writing a device.
    Device,
}

/// What is between a program and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Barrier {
    /// A network namespace of its own, made by root. Sockets between a virtual machine and its host
    /// (vsock) are not part of any namespace and stay open.
    Namespace,
    /// A network namespace of its own, in a user namespace with the same user and group.
    UserNamespace,
    /// Landlock refuses TCP; other protocols go through.
    Tcp,
}

impl Confinement {
    /// Confines this process, for good. It must have one thread only.
    ///
    /// # Errors
    /// When something of it cannot be enforced. The process is then confined in part, and must not
    /// become a program.
    pub(crate) fn enforce(&self) -> io::Result<()> {
        let failed = |what: &str, error: io::Error| {
            io::Error::new(error.kind(), format!("it cannot be confined ({what}): {error}"))
        };
        // What the host itself inherited would be a door in every wall that follows.
        close_fds::set_fds_cloexec(FIRST_OWN_FD, &[]);
        nix::sys::prctl::set_no_new_privs()
            .map_err(|error| failed("no new privileges", error.into()))?;
        match self.network {
            Some(barrier @ (Barrier::Namespace | Barrier::UserNamespace)) => {
                network::enter(barrier).map_err(|error| failed("network namespace", error))?;
            }
            Some(Barrier::Tcp) | None => {}
        }
        capabilities::keep_those_of_files().map_err(|error| failed("capabilities", error))?;
        let tcp = self.network == Some(Barrier::Tcp);
        files::restrict(self.files.as_ref(), tcp).map_err(|error| failed("Landlock", error))
    }
}
