//! What a component is, read from its bytes. Nothing is compiled and nothing is executed.

use baton_core::digest::Digest;
use baton_core::limits::wasm::{COMPONENT_BYTES_MAX, MANIFEST_BYTES_MAX, NESTING_MAX};
use baton_core::manifest::{Manifest, SECTION, World};
use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload, TypeBounds, ValidPayload,
    Validator, WasmFeatures,
};

use crate::contract;
use crate::error::LoadError;

/// What a component is and asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Digest of the file, its name everywhere.
    pub digest: Digest,
    /// Size of the file in bytes.
    pub size: u64,
    /// The world it is written for, told by what it exports; none if that is not clear.
    pub world: Option<World>,
    /// Names of what it imports, in its order. Names of types alone are left out: they reach
    /// nothing.
    pub imports: Vec<String>,
    /// Names of what it exports, in its order.
    pub exports: Vec<String>,
    /// What it says of itself; none if it says nothing that can be read.
    pub manifest: Option<Manifest>,
    /// Why it would be refused at load, in plain words, one reason each; empty: it would not.
    pub refusals: Vec<String>,
}

/// Reads a component.
///
/// # Errors
/// When the bytes are not a valid component at all. A valid component that Baton would not run is
/// no error here: see [`Inspection::refusals`].
pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
    recognise(bytes)?;
    let found = walk(bytes)?;
    let mut refusals = Vec::new();
    let world = world_of(&found.exports, &mut refusals);
    for import in &found.imports {
        if !import.interface {
            refusals.push(format!("it imports `{}`, which is not an interface", import.name));
        } else if let Some(refusal) = contract::import_refusal(&import.name, world) {
            refusals.push(refusal);
        }
    }
    let manifest = read_manifest(&found.manifests, world, &mut refusals);
    Ok(Inspection {
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        world,
        imports: found.imports.into_iter().map(|import| import.name).collect(),
        exports: found.exports.into_iter().map(|export| export.name).collect(),
        manifest,
        refusals,
    })
}

/// The features of guests, the same that the engine compiles: what passes here compiles there.
fn features() -> WasmFeatures {
    crate::engine_config::FEATURES
}

/// Turns away by size and first bytes what is no component, with a better word than a parser has.
fn recognise(bytes: &[u8]) -> Result<(), LoadError> {
    let size = bytes.len() as u64;
    if size > COMPONENT_BYTES_MAX {
        return Err(LoadError::TooLarge { size, max: COMPONENT_BYTES_MAX });
    }
    let what = if bytes.is_empty() {
        "the file is empty"
    } else if bytes.starts_with(b"\x7fELF") {
        "it is native code or a precompiled artifact; give the `.wasm` file it was made from"
    } else if bytes.starts_with(b"\0asm") {
        if Parser::is_core_wasm(bytes) {
            "it is a core module; build it for `wasm32-wasip2` or wrap it as a component"
        } else {
            return Ok(());
        }
    } else if bytes.trim_ascii_start().starts_with(b"(") || bytes.starts_with(b";;") {
        "it is WebAssembly text; translate it to binary first"
    } else {
        "it does not begin as a WebAssembly file does"
    };
    Err(LoadError::NotAComponent(what))
}

struct Import {
    name: String,
    interface: bool,
}

struct Export {
    name: String,
    function: bool,
}

#[derive(Default)]
struct Found<'a> {
    imports: Vec<Import>,
    exports: Vec<Export>,
    manifests: Vec<&'a [u8]>,
}

/// Walks the component and everything nested in it, validating on the way. Imports and exports are
/// those of the outermost component; a manifest may sit in a nested module, where linkers put it.
fn walk(bytes: &[u8]) -> Result<Found<'_>, LoadError> {
    let invalid = |error: wasmparser::BinaryReaderError| LoadError::Invalid(error.to_string());
    let mut found = Found::default();
    let mut validator = Validator::new_with_features(features());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        if matches!(payload, Payload::Version { .. }) && depth == NESTING_MAX {
            let message = format!("components are nested deeper than {NESTING_MAX} levels");
            return Err(LoadError::Invalid(message));
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(invalid)? {
            function.into_validator(Default::default()).validate(&body).map_err(invalid)?;
        }
        match payload {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding != Encoding::Component {
                    return Err(LoadError::NotAComponent("it is a core module"));
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if section.name() == SECTION => {
                found.manifests.push(section.data());
            }
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    let import = import.map_err(invalid)?;
                    // A name for a type of an interface that is imported anyway: it gives nothing.
                    if matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        continue;
                    }
                    found.imports.push(Import {
                        name: import.name.name.to_owned(),
                        interface: matches!(import.ty, ComponentTypeRef::Instance(_)),
                    });
                }
            }
            Payload::ComponentExportSection(exports) if depth == 1 => {
                for export in exports {
                    let export = export.map_err(invalid)?;
                    found.exports.push(Export {
                        name: export.name.name.to_owned(),
                        function: export.kind == ComponentExternalKind::Func,
                    });
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn world_of(exports: &[Export], refusals: &mut Vec<String>) -> Option<World> {
    let has = |world: &World| {
        exports.iter().any(|export| export.function && export.name == contract::entry(*world))
    };
    let worlds: Vec<World> =
        [World::Workflow, World::Agent, World::Tool].into_iter().filter(has).collect();
    match worlds.as_slice() {
        [world] => Some(*world),
        [] => {
            refusals.push(
                "it exports neither `run` (world `workflow`) nor `perform` (world `agent`) nor \
                 `call` (world `tool`)"
                    .into(),
            );
            None
        }
        several => {
            let names: Vec<String> =
                several.iter().map(|world| format!("`{}`", contract::entry(*world))).collect();
            refusals
                .push(format!("it exports {}: it must be of one world only", names.join(" and ")));
            None
        }
    }
}

fn read_manifest(
    sections: &[&[u8]],
    world: Option<World>,
    refusals: &mut Vec<String>,
) -> Option<Manifest> {
    let section = match sections {
        [] => {
            refusals.push(format!("it has no section `{SECTION}`"));
            return None;
        }
        [section] => section,
        more => {
            refusals.push(format!(
                "it has {} sections `{SECTION}`; exactly one is allowed",
                more.len()
            ));
            return None;
        }
    };
    if section.len() > MANIFEST_BYTES_MAX {
        refusals.push(format!(
            "its section `{SECTION}` has {} bytes; the limit is {MANIFEST_BYTES_MAX}",
            section.len()
        ));
        return None;
    }
    match Manifest::parse(section) {
        Err(error) => {
            refusals.push(error.to_string());
            None
        }
        Ok(manifest) => {
            if let Some(world) = world
                && world != manifest.world
            {
                refusals.push(format!(
                    "its manifest says world `{}`, its exports say `{}`",
                    contract::world_name(manifest.world),
                    contract::world_name(world)
                ));
            }
            Some(manifest)
        }
    }
}
