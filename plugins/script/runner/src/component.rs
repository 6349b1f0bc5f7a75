//! The component: its manifest, its export, and the host behind its imports.
#![allow(
    unsafe_code,
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated: the manifest's section and the export of the world"
)]

use crate::bindings::baton::runtime::types::{Failure, Handoff};
use crate::bindings::{Guest, export};
use crate::host::imports::Imports;

const MANIFEST_BYTES: &[u8] = include_bytes!("../manifest.json");

#[used]
#[unsafe(link_section = "baton:manifest")]
static MANIFEST: [u8; MANIFEST_BYTES.len()] = *include_bytes!("../manifest.json");

struct Runner;

impl Guest for Runner {
    fn run(input: String) -> Result<Handoff, Failure> {
        crate::run(&input, &Imports::shared())
    }
}

export!(Runner with_types_in crate::bindings);
