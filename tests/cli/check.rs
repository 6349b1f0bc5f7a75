//! `baton check` of what is no component.

use super::support::Project;

#[test]
fn what_is_no_component_is_refused_in_words() {
    let project = Project::new();
    project.write("empty.wasm", "");
    project.write("text.wasm", "(component)");
    project.write("module.wasm", b"\0asm\x01\0\0\0");
    project.write("torn.wasm", b"\0asm\x0d\0\x01\0\x07\xff");
    let all: Vec<String> = ["empty.wasm", "text.wasm", "module.wasm", "torn.wasm"]
        .iter()
        .map(|file| project.run(&["check", file]).shown())
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    exit 3
    --- stderr
    error[B0005]: empty.wasm is not a component that baton runs
      because: not a component: the file is empty
      hint: build it for wasm32-wasip2 with the guest SDK
      `baton explain B0005` says more

    exit 3
    --- stderr
    error[B0005]: text.wasm is not a component that baton runs
      because: not a component: it is WebAssembly text; translate it to binary first
      hint: build it for wasm32-wasip2 with the guest SDK
      `baton explain B0005` says more

    exit 3
    --- stderr
    error[B0005]: module.wasm is not a component that baton runs
      because: not a component: it is a core module; build it for `wasm32-wasip2` or wrap it as a component
      hint: build it for wasm32-wasip2 with the guest SDK
      `baton explain B0005` says more

    exit 3
    --- stderr
    error[B0005]: torn.wasm is not a component that baton runs
      because: not a valid component: unexpected end-of-file (at offset 0xa)
      hint: build it for wasm32-wasip2 with the guest SDK
      `baton explain B0005` says more
    ");
}

#[test]
fn a_component_that_does_nothing_is_refused_with_every_reason() {
    let project = Project::new();
    project.write("bare.wasm", b"\0asm\x0d\0\x01\0");
    insta::assert_snapshot!(project.run(&["check", "bare.wasm"]).shown(), @r"
    exit 3
    --- stdout
    file       bare.wasm
    digest     [DIGEST]
    size       8 B
    world      none

    baton refuses this component:
      - it exports neither `run` (world `workflow`) nor `perform` (world `agent`) nor `call` (world `tool`)
      - it has no section `baton:manifest`
    ");
    let said = project.run(&["check", "bare.wasm", "--json"]);
    let object = said.json();
    assert_eq!(said.exit, 3);
    assert_eq!(object["accepted"], false);
    assert_eq!(object["refusals"].as_array().unwrap().len(), 2);
}

#[test]
fn a_missing_file_is_named() {
    insta::assert_snapshot!(Project::new().run(&["check", "./none.wasm"]).shown(), @r"
    exit 1
    --- stderr
    error[B0004]: cannot read ./none.wasm
      because: No such file or directory (os error 2)
      `baton explain B0004` says more
    ");
}

#[test]
fn a_directory_is_no_component() {
    let project = Project::new();
    project.write("flow.wasm/x", "");
    insta::assert_snapshot!(project.run(&["check", "flow.wasm"]).shown(), @r"
    exit 1
    --- stderr
    error[B0004]: flow.wasm is not a file
      `baton explain B0004` says more
    ");
}
