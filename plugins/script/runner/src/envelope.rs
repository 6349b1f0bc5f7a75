//! What the engine hands to the runner.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bindings::baton::runtime::types::{Failure, FailureKind};

/// A script file.
#[derive(Clone, Debug, Deserialize)]
pub struct Script {
    /// Its path, as people wrote it. Appears in messages and stacks.
    pub path: String,
    /// Its text.
    pub source: String,
}

/// The input of the component.
#[derive(Debug)]
pub enum Envelope {
    /// Read the script and say what is in it. Calls nothing of the host.
    Inspect(Script),
    /// Execute the script.
    Run(Box<Run>),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Op {
    Inspect,
    Run,
}

#[derive(Deserialize)]
struct Order {
    op: Op,
}

#[derive(Deserialize)]
struct Inspect {
    script: Script,
}

/// What is to be executed, and by which rules.
#[derive(Debug, Deserialize)]
pub struct Run {
    /// The script.
    pub script: Script,
    /// JSON text of `args`; none: `args` is `undefined`.
    #[serde(default, deserialize_with = "present")]
    pub args: Option<Box<RawValue>>,
    /// 0 for the script of the run, 1 for a script it starts, and so on.
    pub depth: u32,
    /// How deep `workflow()` may go: a script whose depth is this may not start another.
    pub nesting: u32,
    /// Whether clock and random numbers are there (virtual) instead of throwing.
    pub lenient: bool,
    /// Whether the global `baton` is there.
    pub extensions: bool,
    /// How often an agent may try to fit its schema.
    pub schema_attempts: u32,
    /// Output tokens that the run may use; none: no limit.
    pub budget_tokens: Option<u64>,
    /// Output tokens of the pool that were spent before this script began.
    #[serde(default)]
    pub budget_spent: u64,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

impl Envelope {
    /// Reads the input of the component.
    ///
    /// # Errors
    /// When it is not an envelope: the engine is at fault, or somebody ran the component by itself.
    pub fn parse(input: &str) -> Result<Self, Failure> {
        Self::read(input).map_err(|error| Failure {
            kind: FailureKind::Failed,
            code: "envelope".into(),
            message: format!("the script runner was started without a script: {error}"),
            detail: "{}".into(),
        })
    }

    fn read(input: &str) -> serde_json::Result<Self> {
        // In two steps: an enum that names its variant in a field cannot hold raw JSON.
        Ok(match serde_json::from_str::<Order>(input)?.op {
            Op::Inspect => Self::Inspect(serde_json::from_str::<Inspect>(input)?.script),
            Op::Run => Self::Run(serde_json::from_str(input)?),
        })
    }
}
