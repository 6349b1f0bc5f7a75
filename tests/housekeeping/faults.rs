//! Disks that are full or write-protected, a journal that is locked or damaged, a blob that is gone.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

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
err=gc.err
run gc --keep 0 --json > gc.out
rm home/filler
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
    // Reading needs no room, removing does and says so, or found enough.
    assert!(seen("ls.out").ends_with("0\n"), "{}", seen("ls.err"));
    let gc = seen("gc.err");
    assert!(gc.is_empty() || gc.contains("B0066") || seen("gc.out").ends_with("0\n"), "{gc}");
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
    bench.seconds("0");
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
