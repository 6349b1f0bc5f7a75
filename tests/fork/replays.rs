//! A replay proves that a record reproduces, and changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baton_core::digest::Digest;
use baton_test_support::kill_9;

use crate::support::{Bench, script};

const FLOW: &str =
    "log('begins')\nconst one = await agent('one')\nreturn await agent(`two ${one}`)\n";

/// Digests of everything below a folder.
fn state(folder: &Path) -> BTreeMap<String, Digest> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let digest = Digest::of(&fs::read(&path).unwrap());
                all.insert(path.display().to_string(), digest);
            }
        }
    }
    // The shared memory of the database is its readers' own.
    all.retain(|path, _| !path.ends_with("-shm"));
    all
}

#[test]
fn a_replay_calls_nobody_and_writes_nothing() {
    let bench = Bench::new();
    bench.project.write("flow.js", script(FLOW));
    let run = bench.run("flow.js", &[]).run().to_owned();
    bench.reproduces(&run);
    let (home, calls) = (bench.project.path("home"), bench.calls().len());
    let before = state(&home);
    let shown = bench.reproduces(&run);
    assert_eq!((shown["workflows"][0]["end"].as_str(), bench.calls().len()), (Some("same"), calls));
    assert_eq!(state(&home), before);
    let text = bench.project.output(&["replay", &run]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("reproduces") && text.contains("records/s"), "{text}");
}

#[test]
fn an_edited_program_is_held_against_a_record() {
    let bench = Bench::new();
    bench.project.write("flow.js", script(FLOW));
    let run = bench.run("flow.js", &[]).run().to_owned();
    // Other words for the same.
    let same = FLOW
        .replace("one)", "found)")
        .replace("const one", "const found")
        .replace("${one}", "${found}");
    for (name, body, fits) in [
        ("same.js", same.as_str(), true),
        ("more.js", &FLOW.replace("return await", "await agent('more')\nreturn await"), false),
        ("less.js", "log('begins')\nconst one = await agent('one')\nreturn one\n", false),
        ("other.js", &FLOW.replace("return await agent", "return 'x' + await agent"), false),
        (
            "waits.js",
            &FLOW.replace("return await", "await new Promise(() => {})\nreturn await"),
            false,
        ),
    ] {
        bench.project.write(name, script(body));
        let output = bench.project.output(&["replay", &run, "--workflow", name]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), fits, "{name}: {told}");
        assert!(fits || told.contains("B0062"), "{name}: {told}");
        if name == "other.js" {
            assert!(told.contains("recorded:  done: \"two one\""), "{told}");
        }
    }
    let shown = bench.project.object(&["replay", &run, "--workflow", "less.js", "--json"]);
    assert_eq!(
        (&shown["same"], shown["workflows"][0]["end"].as_str()),
        (&false.into(), Some("diverged"))
    );
    bench.reproduces(&run);
}

#[test]
fn a_run_that_was_cut_off_reproduces_as_far_as_it_goes() {
    let bench = Bench::new();
    bench.project.write(
        "flow.js",
        script("const one = await agent('one')\nreturn await agent(`slow ${one}`)\n"),
    );
    let child = bench.project.spawn(&crate::support::starting("flow.js"));
    bench.wait_until("the slow agent", |bench| bench.calls().len() == 2);
    kill_9(child);
    let run = bench.project.last_run();
    let shown = bench.reproduces(&run);
    assert_eq!(shown["workflows"][0]["end"], "open");
    let calls = bench.calls().len();
    assert_eq!(calls, 2, "a replay starts nothing");
}
