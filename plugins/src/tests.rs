#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use baton_core::digest::Digest;
use baton_core::manifest::{Manifest, SECTION, World};
use wasmparser::{ComponentTypeRef, Parser, Payload};

use crate::{Plugin, all, find, script_runner};

/// Every component of the binary.
fn components() -> Vec<Plugin> {
    let mut components = all().to_vec();
    components.push(Plugin { name: "script", bytes: script_runner() });
    components
}

/// What the outermost component says of itself.
#[derive(Default)]
struct Facts {
    imports: Vec<String>,
    exports: Vec<String>,
    manifests: Vec<Vec<u8>>,
}

fn facts(plugin: &Plugin) -> Facts {
    let mut facts = Facts::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(plugin.bytes) {
        match payload.expect(plugin.name) {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                // A world's own types are imports too, but of shapes, not of abilities.
                let imports = section.into_iter().map(Result::unwrap);
                let abilities = imports.filter(|one| !matches!(one.ty, ComponentTypeRef::Type(_)));
                facts.imports.extend(abilities.map(|one| one.name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                facts
                    .exports
                    .extend(section.into_iter().map(|one| one.unwrap().name.name.to_owned()));
            }
            Payload::CustomSection(section) if section.name() == SECTION => {
                facts.manifests.push(section.data().to_vec());
            }
            _ => {}
        }
    }
    facts
}

#[test]
fn every_plugin_has_one_manifest_of_its_own_name() {
    assert!(!all().is_empty());
    for plugin in &components() {
        let [manifest] = facts(plugin).manifests.try_into().expect(plugin.name);
        assert_eq!(Manifest::parse(&manifest).unwrap().name, plugin.name);
    }
}

#[test]
fn a_plugin_imports_and_exports_what_its_world_has() {
    for plugin in &components() {
        let facts = facts(plugin);
        let manifest = Manifest::parse(facts.manifests.first().unwrap()).unwrap();
        let (interfaces, export): (&[&str], _) = match manifest.world {
            World::Workflow => {
                (&["types", "tasks", "tools", "gates", "files", "report", "budget"], "run")
            }
            World::Agent => (&["types", "tools", "toolbox", "files", "report"], "perform"),
            World::Tool => (&["types"], "call"),
        };
        let ours: Vec<_> = ["0.1.0", "0.1.1", "0.1.2"]
            .iter()
            .flat_map(|version| {
                interfaces.iter().map(move |name| format!("baton:runtime/{name}@{version}"))
            })
            .collect();
        let http = manifest.requests.http.is_some_and(|rules| !rules.is_empty());
        for import in &facts.imports {
            let known = ours.contains(import)
                || (import.starts_with("wasi:") && (http || !import.starts_with("wasi:http/")));
            assert!(known, "{} imports {import}", plugin.name);
        }
        assert_eq!(facts.exports, [export], "{}", plugin.name);
    }
}

#[test]
fn tools_say_what_they_take_and_bring_and_ask_for_no_more_than_they_need() {
    let mut harmless = Vec::new();
    for plugin in all() {
        let manifest = Manifest::parse(facts(plugin).manifests.first().unwrap()).unwrap();
        for (name, tool) in &manifest.tools {
            let name = format!("{}/{name}", plugin.name);
            assert!(!tool.description.is_empty(), "{name}");
            for schema in [&tool.input, &tool.output] {
                let schema = schema.as_ref().expect(&name).as_str();
                assert!(schema.contains(r#""type":"object""#), "{name}: {schema}");
            }
        }
        if manifest.world == World::Tool && manifest.requests.authority().unwrap().is_harmless() {
            harmless.push(plugin.name);
        }
    }
    assert_eq!(harmless, ["code", "data", "echo-tool", "git"]);
}

#[test]
fn components_name_no_path_of_the_machine_that_built_them() {
    let home = std::env::home_dir().unwrap().join(".cargo");
    for needle in [home.to_str().unwrap().as_bytes(), b"registry/src"] {
        for plugin in &components() {
            let found = plugin.bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{}", plugin.name);
        }
    }
}

#[test]
fn plugins_are_found_by_name_and_stand_in_order() {
    assert!(all().is_sorted_by_key(|plugin| plugin.name));
    for plugin in all() {
        assert_eq!(find(plugin.name), Some(plugin));
    }
    assert_eq!(find("absent"), None);
}

/// Files below a folder of the workspace, tests left out, as the build script of the runner lists
/// them.
fn files(workspace: &Path, folder: &str, found: &mut Vec<String>) {
    let path = workspace.join(folder);
    if path.is_file() {
        found.push(folder.to_owned());
        return;
    }
    for entry in std::fs::read_dir(path).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "tests" {
            files(workspace, &format!("{folder}/{name}"), found);
        }
    }
}

#[test]
fn the_committed_script_runner_is_made_of_the_sources_beside_it() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let script = workspace.join("plugins/script");
    let noted = |name: &str| std::fs::read_to_string(script.join(name)).unwrap().trim().to_owned();
    let committed = std::fs::read(script.join("runner.wasm")).unwrap();
    assert_eq!(Digest::of(&committed).hex(), noted("runner.sha256"));

    let mut sources = Vec::new();
    for folder in ["wit", "plugins/script/source", "plugins/script/runner"] {
        files(workspace, folder, &mut sources);
    }
    for file in ["plugins/script/Cargo.toml", "plugins/script/Cargo.lock"] {
        files(workspace, file, &mut sources);
    }
    sources.sort();
    let lines: String = sources
        .iter()
        .map(|name| {
            let digest = Digest::of(&std::fs::read(workspace.join(name)).unwrap());
            format!("{}  {name}\n", digest.hex())
        })
        .collect();
    let made_of = Digest::of(lines.as_bytes()).hex();
    assert_eq!(made_of, noted("runner.sources"), "run plugins/script/build.sh");
}
