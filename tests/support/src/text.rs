//! From WebAssembly text to a component.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Interfaces beside the contract that a core module may import or export, as far as tests use
/// them.
const FOREIGN: &[&str] = &[
    "package wasi:io@0.2.0;
     interface poll { resource pollable { ready: func() -> bool; } }",
    "package wasi:clocks@0.2.0;
     interface monotonic-clock {
       use wasi:io/poll@0.2.0.{pollable};
       subscribe-duration: func(when: u64) -> pollable;
     }",
    "package wasi:sockets@0.2.0;
     interface instance-network { instance-network: func() -> u32; }",
    "package evil:corp@1.0.0;
     interface door { open: func() -> u32; }
     interface bag { resource thing; }",
];

const IMPORTS: &str = "
    import wasi:io/poll@0.2.0;
    import wasi:clocks/monotonic-clock@0.2.0;
    import wasi:sockets/instance-network@0.2.0;
    import evil:corp/door@1.0.0;";

/// Why a text is no component.
#[derive(Debug)]
pub struct TextError(String);

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TextError {}

/// A component from its text. A core module is wrapped as a component of the world it names on its
/// first line, as in `;; world workflow`; `, bag` after it exports a resource `thing` of its own,
/// `, utf16` makes that the encoding of its texts.
///
/// # Errors
/// When the text is neither, or the module does not fit the world.
pub fn component(text: &str) -> Result<Vec<u8>, TextError> {
    let error = |error: &dyn std::fmt::Display| TextError(format!("{error:#}"));
    let mut bytes = wat::parse_str(text).map_err(|why| error(&why))?;
    let Some(world) = text.strip_prefix(";; world ").and_then(|rest| rest.lines().next()) else {
        return Ok(bytes);
    };
    let mut words = world.split(", ");
    let world = words.next().unwrap_or_default();
    let (mut bag, mut encoding) = ("", StringEncoding::UTF8);
    for word in words {
        match word {
            "bag" => bag = "export evil:corp/bag@1.0.0;",
            "utf16" => encoding = StringEncoding::UTF16,
            _ => return Err(TextError(format!("`{word}` after the world"))),
        }
    }
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    resolve.push_dir(wit).map_err(|why| error(&why))?;
    for package in FOREIGN {
        resolve.push_str("foreign.wit", package).map_err(|why| error(&why))?;
    }
    let guest = format!(
        "package test:guest;
         world guest {{ include baton:runtime/{world}@0.1.2; {IMPORTS} {bag} }}"
    );
    let package = resolve.push_str("guest.wit", &guest).map_err(|why| error(&why))?;
    let world = resolve.select_world(&[package], Some("guest")).map_err(|why| error(&why))?;
    embed_component_metadata(&mut bytes, &resolve, world, encoding).map_err(|why| error(&why))?;
    ComponentEncoder::default()
        .module(&bytes)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|why| error(&why))
}
