//! `baton manifest add`: what makes a component of another language one of Baton's.

use baton_test_support::component;
use serde_json::json;

use super::support::Project;

const TOOL: &str = r#"{
  "name": "measure", "world": "tool", "description": "Measures.",
  "tools": { "count": { "description": "Counts." } }
}"#;

/// A component that exports `call`, as tools do, and says nothing of itself.
fn bare() -> Vec<u8> {
    let text = r#"(component
      (core module $m (func (export "call")))
      (core instance $i (instantiate $m))
      (func (export "call") (canon lift (core func $i "call"))))"#;
    component(text).unwrap()
}

fn project() -> Project {
    let project = Project::new();
    project.write("bare.wasm", bare());
    project.write("manifest.json", TOOL);
    project
}

#[test]
fn a_component_gets_its_manifest_and_is_accepted() {
    let project = project();
    let said = project.run(&["manifest", "add", "bare.wasm", "manifest.json", "-o", "out.wasm"]);
    insta::assert_snapshot!(said.shown(), @r"
    exit 0
    --- stdout
    out.wasm: 273 B, [DIGEST]
    ");
    let checked = project.run(&["check", "out.wasm", "--json"]).json();
    assert_eq!(checked["accepted"], true, "{checked}");
    assert_eq!(checked["manifest"]["tools"], json!({"count": {"description": "Counts."}}));
    // The component itself is what it was, and the manifest is in it as it was written.
    let made = std::fs::read(project.path("out.wasm")).unwrap();
    assert!(made.starts_with(&bare()) && made.ends_with(TOOL.as_bytes()));
    assert_eq!(std::fs::read(project.path("bare.wasm")).unwrap(), bare());
}

#[test]
fn a_component_can_be_written_over() {
    let project = project();
    let said = project.run(&["manifest", "add", "bare.wasm", "manifest.json", "-o", "bare.wasm"]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    assert_eq!(project.run(&["check", "bare.wasm"]).exit, 0);
    let names: Vec<_> = std::fs::read_dir(project.path(".")).unwrap().collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn what_baton_would_refuse_is_not_written() {
    let project = project();
    project.write("core.wasm", b"\0asm\x01\0\0\0");
    project.write("broken.json", "{\"name\": \"x\",}");
    project.write("workflow.json", r#"{"name": "x", "world": "workflow"}"#);
    project.write("toolless.json", r#"{"name": "x", "world": "tool"}"#);
    let long = format!(r#"{{"name": "x", "description": "{}"}}"#, "x".repeat(256 << 10));
    project.write("long.json", long);
    let add = |component, manifest| {
        project.run(&["manifest", "add", component, manifest, "-o", "out.wasm"]).shown()
    };
    let finished =
        project.run(&["manifest", "add", "bare.wasm", "manifest.json", "-o", "done.wasm"]);
    assert_eq!(finished.exit, 0, "{}", finished.shown());
    let all = [
        add("done.wasm", "manifest.json"),
        add("core.wasm", "manifest.json"),
        add("bare.wasm", "broken.json"),
        add("bare.wasm", "workflow.json"),
        add("bare.wasm", "toolless.json"),
        add("bare.wasm", "long.json"),
        add("bare.wasm", "nowhere.json"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
        exit 3
        --- stderr
        error[B0005]: done.wasm has a manifest already
          hint: add it to the component that your tools wrote, not to one that was finished
          `baton explain B0005` says more

        exit 3
        --- stderr
        error[B0005]: core.wasm is not a component that baton runs
          because: not a component: it is a core module; build it for `wasm32-wasip2` or wrap it as a component
          hint: build it for wasm32-wasip2 with the guest SDK
          `baton explain B0005` says more

        exit 3
        --- stderr
        error[B0005]: broken.json is not a manifest
          because: the manifest does not parse: not JSON: trailing comma at line 1 column 14
          `baton explain B0005` says more

        exit 3
        --- stderr
        error[B0005]: out.wasm would be refused
          because: its manifest says world `workflow`, its exports say `tool`
          hint: nothing was written
          `baton explain B0005` says more

        exit 3
        --- stderr
        error[B0005]: toolless.json is not a manifest
          because: the manifest names no tools
          `baton explain B0005` says more

        exit 3
        --- stderr
        error[B0005]: long.json is not a manifest
          because: it has 262176 bytes; the limit is 262144
          `baton explain B0005` says more

        exit 1
        --- stderr
        error[B0004]: cannot read nowhere.json
          because: No such file or directory (os error 2)
          `baton explain B0004` says more
        ");
    assert!(!project.path("out.wasm").exists());
}
