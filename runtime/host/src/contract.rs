//! What each world may import: the whole reach of a guest, by interface.

use baton_core::manifest::World;

/// Package of our own interfaces.
const OWN_PACKAGE: &str = "baton:runtime";
/// Version of our own package that this host speaks.
pub(crate) const OWN_VERSION: Version = Version { major: 0, minor: 1, patch: 2 };

/// Interfaces of WASI 0.2 that all worlds are linked with. No sockets and no HTTP. The file system
/// is there because toolchains import it; outside of world `tool` it has no directory in it.
pub(crate) const WASI: &[&str] = &[
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:clocks/wall-clock",
    "wasi:clocks/monotonic-clock",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
];

/// Further interfaces of WASI 0.2 that world `tool` is linked with.
pub(crate) const WASI_OF_TOOLS: &[&str] = &["wasi:http/types", "wasi:http/outgoing-handler"];

/// Package that toolchains of some languages import into every component. A tool may import it, and
/// every call of it ends the tool: no guest has sockets.
pub(crate) const SOCKETS: &str = "wasi:sockets";

/// Our own interfaces of a world.
pub(crate) fn own(world: World) -> &'static [&'static str] {
    match world {
        World::Workflow => &[
            "baton:runtime/types",
            "baton:runtime/tasks",
            "baton:runtime/files",
            "baton:runtime/report",
            "baton:runtime/budget",
            "baton:runtime/tools",
            "baton:runtime/gates",
        ],
        World::Agent => &[
            "baton:runtime/types",
            "baton:runtime/files",
            "baton:runtime/report",
            "baton:runtime/tools",
            "baton:runtime/toolbox",
        ],
        World::Tool => &["baton:runtime/types"],
    }
}

/// Name of the function a world exports.
pub(crate) fn entry(world: World) -> &'static str {
    match world {
        World::Workflow => "run",
        World::Agent => "perform",
        World::Tool => "call",
    }
}

/// How a world is called in messages.
pub(crate) fn world_name(world: World) -> &'static str {
    match world {
        World::Workflow => "workflow",
        World::Agent => "agent",
        World::Tool => "tool",
    }
}

/// A released version of an interface. Pre-releases and build tags do not occur in contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.').map(|part| part.parse().ok());
        let version = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        Some(version)
    }

    /// Whether a host of this version serves what was written for `wanted`.
    fn serves(self, wanted: Self) -> bool {
        (self.major, self.minor) == (wanted.major, wanted.minor) && wanted.patch <= self.patch
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Why an import would be refused, in plain words; none when it is linked. `world` is none when
/// the component's world is not known: then every world's interfaces pass.
pub(crate) fn import_refusal(import: &str, world: Option<World>) -> Option<String> {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    let package = interface.split_once('/').map_or(interface, |(package, _)| package);
    let version = Version::parse(version);
    if package == OWN_PACKAGE {
        return own_refusal(import, interface, version, world);
    }
    let of_tools = WASI_OF_TOOLS.contains(&interface) || package == SOCKETS;
    if package == SOCKETS || package == "wasi:http" {
        match world {
            // Not known yet: one world has it.
            Some(World::Tool) | None if of_tools => {}
            Some(World::Tool) | None => {
                return Some(format!("it imports `{import}`, which Baton does not offer"));
            }
            Some(World::Workflow | World::Agent) => {
                return Some(format!(
                    "it imports `{import}`: only components of world `tool` have a network"
                ));
            }
        }
    } else if !WASI.contains(&interface) {
        return Some(format!("it imports `{import}`, which Baton does not offer"));
    }
    match version {
        Some(Version { major: 0, minor: 2, .. }) => None,
        _ => Some(format!("it imports `{import}`; Baton offers version 0.2 of `{interface}`")),
    }
}

fn own_refusal(
    import: &str,
    interface: &str,
    version: Option<Version>,
    world: Option<World>,
) -> Option<String> {
    let Some(wanted) = version else {
        return Some(format!("it imports `{import}` without a usable version"));
    };
    if !OWN_VERSION.serves(wanted) {
        let age = if wanted > OWN_VERSION { "a newer" } else { "another" };
        return Some(format!(
            "it was written for {age} {OWN_PACKAGE}: it imports `{import}`, and this Baton offers \
             version {OWN_VERSION}"
        ));
    }
    let offered = |world| own(world).contains(&interface);
    match world {
        Some(world) if !offered(world) => Some(format!(
            "it imports `{import}`, which world `{}` does not have",
            world_name(world)
        )),
        None if ![World::Workflow, World::Agent, World::Tool].into_iter().any(offered) => {
            Some(format!("it imports `{import}`, which Baton does not offer"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_let_through_by_interface_and_version() {
        let workflow = Some(World::Workflow);
        let agent = Some(World::Agent);
        let tool = Some(World::Tool);
        for (import, world, expected) in [
            ("baton:runtime/tasks@0.1.0", workflow, None),
            ("baton:runtime/tasks@0.1.0", None, None),
            ("baton:runtime/tasks@0.1.0", agent, Some("world `agent` does not have")),
            ("baton:runtime/files@0.1.0", agent, None),
            ("baton:runtime/tasks@0.1.0", tool, Some("world `tool` does not have")),
            ("baton:runtime/types@0.1.1", tool, None),
            ("baton:runtime/tasks@0.1.2", workflow, None),
            ("baton:runtime/gates@0.1.2", workflow, None),
            ("baton:runtime/gates@0.1.2", agent, Some("world `agent` does not have")),
            ("baton:runtime/tasks@0.1.3", workflow, Some("a newer")),
            ("baton:runtime/tasks@0.2.0", workflow, Some("version 0.1.2")),
            ("baton:runtime/tasks@1.0.0", workflow, Some("@1.0.0")),
            ("baton:runtime/tasks@0.0.9", workflow, Some("another")),
            ("baton:runtime/tasks", workflow, Some("without a usable version")),
            ("baton:runtime/oracle@0.1.0", workflow, Some("does not have")),
            ("baton:runtime/oracle@0.1.0", None, Some("does not offer")),
            ("wasi:io/streams@0.2.0", workflow, None),
            ("wasi:io/streams@0.2.99", agent, None),
            ("wasi:io/streams@0.3.0", agent, Some("offers version 0.2")),
            ("wasi:io/streams", agent, Some("offers version 0.2")),
            ("wasi:sockets/tcp@0.2.0", workflow, Some("only components of world `tool`")),
            ("wasi:http/outgoing-handler@0.2.0", agent, Some("only components of world `tool`")),
            ("wasi:http/outgoing-handler@0.2.4", tool, None),
            ("wasi:http/types@0.2.0", tool, None),
            ("wasi:http/types@0.3.0", tool, Some("offers version 0.2")),
            ("wasi:http/incoming-handler@0.2.0", tool, Some("does not offer")),
            ("wasi:http/incoming-handler@0.2.0", workflow, Some("only components of world `tool`")),
            ("wasi:http/outgoing-handler@0.2.0", None, None),
            ("wasi:sockets/tcp@0.2.0", tool, None),
            ("wasi:keyvalue/store@0.2.0", tool, Some("does not offer")),
            ("evil:corp/door@1.0.0", agent, Some("evil:corp/door@1.0.0")),
            ("door", agent, Some("`door`")),
        ] {
            let refusal = import_refusal(import, world);
            match expected {
                None => assert_eq!(refusal, None, "{import}"),
                Some(words) => {
                    let refusal = refusal.unwrap_or_default();
                    assert!(refusal.contains(words), "{import}: {refusal}");
                }
            }
        }
    }
}
