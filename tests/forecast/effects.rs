//! What a forecast does not do, and what it says where it cannot tell.

use std::collections::BTreeMap;
use std::path::Path;

use baton_test_llm::{Reply, Seen};

use crate::place::{MODEL, Place};

/// All files below a folder, with their bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
            found.insert(path.display().to_string(), Vec::new());
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    found
}

fn place(script: &str) -> Place {
    let place = Place::new(&[("a.md", "# A\n")], |_: &Seen| Reply::text("never asked"));
    place.project.write("flow.js", script);
    place
}

const READER: &str = "export const meta = { name: 'reader', description: 'Reads.',
  baton: { read: ['**/*.md'], exec: ['touch **'] } }
const pages = await baton.glob('**/*.md')
await baton.exec(['touch', 'made'])
await baton.gate('Go on?')
await baton.sleep(3600000)
return await parallel(pages.map((page) => () => agent(`Read ${page}`)))
";

#[test]
fn nothing_is_called_and_nothing_is_written() {
    let place = place(READER);
    place.project.write("person/.config/baton/config.toml", "[grant]\nexec = [\"touch **\"]\n");
    let home = place.project.path("");
    let before = files(&home);
    let flags = ["--agent", MODEL, "--extensions", "--root", "root", "--yes", "--json"];
    let shown = place.object(&[&["plan", "flow.js"][..], &flags].concat());
    assert_eq!(shown["forecast"]["complete"], true, "{shown}");
    assert_eq!(shown["forecast"]["agents"]["likely"], 1, "it read the files: {shown}");
    assert_eq!(place.server.requests(), 0);
    let after = files(&home);
    let changed: Vec<&String> =
        after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert_eq!(changed, [] as [&String; 0]);
    assert_eq!(before.len(), after.len());
}

#[test]
fn files_are_read_only_where_that_was_granted() {
    let place = place(READER);
    let base = ["plan", "flow.js", "--agent", MODEL, "--extensions", "--root", "root", "--json"];
    let grants: [(&[&str], bool); 4] = [
        (&[], false),
        (&["--yes"], true),
        (&["--grant", "read=**"], true),
        (&["--yes", "--no-forecast"], false),
    ];
    for (more, expected) in grants {
        let shown = place.object(&[&base[..], more].concat());
        assert_eq!(shown["forecast"].is_object(), expected, "{more:?}: {shown}");
        assert_eq!(shown["no_forecast"].is_string(), !expected, "{more:?}: {shown}");
        assert_eq!(shown["name"], "reader");
    }
    // A script of the plain dialect reads nothing, and is asked nothing.
    place.project.write(
        "plain.js",
        "export const meta = { name: 'p', description: 'P.' }\nreturn agent('x')\n",
    );
    let shown = place.object(&["plan", "plain.js", "--agent", MODEL, "--root", "root", "--json"]);
    assert_eq!(shown["forecast"]["agents"]["high"], 1, "{shown}");
    assert_eq!(shown["allowed"], "never");
}

#[test]
fn what_has_no_end_or_fails_is_told() {
    let endless = "export const meta = { name: 'e', description: 'E.' }
for (let n = 0; ; n += 1) await parallel([0, 1, 2, 3].map((i) => () => agent(`${n} ${i}`)))
";
    let failing = "export const meta = { name: 'f', description: 'F.' }
const told = await agent('as JSON, please')
return JSON.parse(told).answer
";
    for (script, words) in [(endless, "limit run.agents"), (failing, "dry runs failed")] {
        let place = place(script);
        let plan =
            ["plan", "flow.js", "--agent", MODEL, "--seeds", "3", "--limit", "run.agents=90"];
        let shown = place.object(&[&plan[..], &["--json"]].concat());
        let forecast = &shown["forecast"];
        assert_eq!(forecast["complete"], false, "{forecast}");
        let notes = forecast["notes"].to_string();
        assert!(notes.contains(words), "{words}: {notes}");
        let text = place.text(&plan);
        assert!(text.contains("NOT complete"), "{text}");
    }
}

#[test]
fn what_computes_without_an_end_is_told_after_one_dry_run() {
    let meta = "export const meta = { name: 's', description: 'S.' }\n";
    let cases = [
        // Whatever anybody answered would change nothing.
        ("for (;;) {}\n", 1),
        // Others might be answered otherwise, but hardly so twice.
        ("await agent('Go.')\nfor (;;) {}\n", 2),
    ];
    for (body, seeds) in cases {
        let place = place(&format!("{meta}{body}"));
        let shown = place.object(&["plan", "flow.js", "--agent", MODEL, "--json"]);
        let forecast = &shown["forecast"];
        assert_eq!(forecast["basis"]["seeds"], seeds, "{body}: {forecast}");
        assert_eq!(forecast["complete"], false, "{body}: {forecast}");
        let notes = forecast["notes"].to_string();
        assert!(notes.contains("without a sign of life"), "{body}: {notes}");
    }
}
