//! `baton manifest`: the manifest of components that other languages' tools built.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use baton_core::limits::wasm::MANIFEST_BYTES_MAX;
use baton_core::manifest::{Manifest, SECTION};

use crate::args::{AddArgs, ManifestArgs, ManifestCommand};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::stdout;
use crate::program::component;
use crate::text::bytes as shown_bytes;

/// Id of custom sections, of components and modules alike.
const CUSTOM_SECTION: u8 = 0;

/// Does what is asked.
///
/// # Errors
/// When a file cannot be read or written, or baton would refuse the result.
pub fn run(args: &ManifestArgs) -> Result<Exit> {
    match &args.command {
        ManifestCommand::Add(args) => add(args),
    }
}

fn add(args: &AddArgs) -> Result<Exit> {
    let manifest = read_manifest(&args.manifest)?;
    let found = component::from_file(&args.component)?;
    if found.inspection.manifest.is_some() {
        let message = format!("{} has a manifest already", args.component.display());
        return Err(CliError::new(Code::Component, message)
            .hint("add it to the component that your tools wrote, not to one that was finished"));
    }
    let mut bytes = found.bytes.to_vec();
    append_section(&mut bytes, &manifest);
    let shown = args.output.display().to_string();
    let made = component::of_bytes(Arc::from(bytes), None, &shown)?;
    if !made.inspection.refusals.is_empty() {
        let mut error = CliError::new(Code::Component, format!("{shown} would be refused"));
        for refusal in &made.inspection.refusals {
            error = error.because(&Refusal(refusal.clone()));
        }
        return Err(error.hint("nothing was written"));
    }
    write(&args.output, &made.bytes)?;
    stdout(&format!(
        "{shown}: {}, {}\n",
        shown_bytes(made.inspection.size),
        made.inspection.digest
    ))?;
    Ok(Exit::Done)
}

/// A reason against a component.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

/// The text of a manifest that can be read.
fn read_manifest(path: &Path) -> Result<Vec<u8>> {
    let read = |error: std::io::Error| CliError::file("read", path, &error);
    let refused = |why: &dyn std::error::Error| {
        let message = format!("{} is not a manifest", path.display());
        CliError::new(Code::Component, message).because(why)
    };
    let size = fs::metadata(path).map_err(read)?.len();
    if size > MANIFEST_BYTES_MAX as u64 {
        let why = format!("it has {size} bytes; the limit is {MANIFEST_BYTES_MAX}");
        return Err(refused(&Refusal(why)));
    }
    let bytes = fs::read(path).map_err(read)?;
    Manifest::parse(&bytes).map_err(|error| refused(&error))?;
    Ok(bytes)
}

/// Puts the section behind everything else of the component, where none that it has can contain it.
fn append_section(component: &mut Vec<u8>, manifest: &[u8]) {
    let mut content = Vec::with_capacity(manifest.len() + SECTION.len() + 1);
    push_length(&mut content, SECTION.len());
    content.extend_from_slice(SECTION.as_bytes());
    content.extend_from_slice(manifest);
    component.push(CUSTOM_SECTION);
    push_length(component, content.len());
    component.extend_from_slice(&content);
}

/// A length as WebAssembly writes it: seven bits a byte, the lowest first.
fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

/// Writes beside the place first: nobody finds half a component.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path)).map_err(|error| {
        let _ = fs::remove_file(&beside);
        CliError::file("write", path, &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_groups_of_seven_bits() {
        for (length, written) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x01]),
            (300, &[0xac, 0x02]),
            (262_144, &[0x80, 0x80, 0x10]),
        ] {
            let mut bytes = Vec::new();
            push_length(&mut bytes, length);
            assert_eq!(bytes, written, "{length}");
        }
    }
}
