//! A record that somebody changed does not reproduce: whatever follows from what is before it is made
//! once more.

use std::fs;
use std::io::{Read as _, Write as _};

use baton_core::digest::Digest;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Bench, script};

const FLOW: &str = "log('begins')
const one = await agent('one', { label: 'first', phase: 'Look' })
let refused = false
try { await agent('two', { agentType: 'nobody' }) } catch { refused = true }
await new Promise((done) => setTimeout(done, 5))
return { one, refused }
";

/// An exported run, to be written anew with other records.
pub struct Exported {
    parts: Vec<(String, Vec<u8>)>,
    pub records: Vec<Value>,
}

impl Exported {
    pub fn of(bench: &Bench, run: &str) -> Self {
        assert!(
            bench.project.output(&["export", run, "-o", "run.baton", "--force"]).status.success()
        );
        let file = fs::File::open(bench.project.path("run.baton")).unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(file));
        let parts = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().display().to_string(), bytes)
        });
        let parts: Vec<_> = parts.collect();
        let lines = String::from_utf8(parts[1].1.clone()).unwrap();
        let records = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { parts, records }
    }

    /// Numbers of the records of a kind that have this place.
    fn having(&self, kind: &str, place: &str) -> Option<usize> {
        self.records.iter().position(|record| record["body"][kind].pointer(place).is_some())
    }

    /// The file with these records, for which its manifest stands.
    pub fn file(&self, records: &[Value]) -> Vec<u8> {
        let mut chain = Digest::of(b"baton-run");
        let mut text = Vec::new();
        for record in records {
            let line = format!("{record}\n");
            let line_digest = Digest::of(line.as_bytes());
            chain = Digest::of(&[chain.bytes().as_slice(), line_digest.bytes()].concat());
            text.extend(line.into_bytes());
        }
        let mut manifest: Value = serde_json::from_slice(&self.parts[0].1).unwrap();
        manifest["bytes"] = json!(text.len());
        manifest["chain"] = json!(chain);
        let mut archive = tar::Builder::new(Vec::new());
        for (name, bytes) in &self.parts {
            let bytes = match name.as_str() {
                "manifest.json" => &manifest.to_string().into_bytes(),
                "records.jsonl" => &text,
                _ => bytes,
            };
            let mut header = tar::Header::new_ustar();
            header.set_path(name).unwrap();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            archive.append(&header, bytes.as_slice()).unwrap();
        }
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&archive.into_inner().unwrap()).unwrap();
        gzip.finish().unwrap()
    }
}

/// Brings a file in at another place and replays it there.
fn replayed(bench: &Bench, number: usize, file: &[u8]) -> Value {
    let home = format!("home-{number}");
    bench.project.write("changed.baton", file);
    let say = |arguments: &[&str]| {
        let mut command = bench.project.command(arguments);
        command.env("BATON_HOME", bench.project.path(&home)).output().unwrap()
    };
    let brought = say(&["import", "changed.baton"]);
    assert!(brought.status.success(), "{}", String::from_utf8_lossy(&brought.stderr));
    let output = say(&["replay", "last", "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.success(), shown["same"] == true, "{shown}");
    if shown["same"] == false {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("error[B0062]") && told.contains("hint:"), "{told}");
    }
    shown
}

#[test]
fn a_record_that_was_changed_does_not_follow() {
    let bench = Bench::new();
    bench.project.write("flow.js", script(FLOW));
    let run = bench.run("flow.js", &[]);
    assert_eq!(*run.output(), json!({ "one": "one", "refused": true }), "{run:?}");
    let exported = Exported::of(&bench, run.run());
    let same = replayed(&bench, 0, &exported.file(&exported.records));
    assert_eq!(same["same"], true, "{same}");

    let cancelled =
        json!({ "kind": "cancelled", "code": "cancelled", "message": "cancelled by ann" });
    let cancelled = json!({ "failed": cancelled });
    let cases: [(&str, &str, Value, &str); 8] = [
        ("finished", "/usage/cost_micro_usd", json!(1), "usage.cost_micro_usd"),
        ("finished", "/usage/fuel", json!(1), "usage.fuel"),
        ("finished", "/outcome", cancelled, "outcome"),
        ("completed", "/usage/agents", json!(3), "usage.agents"),
        ("spawned", "/work/agent/spec/options/label", json!("x"), "work.agent.spec.options.label"),
        ("spawned", "/work/agent/backend", json!("command:/bin/true"), "work.agent.backend"),
        ("spawned", "/work/sleep/due", json!(1), "work.sleep.due"),
        ("reported", "/report/log/text", json!("ends"), "digest"),
    ];
    for (number, (kind, place, value, field)) in cases.into_iter().enumerate() {
        let at = exported.having(kind, place).unwrap_or_else(|| panic!("no {kind} has {place}"));
        let mut records = exported.records.clone();
        *records[at]["body"][kind].pointer_mut(place).unwrap() = value;
        let shown = replayed(&bench, number + 1, &exported.file(&records));
        let seq = &records[at]["seq"];
        let wrong = shown["wrong"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(
            wrong.iter().any(|one| one["record"] == *seq && one["field"] == field),
            "{kind} {place}: {shown}"
        );
    }
}

#[test]
fn what_a_fork_shares_follows_where_the_program_is_the_same() {
    let bench = Bench::new();
    bench.project.write("flow.js", script(FLOW));
    bench.project.write(
        "words.js",
        script(
            &FLOW
                .replace("refused", "declined")
                .replace("return { one, declined }", "return { one, refused: declined }"),
        ),
    );
    let run = bench.run("flow.js", &[]).run().to_owned();
    let task = format!("{run}/2");
    for (number, (flags, follows)) in
        [(&[][..], true), (&["--workflow", "words.js", "--yes"], false)].into_iter().enumerate()
    {
        let fork = bench.fork(&[&[task.as_str()], flags].concat());
        assert_eq!(*fork.output(), json!({ "one": "one", "refused": true }), "{fork:?}");
        bench.reproduces(fork.run());
        let exported = Exported::of(&bench, fork.run());
        let at = exported.having("refused", "/refusal/code").unwrap();
        let mut records = exported.records.clone();
        // The script is told nothing of it, so that only the record itself can say.
        records[at]["body"]["refused"]["refusal"]["capability"] = json!("http");
        let shown = replayed(&bench, number, &exported.file(&records));
        // What the other program was refused follows from grants that are not on this record.
        assert_eq!(shown["same"] == false, follows, "{flags:?}: {shown}");
        let noticed = shown["wrong"][0]["field"] == "refusal.capability";
        assert_eq!(noticed, follows, "{flags:?}: {shown}");
    }
}
