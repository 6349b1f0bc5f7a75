//! What a component is and asks for.

use baton_core::digest::Digest;
use baton_core::manifest::{Manifest, World};
use baton_host::Inspection;
use serde::Serialize;

use super::held::Held;
use super::{fact, list};
use crate::args::CheckArgs;
use crate::codes::Exit;
use crate::consent::{patterns, words};
use crate::error::Result;
use crate::output::{BAD, GOOD, stdout};
use crate::program::component::{Component, world_name};
use crate::shapes;
use crate::text::{bytes, one_line, paint};

/// What `check --json` prints.
#[derive(Serialize)]
struct CheckShape<'a> {
    file: &'a str,
    digest: Digest,
    size: u64,
    world: Option<World>,
    imports: &'a [String],
    exports: &'a [String],
    manifest: Option<&'a Manifest>,
    accepted: bool,
    refusals: &'a [String],
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    held: Option<&'a Held>,
}

/// Shows the component. The exit code says whether it would be loaded.
///
/// # Errors
/// When standard output cannot be written.
pub fn show(args: &CheckArgs, component: &Component, held: Option<&Held>) -> Result<Exit> {
    let found = &component.inspection;
    if args.json {
        stdout(&shapes::line(&CheckShape {
            file: &args.file,
            digest: found.digest,
            size: found.size,
            world: found.world,
            imports: &found.imports,
            exports: &found.exports,
            manifest: found.manifest.as_ref(),
            accepted: found.refusals.is_empty(),
            refusals: &found.refusals,
            held,
        })?)?;
    } else {
        stdout(&text(&args.file, found, held))?;
    }
    Ok(if found.refusals.is_empty() { Exit::Done } else { Exit::Refused })
}

fn text(file: &str, found: &Inspection, held: Option<&Held>) -> String {
    let mut out = String::new();
    fact(&mut out, "file", file);
    fact(&mut out, "digest", &found.digest.to_string());
    fact(&mut out, "size", &bytes(found.size));
    fact(&mut out, "world", found.world.map_or("none", world_name));
    if let Some(manifest) = &found.manifest {
        fact(&mut out, "name", &manifest.name);
        fact(&mut out, "says", &manifest.description);
        if !manifest.phases.is_empty() {
            fact(&mut out, "phases", &manifest.phases.join(" → "));
        }
    }
    if let Some(manifest) = &found.manifest {
        list(&mut out, "Asks for", &requests(manifest));
        let tools = manifest.tools.iter();
        let tools = tools.map(|(name, tool)| match tool.description.as_str() {
            "" => name.clone(),
            description => format!("{name}: {}", one_line(description)),
        });
        list(&mut out, "Tools", &tools.collect::<Vec<_>>());
        for (title, schema) in [("Input", &manifest.input), ("Output", &manifest.output)] {
            if let Some(schema) = schema {
                let pretty = serde_json::to_string_pretty(&schema.value()).unwrap_or_default();
                let lines: Vec<String> = pretty.lines().map(ToOwned::to_owned).collect();
                list(&mut out, &format!("{title} schema"), &lines);
            }
        }
    }
    out.push_str(&held.map(Held::text).unwrap_or_default());
    list(&mut out, "Imports", &found.imports);
    list(&mut out, "Exports", &found.exports);
    if found.refusals.is_empty() {
        out.push_str(&format!("\n{}\n", paint(GOOD, "baton runs this component")));
    } else {
        out.push_str(&format!("\n{}\n", paint(BAD, "baton refuses this component:")));
        for refusal in &found.refusals {
            out.push_str(&format!("  - {}\n", one_line(refusal)));
        }
    }
    out
}

/// What a component asks for, in words.
fn requests(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(layer) = &manifest.requests.read {
        lines.push(format!("read {} below the root that the operator grants", patterns(layer)));
    }
    if manifest.requests.agents {
        lines.push("spawn agents".into());
    }
    for (name, agent) in &manifest.agents {
        let backend = agent.backend.as_deref().unwrap_or("a backend that the operator names");
        lines.push(format!("  agent type {}: {}", one_line(name), one_line(backend)));
    }
    for name in &manifest.requests.workflows {
        lines.push(format!("run the workflow {}", one_line(name)));
    }
    let on_behalf = match manifest.world {
        World::Workflow if !manifest.requests.tools.is_empty() => "let its tools ",
        _ => "",
    };
    for line in words::requested(&manifest.requests) {
        let own = ["call ", "run "].iter().any(|own| line.starts_with(own));
        lines.push(if own { line } else { format!("{on_behalf}{line}") });
    }
    if lines.is_empty() {
        lines.push("nothing".into());
    }
    lines
}
