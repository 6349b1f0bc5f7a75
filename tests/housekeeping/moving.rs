//! A run goes to another machine and goes on there.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use crate::support::{Bench, fails, json, told};

const STEPS: usize = 8;

#[test]
fn a_half_finished_run_goes_on_in_an_empty_home_elsewhere_and_repeats_nothing() {
    let bench = Bench::new();
    let expected = bench.chain(STEPS, &["--root", "root"])["output"].clone();
    fs::remove_file(bench.path("calls")).unwrap();
    let run = bench.half(STEPS, &["--root", "root"]);
    let done: Vec<String> = bench
        .lines(&["tree", &run, "--json"])
        .iter()
        .filter(|task| task["kind"] == "agent" && task["state"] == "done")
        .map(|task| task["task"].as_str().unwrap().split_once('/').unwrap().1.to_owned())
        .collect();
    assert!(!done.is_empty() && done.len() < STEPS, "{done:?}");

    let told_of = bench.object(&["export", &run, "-o", "half.baton", "--json"]);
    assert_eq!((&told_of["run"], &told_of["state"]), (&run.as_str().into(), &"running".into()));
    let first = fs::read(bench.path("half.baton")).unwrap();
    // The same state gives the same bytes, wherever they go.
    let again = bench.output(&["export", &run, "-o", "-"]);
    assert_eq!(again.stdout, first);
    fails(&bench.output(&["export", &run, "-o", "half.baton"]), "B0037", 1);
    assert!(bench.output(&["export", &run, "-o", "half.baton", "--force"]).status.success());

    // Another folder, an empty home, and a root that lies elsewhere.
    bench.write("there/ground/page.md", "one");
    let import = ["import", "../half.baton", "--root", "ground", "--json"];
    let imported = json(&bench.elsewhere("there", &import).output().unwrap());
    assert_eq!((&imported["run"], &imported["result"]), (&run.as_str().into(), &"imported".into()));
    let root = bench.path("there/ground").canonicalize().unwrap();
    assert_eq!(imported["root"], root.to_str().unwrap());
    let known = json(&bench.elsewhere("there", &import).output().unwrap());
    assert_eq!(known["result"], "known");
    // With another directory it would be another run.
    bench.write("there/other/page.md", "one");
    let elsewhere = ["import", "../half.baton", "--root", "other"];
    let text = fails(&bench.elsewhere("there", &elsewhere).output().unwrap(), "B0068", 3);
    assert!(
        text.contains("here already, with the directory") && text.contains("--as-new"),
        "{text}"
    );

    // This person started it, but anybody could have written the file.
    let resume = ["resume", &run, "--json"];
    let refused = bench.elsewhere("there", &resume).output().unwrap();
    let text = fails(&refused, "B0006", 3);
    assert!(text.contains("was not started by you"), "{text}");
    assert!(text.contains("reads") && text.contains("there/ground"), "{text}");
    // Where its worker is not, nothing is begun that could only fail.
    let worker = bench.path("worker.sh");
    fs::rename(&worker, bench.path("away.sh")).unwrap();
    let resume = ["resume", &run, "--yes"];
    let text = fails(&bench.elsewhere("there", &resume).output().unwrap(), "B0008", 2);
    assert!(text.contains("which is not here") && text.contains("worker.sh"), "{text}");
    fs::rename(bench.path("away.sh"), worker).unwrap();
    let before = bench.calls();
    let output = bench.elsewhere("there", &["resume", &run, "--yes", "--json"]).output().unwrap();
    let report = json(&output);
    assert_eq!((&report["state"], &report["output"]), (&"done".into(), &expected), "{report}");
    let after = bench.calls();
    for task in &done {
        assert_eq!(after.get(task), before.get(task), "task {task} was done again");
    }
    assert_eq!(after.len(), STEPS, "{after:?}");
    let verified = bench.elsewhere("there", &["journal", "--verify"]).output().unwrap();
    assert!(verified.status.success(), "{}", told(&verified));

    // It is further there than the file.
    let behind = bench.elsewhere("there", &import).output().unwrap();
    let text = fails(&behind, "B0068", 3);
    assert!(text.contains("here already, and further"), "{text}");
    let copy = ["import", "../half.baton", "--root", "ground", "--as-new", "--json"];
    let copy = json(&bench.elsewhere("there", &copy).output().unwrap());
    assert_ne!(copy["run"], run.as_str());
    let resume = ["resume", copy["run"].as_str().unwrap(), "--yes", "--json"];
    let report = json(&bench.elsewhere("there", &resume).output().unwrap());
    assert_eq!(report["output"], expected, "{report}");

    // And it comes back as far as it got there.
    let out = bench.elsewhere("there", &["export", &run, "-o", "../whole.baton"]).output().unwrap();
    assert!(out.status.success(), "{}", told(&out));
    let back = bench.output(&["import", "whole.baton"]);
    assert!(fails(&back, "B0068", 3).contains("not as far"), "{}", told(&back));
    bench.verify();
}

#[test]
fn a_run_that_goes_on_is_exported_as_far_as_it_is() {
    let bench = Bench::new();
    bench.hold_from(3);
    let worker = bench.worker();
    let start = ["run", "chain.js", "--args-json", "6", "--agent", &worker, "--yes", "--json"];
    let child = bench.command(&start).stdout(Stdio::piped()).spawn().unwrap();
    bench.wait_for_calls(3);
    let run = bench.last_run();
    let exported = bench.object(&["export", "last", "-o", "now.baton", "--json"]);
    bench.let_go();
    let ended = child.wait_with_output().unwrap();
    let whole = json(&ended);
    assert_eq!(whole["state"], "done");
    let records = bench.journal(&run).len() as u64;
    assert!(exported["records"].as_u64().unwrap() < records);
    // Through a pipe, as from another machine.
    let mut import = bench.elsewhere("there", &["import", "-"]);
    let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&fs::read(bench.path("now.baton")).unwrap()).unwrap();
    assert!(import.wait().unwrap().success());
    let resume = bench.elsewhere("there", &["resume", &run, "--yes", "--json"]).output().unwrap();
    assert_eq!(json(&resume)["output"], whole["output"]);
}

#[test]
fn no_device_and_no_link_is_replaced_by_a_file() {
    let bench = Bench::new();
    bench.chain(1, &[]);
    bench.write("mine.txt", "mine");
    symlink("mine.txt", bench.path("link")).unwrap();
    let _socket = UnixListener::bind(bench.path("socket")).unwrap();
    for place in ["link", "socket"] {
        let kind = || bench.path(place).symlink_metadata().unwrap().file_type();
        let before = kind();
        for command in [&["export", "last", "--force"][..], &["report", "last"]] {
            let output = bench.output(&[command, &["-o", place]].concat());
            let text = fails(&output, "B0037", 1);
            assert!(text.contains(place), "{text}");
            assert_eq!(kind(), before, "{command:?} {place}");
        }
    }
    assert_eq!(bench.read("mine.txt"), "mine");
}

#[test]
fn a_run_that_reuses_one_that_stayed_behind_goes_on_without_it() {
    let bench = Bench::new();
    let first = bench.chain(1, &[])["run"].as_str().unwrap().to_owned();
    let second = bench.half(6, &["--reuse", &first]);
    assert!(bench.output(&["export", &second, "-o", "run.baton"]).status.success());
    let output = bench.elsewhere("there", &["import", "../run.baton"]).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let resume = ["resume", &second, "--yes", "--json"];
    let report = json(&bench.elsewhere("there", &resume).output().unwrap());
    assert_eq!((&report["state"], &report["reused"]), (&"done".into(), &1.into()), "{report}");
}

#[test]
fn an_id_that_is_mine_is_nobodys_consent_in_the_journal_of_another() {
    let bench = Bench::new();
    let run = bench.half(6, &[]);
    assert!(bench.output(&["export", &run, "-o", "run.baton"]).status.success());
    // Another person brings it into a folder, which comes back to the one who has that id.
    let mut import = bench.elsewhere("theirs", &["import", "../run.baton"]);
    let import = import.env("HOME", bench.path("stranger")).output().unwrap();
    assert!(import.status.success(), "{}", told(&import));
    let before = bench.calls();
    let resumed = bench.elsewhere("theirs", &["resume", &run]).output().unwrap();
    assert!(fails(&resumed, "B0006", 3).contains("was not started by you"));
    assert_eq!(bench.calls(), before);
    // At home it still is.
    assert_eq!(bench.object(&["resume", &run, "--json"])["state"], "done");
}

#[test]
fn what_was_not_exported_is_refused_and_leaves_nothing() {
    let bench = Bench::new();
    let run = bench.half(6, &["--root", "root"]);
    assert!(bench.output(&["export", &run, "-o", "run.baton"]).status.success());
    let good = fs::read(bench.path("run.baton")).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    for bytes in [&b"nothing"[..], &good[..good.len() / 2], &bad] {
        bench.write("there/bad.baton", bytes);
        fails(&bench.elsewhere("there", &["import", "bad.baton"]).output().unwrap(), "B0068", 3);
        let listed = bench.elsewhere("there", &["ls", "--json"]).output().unwrap();
        assert!(listed.stdout.is_empty());
    }
    fails(
        &bench.elsewhere("there", &["import", "../run.baton", "--root", "no"]).output().unwrap(),
        "B0004",
        1,
    );
    // A root that is not here is told, and resume says so without harm.
    fs::rename(bench.path("root"), bench.path("moved")).unwrap();
    let output = bench.elsewhere("there", &["import", "../run.baton"]).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains("import it with --root DIR"), "{}", told(&output));
    let resumed = bench.elsewhere("there", &["resume", &run, "--yes"]).output().unwrap();
    assert!(!resumed.status.success());
    let shown = bench.elsewhere("there", &["ls", "--json"]).output().unwrap();
    assert_eq!(json(&shown)["state"], "running");
}

#[test]
fn no_key_and_no_secret_is_in_a_file() {
    const KEY: &str = "canary-key-2c6f50e1";
    let bench = Bench::new();
    let worker = bench.worker();
    let start = ["run", "chain.js", "--args-json", "2", "--agent", &worker, "--yes", "--json"];
    let output =
        bench.command(&start).env("ANTHROPIC_API_KEY", KEY).env("CANARY", KEY).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(bench.output(&["export", "last", "-o", "run.baton"]).status.success());
    let mut plain = Vec::new();
    let file = fs::File::open(bench.path("run.baton")).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut plain).unwrap();
    let has = |text: &str| plain.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("step 1 after 1"), "the file holds what was said");
    assert!(!has(KEY));
}

/// In the journal of somebody else a batch need not say what its runs say.
#[test]
fn a_run_of_somebody_elses_batch_is_asked_for_as_itself() {
    let bench = Bench::new();
    bench.write(
        "ask.js",
        "export const meta = { name: 'ask', description: 'Asks.' }
await baton.gate('Go on?')
return await agent('do it')
",
    );
    bench.write("inputs.jsonl", "1\n");
    let worker = bench.worker();
    let each = ["run", "ask.js", "--extensions", "--each", "inputs.jsonl", "--agent", &worker];
    let waiting = bench.output(&[&each[..], &["--yes"]].concat());
    assert_eq!(waiting.status.code(), Some(5), "{}", told(&waiting));
    let row = bench.object(&["ls", "--json"]);
    let (run, batch) = (row["run"].as_str().unwrap(), row["batch"]["id"].as_str().unwrap());
    // It came along with a directory, and names nobody.
    fs::remove_file(bench.path("person/.config/baton/started")).unwrap();
    let text = fails(&bench.output(&["resume", batch]), "B0006", 3);
    assert!(text.contains(&format!("`baton ls --batch {batch}` lists its runs")), "{text}");
    let harmed = bench.database().execute(
        "UPDATE batch SET spec = json_set(spec, '$.backends', json('{}')) WHERE id = ?1",
        [batch],
    );
    assert_eq!(harmed.unwrap(), 1);
    assert!(bench.output(&["approve", run]).status.success());
    let text = fails(&bench.output(&["resume", batch]), "B0006", 3);
    assert!(text.contains(run) && text.contains("programs of this machine"), "{text}");
    assert!(bench.calls().is_empty(), "nobody was started");
    let resumed = bench.output(&["resume", batch, "--yes"]);
    assert!(resumed.status.success(), "{}", told(&resumed));
    assert_eq!(bench.calls().len(), 1);
}
