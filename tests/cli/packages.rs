//! `baton new --tool`, `--workflow` and `--agent`: packages that build with plain cargo, pass their
//! own tests, and whose components do what their recorded cases say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::support::Project;

/// What cargo and rustup need of the environment: flags of the outer build must not get in.
const KEPT: &[&str] = &["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "LANG"];

/// Packages are compiled here, so that what they share is compiled once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages")
}

/// The toolchain of this workspace.
fn toolchain() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rust-toolchain.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let channel = text.lines().find_map(|line| line.strip_prefix("channel = "));
    channel.unwrap().trim_matches('"').to_owned()
}

fn cargo(package: &Path, arguments: &[&str]) -> Output {
    let run = |offline: bool| {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.args(arguments).current_dir(package).env_clear();
        command.env("CARGO_TARGET_DIR", target());
        // Outside of a workspace with a toolchain of its own, rustup would take another one.
        command.env("RUSTUP_TOOLCHAIN", toolchain());
        for name in KEPT {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        if offline {
            command.arg("--offline");
        }
        command.output().unwrap()
    };
    let said = run(true);
    // Offline it works where everything is there already, as after a build of this workspace.
    if said.status.success() { said } else { run(false) }
}

#[test]
fn a_new_package_builds_with_plain_cargo_and_passes_its_tests() {
    let project = Project::with_scripts();
    for (kind, name, tests, cases) in
        [("tool", "line-count", 2, 3), ("workflow", "notes", 2, 2), ("agent", "counter", 1, 2)]
    {
        let said = project.run(&["new", &format!("--{kind}"), name, "--dir", "made"]);
        assert_eq!(said.exit, 0, "{}", said.shown());
        let package = project.path("made").join(name);
        // The same releases of crates as this workspace, so that nothing is downloaded.
        let locked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
        std::fs::copy(locked, package.join("Cargo.lock")).unwrap();

        let said = cargo(&package, &["test"]);
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&said.stderr));
        assert!(text.contains(&format!("test result: ok. {tests} passed")), "{name}: {text}");
        let said = cargo(&package, &["build", "--release", "--target", "wasm32-wasip2"]);
        assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));

        let file = format!("{}.wasm", name.replace('-', "_"));
        let built = target().join("wasm32-wasip2/release").join(file);
        let built = built.to_str().unwrap();
        let folder = package.join("cases");
        let said = project.run(&["test", built, "--cases", folder.to_str().unwrap(), "--json"]);
        let report = said.json();
        assert_eq!((said.exit, &report["passed"]), (0, &cases.into()), "{}", said.shown());
        assert_eq!(report["world"], kind);
        let said = project.run(&["check", built, "--json"]);
        let found = said.json();
        assert_eq!(found["accepted"], true, "{}", said.shown());
        // What a guest does not use is not there.
        assert!(!found["imports"].to_string().contains("wasi:http"), "{found}");
    }
}

#[test]
fn a_package_is_written_over_nothing() {
    let project = Project::new();
    project.write("here/mine", "mine");
    for (arguments, code, part) in [
        (&["new", "--tool", "here"][..], "B0037", "here is already there"),
        (&["new", "--tool", "Here"], "B0001", "`Here` cannot be the name of a component"),
        (&["new", "--agent", "7up"], "B0001", "`7up` cannot be the name of a package"),
        (&["new", "--workflow", "std"], "B0001", "`std` cannot be the name of a package"),
        (&["new", "--tool", "a", "--sdk", "here"], "B0001", "here is not the SDK"),
        (&["new", "--tool", "a", "--sdk", "none"], "B0004", "cannot use the SDK in none"),
    ] {
        let said = project.run(arguments);
        assert!(said.stderr.starts_with(&format!("error[{code}]: {part}")), "{}", said.shown());
    }
    assert!(!project.path("a").exists());
    assert_eq!(std::fs::read_dir(project.path("here")).unwrap().count(), 1);
    for arguments in [&["new"][..], &["new", "--tool", "a", "--agent", "b"]] {
        assert_eq!(project.run(arguments).exit, 2);
    }
    let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-sdk");
    let said = project.run(&["new", "--tool", "lean", "--sdk", sdk]);
    assert_eq!(said.exit, 0, "{}", said.shown());
    assert!(!project.path("lean/.baton-sdk").exists());
    let manifest = std::fs::read_to_string(project.path("lean/Cargo.toml")).unwrap();
    assert!(manifest.contains("/guest-sdk\" }"), "{manifest}");
}
