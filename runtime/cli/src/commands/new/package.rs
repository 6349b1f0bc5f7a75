//! `baton new --tool`, `--workflow` and `--agent`: a Rust package that builds with plain cargo.

use std::fs;
use std::path::Path;

use super::{create, no_link, sdk};
use crate::args::NewArgs;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{note, stdout};
use crate::project::places::Places;

/// Folder of the copy of the SDK inside the package.
const SDK: &str = ".baton-sdk";
/// The package of the SDK inside its folder.
const SDK_PACKAGE: &str = "guest-sdk";
/// Names that cargo or the package itself needs.
const TAKEN: &[&str] = &[
    "alloc",
    "core",
    "proc-macro",
    "std",
    "test",
    "baton-guest",
    "schemars",
    "serde",
    "serde-json",
];

/// What kind of component is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tool,
    Workflow,
    Agent,
}

impl Kind {
    fn world(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Workflow => "workflow",
            Self::Agent => "agent",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Tool => include_str!("templates/tool.rs"),
            Self::Workflow => include_str!("templates/workflow.rs"),
            Self::Agent => include_str!("templates/agent.rs"),
        }
    }

    fn cases(self) -> &'static str {
        match self {
            Self::Tool => include_str!("templates/tool.json"),
            Self::Workflow => include_str!("templates/workflow.json"),
            Self::Agent => include_str!("templates/agent.json"),
        }
    }

    /// How the component is used, for its README.
    fn hint(self) -> &'static str {
        match self {
            Self::Tool => {
                "\nA workflow finds the component beside itself, in `.baton/tools` of a project, or where\n\
                 `[plugins.__NAME__] path = \"…\"` in `baton.toml` says. It calls `__NAME__/count`."
            }
            Self::Workflow => {
                "\n`baton run __WASM__ --input '{\"topics\":[\"limits\"]}' --agent 'command:./worker'`\n\
                 runs it."
            }
            Self::Agent => {
                "\n`baton run WORKFLOW --root . --agent component:__WASM__` has it perform tasks."
            }
        }
    }
}

/// Writes the package.
///
/// # Errors
/// When the name cannot be used, something is there already, or a link leads away.
pub fn write(kind: Kind, name: &str, args: &NewArgs) -> Result<Exit> {
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if !begins || TAKEN.contains(&name) {
        let message = format!("`{name}` cannot be the name of a package");
        return Err(CliError::new(Code::Argument, message)
            .hint("a letter first, and no name that Rust or the SDK has"));
    }
    let places = Places::find()?;
    let folder = args.dir.clone().unwrap_or_default().join(name);
    no_link(&folder)?;
    if folder.exists() {
        let message = format!("{} is already there", folder.display());
        return Err(CliError::new(Code::NotNew, message)
            .hint("choose another name, or another directory with --dir"));
    }
    let sdk = match &args.sdk {
        Some(path) => named_sdk(path)?,
        None => format!("{SDK}/{SDK_PACKAGE}"),
    };
    let wasm = format!("target/wasm32-wasip2/release/{}.wasm", name.replace('-', "_"));
    let filled = |text: &str| {
        text.replace("__USE__", kind.hint())
            .replace("__NAME__", name)
            .replace("__SDK__", &sdk)
            .replace("__WORLD__", kind.world())
            .replace("__WASM__", &wasm)
            .replace("__VERSION__", env!("CARGO_PKG_VERSION"))
    };
    for (path, text) in [
        ("Cargo.toml", filled(include_str!("templates/package.toml"))),
        ("README.md", filled(include_str!("templates/README.md"))),
        (".gitignore", "/target\n".to_owned()),
        ("src/lib.rs", filled(kind.source())),
        ("cases/first.json", kind.cases().to_owned()),
    ] {
        let file = folder.join(path);
        put(&file, &text)?;
        stdout(&format!("{}\n", places.shown(&file)))?;
    }
    if args.sdk.is_none() {
        let copy = folder.join(SDK);
        put(&copy.join("Cargo.toml"), sdk::WORKSPACE)?;
        for (path, text) in sdk::SOURCES {
            put(&copy.join(path), text)?;
        }
        for (path, text) in sdk::manifests() {
            put(&copy.join(path), &text)?;
        }
    }
    note(&format!(
        "in {}: `cargo test`, `cargo build --release --target wasm32-wasip2`, \
         `baton test {wasm}`",
        places.shown(&folder)
    ));
    Ok(Exit::Done)
}

/// The folder of an SDK as a path dependency names it.
fn named_sdk(path: &Path) -> Result<String> {
    let full =
        path.canonicalize().map_err(|error| CliError::file("use the SDK in", path, &error))?;
    let manifest = full.join("Cargo.toml");
    let is_sdk =
        fs::read_to_string(&manifest).is_ok_and(|text| text.contains("name = \"baton-guest\""));
    match full.to_str() {
        Some(text) if is_sdk && !text.contains(['"', '\\', '\n']) => Ok(text.to_owned()),
        _ => Err(CliError::new(Code::Argument, format!("{} is not the SDK", path.display()))
            .hint("--sdk takes the folder `guest-sdk` of Baton's sources")),
    }
}

fn put(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| CliError::file("make", folder, &error))?;
    }
    create(path, text)
}
