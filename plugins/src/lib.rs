//! The components that are part of the binary. The build script compiles them.

/// A component that is part of the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// Its name, the same as in its manifest.
    pub name: &'static str,
    /// The bytes of the component.
    pub bytes: &'static [u8],
}

/// All plugins, in the order of their names.
#[must_use]
pub fn all() -> &'static [Plugin] {
    const { include!(concat!(env!("OUT_DIR"), "/table.rs")) }
}

/// The plugin of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Plugin> {
    all().iter().find(|plugin| plugin.name == name)
}

/// The component that interprets workflow scripts. Not among [`all`]: it is no program by itself.
/// `script/build.sh` makes it.
#[must_use]
pub fn script_runner() -> &'static [u8] {
    include_bytes!(concat!(env!("OUT_DIR"), "/script.wasm"))
}

/// What scripts can use, as TypeScript declarations for editors.
#[must_use]
pub fn script_types() -> &'static str {
    include_str!("../script/baton.d.ts")
}

#[cfg(test)]
mod tests;
