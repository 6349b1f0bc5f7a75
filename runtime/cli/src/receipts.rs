//! Receipts: what a person always allows. A receipt holds for one program and for what that program
//! was allowed then; another program, or more authority, is asked about again.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use baton_core::digest::Digest;
use baton_core::record::{BackendChoice, Program};
use serde::{Deserialize, Serialize};

use crate::error::{CliError, Result};
use crate::project::places::Places;
use crate::project::scan;

mod difference;

pub use difference::difference;

/// Name of the folder in the person's directory of settings.
const FOLDER: &str = "receipts";
/// Version of the stored form.
const VERSION: u32 = 1;
/// Bytes of the file of one workflow.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// What a person allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of the stored form.
    pub version: u32,
    /// The workflow: the path of its file, or its name if it is built in.
    pub workflow: String,
    /// The directory that was granted.
    pub root: Option<PathBuf>,
    /// When, in RFC 3339.
    pub at: String,
    /// The whole program.
    pub program: Program,
    /// Digest of everything that it may touch.
    pub authority: Digest,
    /// Who performs agent tasks.
    pub backends: BackendChoice,
    /// Flags that granted something then, as they are written.
    pub flags: Vec<String>,
    /// What the command line said of agents, as `--agent` takes it. None: a receipt of a release that
    /// did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<String>>,
    /// What it may do, a line each.
    pub may: Vec<String>,
    /// What it asks for, a line each.
    pub asks: Vec<String>,
    /// Digests of the definitions of tools, servers and secrets, by what they are called.
    pub details: BTreeMap<String, Digest>,
}

impl Receipt {
    /// A receipt of this release.
    #[must_use]
    pub fn new(workflow: String, root: Option<PathBuf>, program: Program) -> Self {
        Self {
            version: VERSION,
            workflow,
            root,
            at: String::new(),
            program,
            authority: Digest::of(b""),
            backends: BackendChoice::default(),
            flags: Vec::new(),
            agents: None,
            may: Vec::new(),
            asks: Vec::new(),
            details: BTreeMap::new(),
        }
    }

    /// Whether it stands for the same program with the same authority.
    #[must_use]
    pub fn holds_for(&self, now: &Self) -> bool {
        self.workflow == now.workflow
            && self.root == now.root
            && self.program.digest() == now.program.digest()
            && self.authority == now.authority
    }
}

/// Where the receipts of a person are kept.
#[derive(Clone, Debug)]
pub struct Receipts {
    dir: PathBuf,
}

impl Receipts {
    /// Those of the person; none if there is no place that is only theirs. A project may be a
    /// stranger's, so nothing in it says what is allowed.
    #[must_use]
    pub fn of(places: &Places) -> Option<Self> {
        places.person().map(|dir| Self { dir: dir.join(FOLDER) })
    }

    /// The receipts of one workflow.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn of_workflow(&self, workflow: &str) -> Result<Vec<Receipt>> {
        self.read(&self.file(workflow))
    }

    /// All of them, by workflow.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all(&self) -> Result<Vec<Receipt>> {
        let mut all = Vec::new();
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(all),
            Err(error) => return Err(CliError::file("read", &self.dir, &error)),
        };
        for entry in entries.flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "json") {
                all.extend(self.read(&entry.path())?);
            }
        }
        all.sort_by(|a, b| (&a.workflow, &a.root).cmp(&(&b.workflow, &b.root)));
        Ok(all)
    }

    /// Keeps a receipt in place of an earlier one of the same workflow and directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, receipt: Receipt) -> Result<()> {
        let mut all = self.of_workflow(&receipt.workflow)?;
        all.retain(|kept| kept.root != receipt.root);
        let workflow = receipt.workflow.clone();
        all.push(receipt);
        self.write(&workflow, &all)
    }

    /// Forgets the receipts of a workflow, and says how many there were.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn forget(&self, workflow: &str) -> Result<usize> {
        let path = self.file(workflow);
        let count = self.read(&path).map_or(1, |all| all.len());
        match fs::remove_file(&path) {
            Ok(()) => Ok(count),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(CliError::file("remove", &path, &error)),
        }
    }

    fn file(&self, workflow: &str) -> PathBuf {
        let digest = Digest::of(workflow.as_bytes()).to_string();
        self.dir.join(digest.replace(':', "-")).with_extension("json")
    }

    fn read(&self, path: &Path) -> Result<Vec<Receipt>> {
        let bytes = match scan::read(path, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(scan::Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Vec::new());
            }
            Err(scan::Unread::Io(error)) => return Err(CliError::file("read", path, &error)),
            // Nobody but Baton writes there: what it cannot have written allows nothing.
            Err(scan::Unread::TooLarge { .. }) => return Ok(Vec::new()),
        };
        let mut all: Vec<Receipt> = serde_json::from_slice(&bytes).unwrap_or_default();
        all.retain(|receipt| receipt.version == VERSION);
        Ok(all)
    }

    fn write(&self, workflow: &str, all: &[Receipt]) -> Result<()> {
        let path = self.file(workflow);
        let fresh = path.with_extension("new");
        let text = serde_json::to_vec_pretty(all).map_err(|error| {
            CliError::new(crate::codes::Code::Argument, "the receipt cannot be stored")
                .because(&error)
        })?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .and_then(|()| {
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)
            })
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|error| CliError::file("write", &path, &error))
    }
}

#[cfg(test)]
mod tests;
