//! A file of somebody else may name limits for itself. Beyond the usual ones, whoever reads it is asked.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Bench, script};
use crate::tampered::Exported;

const FLOW: &str = "return await agent('one')\n";

/// A run that was exported, and a place where it is nobody's own.
struct Strange {
    bench: Bench,
    exported: Exported,
    run: String,
}

impl Strange {
    fn new() -> Self {
        let bench = Bench::new();
        bench.project.write("flow.js", script(FLOW));
        bench.project.write("other.js", script("return [await agent('one')]\n"));
        let run = bench.run("flow.js", &[]).run().to_owned();
        let agent = "command:./worker.sh";
        let always = ["run", "other.js", "--root", "root", "--agent", agent, "--always"];
        assert!(bench.project.output(&always).status.success());
        let exported = Exported::of(&bench, &run);
        Self { bench, exported, run }
    }

    /// The file with one value changed in its first record, and what else `change` does.
    fn file(&self, limit: &str, value: u64, change: impl Fn(&mut Vec<Value>)) {
        let mut records = self.exported.records.clone();
        let limits = &mut records[0]["body"]["run-started"]["limits"];
        let place = limits.pointer_mut(limit).unwrap_or_else(|| panic!("there is no {limit}"));
        *place = json!(value);
        change(&mut records);
        self.bench.project.write("strange.baton", self.exported.file(&records));
    }

    /// What a command says in the other place.
    fn says(&self, arguments: &[&str]) -> (i32, String, Output) {
        let mut command = self.bench.project.command(arguments);
        let output = command.env("BATON_HOME", self.bench.project.path("elsewhere")).output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or_default(), told, output)
    }

    /// Brings the file in; returns what the run is called there.
    fn imports(&self, flag: &str) -> String {
        let (code, told, output) = self.says(&["import", "strange.baton", "--json", flag]);
        assert_eq!(code, 0, "{told}");
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["run"].as_str().unwrap().to_owned()
    }

    /// The command needs a word of the person.
    fn asks(&self, arguments: &[&str], about: &str) {
        let (code, told, output) = self.says(arguments);
        assert!(code == 3 && told.contains("B0006") && told.contains(about), "{code} {told}");
        assert!(told.contains("--yes"), "{told}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn a_strange_record_is_not_executed_with_limits_of_its_own() {
    let strange = Strange::new();
    for (limit, value, named) in [
        ("/workflow/fuel", 1 << 62, format!("workflow.fuel {}", 1_u64 << 62)),
        ("/workflow/wall_ms", 1 << 50, format!("workflow.wall_ms {}", 1_u64 << 50)),
        ("/workflow/memory_bytes", 256 << 20, format!("workflow.memory_bytes {}", 256 << 20)),
    ] {
        strange.file(limit, value, |_| {});
        // Nothing of it is as large as that: it may be brought in.
        let run = strange.imports("--as-new");
        strange.asks(&["replay", &run], &named);
        strange.asks(&["replay", &run, "--json"], &named);
        let agent = "command:./worker.sh";
        let fork = ["fork", &run, "--at", "/1", "--workflow", "other.js", "--agent", agent];
        strange.asks(&fork, &named);
        strange.asks(&[&fork[..], &["--dry-run"]].concat(), &named);
        let (code, told, output) = strange.says(&["replay", &run, "--yes", "--json"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(code == 0 && shown["same"] == true, "{named}: {code} {told} {shown}");
    }
    // Lower ones are nobody's concern, nor is a run of one's own.
    strange.file("/workflow/wall_ms", 60_000, |_| {});
    let run = strange.imports("--as-new");
    assert_eq!(strange.says(&["replay", &run]).0, 0);
    assert!(strange.bench.project.output(&["replay", &strange.run]).status.success());
}

#[test]
fn a_strange_file_brings_no_texts_that_are_larger_than_usual() {
    let strange = Strange::new();
    let large = |records: &mut Vec<Value>| {
        let spawned = records.iter_mut().find(|record| record["body"]["spawned"].is_object());
        let spec = spawned.unwrap().pointer_mut("/body/spawned/work/agent/spec/prompt");
        *spec.unwrap() = json!("x".repeat(2 << 20));
    };
    strange.file("/run/prompt_bytes", 1 << 20, large);
    let (code, told, _) = strange.says(&["import", "strange.baton", "--yes"]);
    assert!(code == 3 && told.contains("B0068"), "{code} {told}");
    strange.file("/run/prompt_bytes", 1 << 40, large);
    strange.asks(&["import", "strange.baton"], "has a prompt of 2097152 bytes");
    strange.asks(&["import", "strange.baton", "--json"], "1048576 are the limit");
    let (_, told, output) = strange.says(&["ls", "--json"]);
    assert!(output.stdout.is_empty(), "it was imported: {told}");
    let run = strange.imports("--yes");
    strange.asks(&["replay", &run], "run.prompt_bytes 1099511627776");
}
