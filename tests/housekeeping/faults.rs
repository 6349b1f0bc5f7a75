//! Disks that are full or write-protected, a journal that is locked or damaged, a blob that is gone.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use baton_test_support::until;
use serde_json::Value;

use crate::support::{Bench, fails, json, told};

/// Runs a shell where file systems can be mounted that nobody else sees.
fn apart(bench: &Bench, script: &str) -> Output {
    let like = bench.command(&[]);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-euc", script]);
    command.env_clear().current_dir(bench.path(""));
    for (name, value) in like.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.env("BATON", like.get_program()).env("WORKER", bench.worker());
    command.stdin(Stdio::null()).output().unwrap()
}

/// A home of some megabytes, on which a run finds no room, and goes on when there is some again.
const FULL: &str = r#"
mkdir -p home
mount -t tmpfs -o size=24m tmpfs home
"$BATON" run chain.js --args-json 2 --agent "$WORKER" --yes --json > first.json
run() { "$BATON" "$@" 2> "$err" && echo 0 || echo $?; }
# All that is left but some pages.
dd if=/dev/zero of=home/filler bs=4k 2> /dev/null || true
truncate -s -98304 home/filler
err=full.err
run run chain.js --args-json 60 --agent "$WORKER" --yes --json > full.json
err=ls.err
run ls --json > ls.out
# And now nothing is.
dd if=/dev/zero of=home/more bs=4k 2> /dev/null || true
ls home > before
err=gc.err
run gc --keep 0 --json > gc.out
ls home > after
rm home/filler home/more
id=$(sed -n 's/.*"run":"\(run_[0-9A-Z]*\)".*"state":"running".*/\1/p' ls.out | head -1)
"$BATON" journal --verify > verified
"$BATON" resume "$id" --json > resumed.json
"$BATON" journal --verify > verified
"#;

#[test]
fn a_full_disk_stops_a_run_that_goes_on_when_there_is_room() {
    let bench = Bench::new();
    let output = apart(&bench, FULL);
    let seen = |name: &str| bench.read(name);
    assert!(output.status.success(), "{}\n{}\n{}", told(&output), seen("full.err"), seen("ls.err"));
    let full = seen("full.err");
    assert!(full.contains("error[B0066]") && full.contains("hint:"), "{full}");
    assert!(full.contains("disk is full"), "{full}");
    // Reading needs no room; removing does, and has kept some.
    assert!(seen("ls.out").ends_with("0\n"), "{}", seen("ls.err"));
    let (report, code) =
        seen("gc.out").split_once('\n').map(|(one, two)| (one.to_owned(), two.to_owned())).unwrap();
    assert_eq!(code, "0\n", "{}", seen("gc.err"));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["removed"].as_array().unwrap().len(), 1, "{report}");
    let reserve = |name: &str| seen(name).lines().any(|line| line == "reserve");
    assert!(reserve("before") && !reserve("after"), "it was given up, and there is no room yet");
    let resumed: Value = serde_json::from_str(&seen("resumed.json")).unwrap();
    assert_eq!(resumed["state"], "done", "{resumed}");
    assert_eq!(resumed["output"].as_array().unwrap().len(), 60);
    // Only what was under way when the disk was full may have been done twice.
    let twice: Vec<String> =
        bench.calls().into_iter().filter(|(_, times)| *times > 2).map(|(task, _)| task).collect();
    assert!(twice.len() <= 2, "{twice:?}");
}

#[test]
fn a_home_that_cannot_be_written_can_be_read() {
    let bench = Bench::new();
    let run = bench.half(5, &[]);
    let script = "mount --bind home home
mount -o remount,bind,ro home
for command in 'ls --json' 'show last --json' 'tree last --json' 'journal last --json' \
    'export last -o out.baton' 'gc --dry-run --json' 'journal --verify'; do
    $BATON $command > /dev/null 2> err || { echo \"failed: $command\"; cat err; }
done
for command in \"run chain.js --args-json 1 --agent $WORKER --yes\" 'resume last --yes' \
    'gc --keep 0' 'cancel last' 'import out.baton'; do
    $BATON $command > /dev/null 2> err && echo \"succeeded: $command\"
    grep -q 'error.B0067' err && grep -q hint: err || { echo \"unclear: $command\"; cat err; }
done
";
    let output = apart(&bench, script);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.is_empty(), "{shown}\n{}", told(&output));
    // Nothing was lost.
    assert_eq!(bench.object(&["resume", &run, "--json"])["state"], "done");
    bench.verify();
}

#[test]
fn a_journal_that_another_holds_is_waited_for_and_then_told() {
    let bench = Bench::new();
    let run = bench.half(5, &[]);
    let holder = bench.database();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Reading goes on.
    assert_eq!(bench.object(&["ls", "--json"])["run"], run.as_str());
    let worker = bench.worker();
    let commands: [&[&str]; 3] = [
        &["run", "chain.js", "--args-json", "1", "--agent", &worker, "--yes"],
        &["resume", &run],
        &["cancel", &run],
    ];
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let bench = &bench;
        let started: Vec<_> =
            commands.iter().map(|command| scope.spawn(move || bench.output(command))).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for output in &outputs {
        fails(output, "B0065", 1);
    }
    // One that is let go of in time is nobody's error.
    let waiting = bench.command(&["resume", &run, "--json"]);
    let output = std::thread::scope(|scope| {
        let mut waiting = waiting;
        let waiting = scope.spawn(move || waiting.output().unwrap());
        std::thread::sleep(Duration::from_secs(1));
        holder.execute_batch("ROLLBACK").unwrap();
        waiting.join().unwrap()
    });
    assert_eq!(json(&output)["state"], "done", "{}", told(&output));
    bench.verify();
}

#[test]
fn a_run_that_another_process_holds_up_says_so_and_goes_on() {
    let bench = Bench::new();
    // Answers when it is let go.
    bench.write(
        "worker.sh",
        r#"#!/bin/sh
here=$(dirname "$0")
echo "${BATON_TASK#*/}" >> "$here/calls"
while [ ! -e "$here/go" ]; do sleep 0.05; done
printf '{"output":"did it"}'
"#,
    );
    let worker = bench.worker();
    let mut command =
        bench.command(&["run", "chain.js", "--args-json", "3", "--agent", &worker, "--yes"]);
    let told = fs::File::create(bench.path("told")).unwrap();
    let mut child = command.stdout(Stdio::null()).stderr(told).spawn().unwrap();
    bench.wait_for_calls(1);
    let holder = bench.database();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    bench.write("go", "");
    until("the run says why nothing happens", || {
        bench.read("told").contains("waiting: another process has held the journal for")
    });
    assert_eq!(bench.calls().len(), 1, "nothing began that is not on record");
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(child.wait().unwrap().success(), "{}", bench.read("told"));
    let calls: Vec<usize> = bench.calls().into_values().collect();
    assert_eq!(calls, [1, 1, 1]);
    bench.verify();
}

#[test]
fn a_state_directory_that_everybody_can_write_is_used_only_where_it_is_named() {
    let bench = Bench::new();
    bench.chain(1, &[]);
    let found = bench.path(".baton");
    fs::rename(bench.path("home"), &found).unwrap();
    let ls = |named: bool| {
        let mut command = bench.command(&["ls", "--json"]);
        match named {
            true => command.env("BATON_HOME", &found),
            false => command.env_remove("BATON_HOME"),
        };
        command.output().unwrap()
    };
    let shared = |mode| fs::set_permissions(&found, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(json(&ls(false))["state"], "done");
    shared(0o777);
    let text = fails(&ls(false), "B0078", 3);
    assert!(text.contains("can be written by everybody") && text.contains("--home DIR"), "{text}");
    assert_eq!(json(&ls(true))["state"], "done");
    shared(0o755);
    assert_eq!(json(&ls(false))["state"], "done");
}

#[test]
fn a_blob_that_is_gone_is_named_and_nothing_is_removed_for_it() {
    let bench = Bench::new();
    let run = bench.half(5, &[]);
    let journal = bench.database();
    journal
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             CREATE TABLE away AS SELECT * FROM blob WHERE length(bytes) < 1000;
             DELETE FROM blob WHERE length(bytes) < 1000;",
        )
        .unwrap();
    let left = bench.blobs();
    for arguments in
        [&["resume", &run][..], &["export", &run, "-o", "x.baton"], &["journal", "--verify"]]
    {
        let text = fails(&bench.output(arguments), "B0021", 1);
        assert!(text.contains("missing") || text.contains("damaged"), "{arguments:?}: {text}");
    }
    assert!(!bench.path("x.baton").exists());
    assert_eq!(bench.object(&["ls", "--json"])["state"], "running");
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!((&report["blobs"], &report["removed"]), (&0.into(), &Value::Array(vec![])));
    assert_eq!(bench.blobs(), left);
    // With the blob back it goes on.
    journal.execute_batch("INSERT INTO blob SELECT * FROM away; DROP TABLE away;").unwrap();
    assert_eq!(bench.object(&["resume", &run, "--json"])["state"], "done");
    bench.verify();
}

#[test]
fn a_damaged_file_is_told_by_every_command_and_left_as_it_is() {
    let bench = Bench::new();
    let run = bench.chain(3, &[])["run"].as_str().unwrap().to_owned();
    bench.database().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut file = OpenOptions::new().write(true).open(bench.file()).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[0xA5; 8_192]).unwrap();
    drop(file);
    let before = fs::read(bench.file()).unwrap();
    let worker = bench.worker();
    let commands: [&[&str]; 8] = [
        &["ls"],
        &["show", &run],
        &["journal", "--verify"],
        &["export", &run, "-o", "x.baton"],
        &["gc", "--keep", "0"],
        &["resume", &run],
        &["doctor"],
        &["run", "chain.js", "--args-json", "1", "--agent", &worker, "--yes"],
    ];
    for arguments in commands {
        fails(&bench.output(arguments), "B0021", 1);
    }
    assert_eq!(fs::read(bench.file()).unwrap(), before);
}
