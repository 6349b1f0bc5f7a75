//! Coding agents by their own output, with scripts in their place that say what a test says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

#[path = "../acp/world.rs"]
#[allow(dead_code, reason = "a part of it is about the other protocol")]
mod world;

mod claude;
mod codex;
mod people;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use baton_agents::{CodingBackend, CodingKind};
use serde_json::{Value, json};
use world::{Came, World};

/// A directory whose agent is this script. It may write into `src/gen`.
fn world(script: &str) -> World {
    let world = World::new("do it");
    rewrite(&world, script);
    world
}

fn rewrite(world: &World, script: &str) {
    fs::create_dir_all(world.root.path().join("src/gen")).unwrap();
    fs::write(world.root.path().join("src/agent.sh"), script).unwrap();
}

fn backend(kind: CodingKind) -> CodingBackend {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/headless/agent.sh");
    CodingBackend::at(kind, &program, common::supervisor())
}

/// What the script left in a file of `src/gen`.
fn left(world: &World, name: &str) -> String {
    fs::read_to_string(world.root.path().join("src/gen").join(name)).unwrap()
}

/// A line that says this.
fn say(event: &Value) -> String {
    format!("cat <<'END'\n{event}\nEND\n")
}

fn with_schema(world: &mut World, schema: &Value) {
    Arc::make_mut(&mut world.job.spec).schema = Some(schema.clone().into());
}

fn strict() -> Value {
    json!({ "type": "object", "required": ["ok"], "additionalProperties": false,
            "properties": { "ok": { "type": "boolean" } } })
}

fn output(came: &Came) -> String {
    came.answer.result.as_ref().expect("a handoff").output.as_str().to_owned()
}
