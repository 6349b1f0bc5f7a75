//! Compiles guests from a build script or a test: a cargo inside of cargo, for `wasm32-wasip2`.
//!
//! The outer cargo holds the lock of its own target folder while build scripts run, so guests have
//! a folder of their own beside the profiles: `<target>/guests`. It is the same for debug, release,
//! check and clippy, so guests are compiled once, and again only when they change.

mod environment;
mod target;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names a folder with components that were built elsewhere, for machines that cannot compile
/// them. Every component must be there; nothing is compiled.
pub const PREBUILT: &str = "BATON_GUESTS_DIR";

/// The target guests are compiled for.
pub const TARGET: &str = "wasm32-wasip2";

/// The cargo profile of guests, in the workspace's `Cargo.toml`.
pub const PROFILE: &str = "guest";

/// Why there are no guests.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The build folder does not look like one of cargo's.
    #[error("cannot tell cargo's target folder from `{0}`")]
    Layout(PathBuf),
    /// The target's standard library is missing and could not be installed.
    #[error(
        "the Rust target {TARGET} is not installed and `rustup target add {TARGET}` failed ({0}); \
         install it by hand, or set {PREBUILT} to a folder with components built elsewhere"
    )]
    Target(String),
    /// A program could not be started.
    #[error("cannot start `{program}`: {error}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The inner cargo failed; it said why on standard error.
    #[error("guests do not compile ({packages}): cargo ended with {status}")]
    Cargo {
        /// The packages asked for.
        packages: String,
        /// How cargo ended.
        status: String,
    },
    /// The inner cargo ended well, or a folder of built components was named, but a file is
    /// missing.
    #[error("the component of package `{package}` is not at `{path}`")]
    Missing {
        /// The package.
        package: String,
        /// Where it should be.
        path: PathBuf,
    },
}

/// Where guests come from and go to.
#[derive(Clone, Debug)]
pub struct Guests {
    workspace: PathBuf,
    target_dir: PathBuf,
    prebuilt: Option<PathBuf>,
}

impl Guests {
    /// Guests of the workspace in folder `workspace`, compiled in folder `target_dir`, which no
    /// other cargo may hold.
    #[must_use]
    pub fn new(workspace: &Path, target_dir: &Path) -> Self {
        Self {
            workspace: workspace.to_owned(),
            target_dir: target_dir.to_owned(),
            prebuilt: std::env::var_os(PREBUILT).map(PathBuf::from),
        }
    }

    /// Guests for a build script, whose `OUT_DIR` is given: they are compiled in `guests` beside
    /// the profiles of the target folder.
    ///
    /// # Errors
    /// When the path is not one that cargo gives to build scripts.
    pub fn for_build_script(workspace: &Path, out_dir: &Path) -> Result<Self, BuildError> {
        let root = target::root(out_dir, std::env::var_os("TARGET").as_deref())
            .ok_or_else(|| BuildError::Layout(out_dir.to_owned()))?;
        Ok(Self::new(workspace, &root.join("guests")))
    }

    /// Compiles packages of the workspace and brings the paths of their components, in order.
    /// Waits while another cargo compiles in the same folder.
    ///
    /// # Errors
    /// When the target is missing or a package does not compile. Cargo's own words go to standard
    /// error.
    pub fn build(&self, packages: &[&str]) -> Result<Vec<PathBuf>, BuildError> {
        let folder = match &self.prebuilt {
            Some(folder) => folder.clone(),
            None => {
                target::ensure()?;
                self.run_cargo(packages)?;
                self.target_dir.join(TARGET).join(PROFILE)
            }
        };
        let component = |package: &&str| {
            let path = folder.join(file_name(package));
            if path.is_file() {
                Ok(path)
            } else {
                Err(BuildError::Missing { package: (*package).to_owned(), path })
            }
        };
        packages.iter().map(component).collect()
    }

    fn run_cargo(&self, packages: &[&str]) -> Result<(), BuildError> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(&cargo);
        environment::clean(&mut command, std::env::vars_os());
        command
            .current_dir(&self.workspace)
            .args(["build", "--locked", "--lib", "--profile", PROFILE, "--target", TARGET])
            .arg("--target-dir")
            .arg(&self.target_dir);
        for package in packages {
            command.args(["--package", package]);
        }
        let status = command
            .stdin(std::process::Stdio::null())
            // Standard output of a build script is read by the outer cargo.
            .stdout(std::process::Stdio::null())
            .status()
            .map_err(|error| start_error(&cargo, error))?;
        if status.success() {
            return Ok(());
        }
        Err(BuildError::Cargo { packages: packages.join(", "), status: status.to_string() })
    }
}

/// File name of a package's component.
#[must_use]
pub fn file_name(package: &str) -> String {
    format!("{}.wasm", package.replace('-', "_"))
}

fn start_error(program: &OsString, error: std::io::Error) -> BuildError {
    BuildError::Start { program: program.to_string_lossy().into_owned(), error }
}

#[cfg(test)]
mod tests;
