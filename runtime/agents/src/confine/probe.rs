//! What this machine can enforce.

use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

use landlock::{ABI, Access as _, AccessFs, LandlockStatus, Ruleset, RulesetAttr};
use serde::{Deserialize, Serialize};

use super::{Barrier, network};
use crate::process::Supervisor;
use crate::supervise::PROBE;

/// What this machine can enforce for commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Version of Landlock's interface, as far as it is used; none: not there.
    pub landlock: Option<u32>,
    /// What can be put between a command and the network; none: nothing.
    pub network: Option<Barrier>,
}

/// The version of Landlock that knows TCP.
const LANDLOCK_TCP: u32 = 4;

/// What this machine can enforce, for a person; nothing where [`try_probe`] fails.
#[must_use]
pub fn probe(supervisor: &Supervisor) -> Probe {
    try_probe(supervisor).unwrap_or_default()
}

/// Tries out what this machine can enforce, in a process of its own; the first time it takes a few
/// milliseconds, then the answer is known.
///
/// # Errors
/// When the process cannot be started, or says nothing.
pub fn try_probe(supervisor: &Supervisor) -> io::Result<Probe> {
    static KNOWN: OnceLock<Probe> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(*known);
    }
    let told = Command::new(&supervisor.program)
        .args(&supervisor.args)
        .arg(PROBE)
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    let probe = serde_json::from_slice(&told.stdout)?;
    Ok(*KNOWN.get_or_init(|| probe))
}

/// Body of that process: tries, and tells on standard output.
pub(crate) fn answer_probe() -> ExitCode {
    let barriers = [Barrier::Namespace, Barrier::UserNamespace];
    let namespace = barriers.into_iter().find(|barrier| network::enter(*barrier).is_ok());
    let landlock = landlock();
    let tcp = landlock.is_some_and(|abi| abi >= LANDLOCK_TCP).then_some(Barrier::Tcp);
    let probe = Probe { landlock, network: namespace.or(tcp) };
    let told = serde_json::to_vec(&probe).map_err(io::Error::from);
    match told.and_then(|told| io::stdout().write_all(&told)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The version of Landlock, found out by confining this process.
fn landlock() -> Option<u32> {
    let ruleset = Ruleset::default().handle_access(AccessFs::from_all(ABI::V1)).ok()?;
    let status = ruleset.create().ok()?.restrict_self().ok()?;
    match status.landlock {
        // A number, whatever the crate's own enumeration grows to.
        LandlockStatus::Available { effective_abi, .. } => effective_abi.to_string().parse().ok(),
        _ => None,
    }
}

impl Probe {
    /// What is enforced for commands and what is not, a sentence each, for a person who decides.
    /// `network`: whether they are granted the network.
    #[must_use]
    pub fn words(&self, network: bool) -> Vec<String> {
        let mut words = self.words_of_files();
        words.push(self.words_of_network(network).into());
        words
    }

    /// Whether the kernel keeps commands within the granted files.
    fn words_of_files(&self) -> Vec<String> {
        let Some(abi) = self.landlock else {
            return vec![
                "files are NOT confined for commands: this kernel has no Landlock; a command can \
                 read and write whatever you can"
                    .into(),
            ];
        };
        let mut words = vec![
            format!(
                "the kernel confines commands to the granted files, a temporary directory, and \
                 reading programs and settings of the system and of toolchains (Landlock {abi})"
            ),
            "for commands a pattern reaches down to its first wildcard only, and files inside that \
             are otherwise out of reach (`.env`, `.git`, keys, `.baton`) are NOT kept from them"
                .into(),
            "of other files, existence, size and permissions are NOT hidden from commands, \
             permissions and times can be changed as far as you can, and command lines of other \
             processes can be seen"
                .into(),
        ];
        for (since, sentence) in [
            (3, "files elsewhere can NOT be kept from being cut to nothing (Landlock 3 can)"),
            (6, "other processes of yours are NOT safe from signals of commands (Landlock 6 can)"),
            (
                9,
                "sockets in the file system, such as those of Docker or of an SSH agent, can NOT \
                 be closed to commands (Landlock 9 can)",
            ),
        ] {
            if abi < since {
                words.push(sentence.into());
            }
        }
        words
    }

    fn words_of_network(&self, network: bool) -> &'static str {
        match (network, self.network) {
            (true, _) => {
                "commands have the whole network: which hosts they call can NOT be checked"
            }
            (false, Some(Barrier::Namespace | Barrier::UserNamespace)) => {
                "commands have no network (a network namespace of their own)"
            }
            (false, Some(Barrier::Tcp)) => {
                "commands have no TCP (Landlock); other traffic, such as UDP, is NOT stopped"
            }
            (false, None) => {
                "the network is NOT closed to commands: this machine allows neither network \
                 namespaces nor Landlock's rules for TCP"
            }
        }
    }
}
