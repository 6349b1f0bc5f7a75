//! A script whose agents are models: tools within their scope, and what is outside of it.

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::support::{MODEL, Place, records, submit};

const FLOW: &str = "export const meta = {
  name: 'flow', description: 'Finds what is left to do.',
  baton: { read: ['**'], tools: ['code/*'], exec: ['git log *'] },
}
const found = await agent('Where is something left to do?', {
  label: 'look',
  schema: { type: 'object', properties: { places: { type: 'array', items: { type: 'string' } } }, required: ['places'] },
  baton: { tools: ['code/search'], maxTurns: 9, stallMs: 60000 },
})
return found.places
";

#[test]
fn granted_tools_are_called_and_others_are_refused() {
    let place = Place::new(&[("src/a.js", "// LATER: more\n"), ("src/b.js", "done()\n")], |seen| {
        match seen.turns {
            0 => Reply::call("code__search", json!({ "pattern": "LATER" }))
                .and_call("code__tree", json!({}))
                .and_call("exec", json!({ "argv": ["git", "log", "main"] })),
            1 => {
                let told = seen.by("tool");
                assert!(told.contains("src/a.js"), "{told}");
                // Nothing fits: the answer lacks what the schema wants.
                submit(json!({ "files": ["src/a.js"] }))
            }
            _ => submit(json!({ "places": ["src/a.js:1"] })),
        }
    });
    place.project.write("flow.js", FLOW);
    let flags = ["--agent", MODEL, "--extensions", "--grant", "exec=git log *"];
    let report = place.run("flow.js", &Value::Null, &flags);
    assert_eq!(
        (&report["state"], &report["output"]),
        (&json!("done"), &json!(["src/a.js:1"])),
        "{report}"
    );
    let log = place.server.log();
    let offered = |tool: &str| log.iter().all(|seen: &Seen| seen.offers(tool));
    assert!(offered("code__search") && !offered("code__tree") && !offered("exec"));
    let journal = place.project.journal(report["run"].as_str().unwrap());
    // One tool was at work, as a task below the agent; the two others never began.
    let called = records(&journal, "called");
    let tools: Vec<&Value> = called.iter().map(|record| &record["work"]["tool"]["tool"]).collect();
    assert_eq!(tools, [&json!("code/search")], "{called:?}");
    let denied = records(&journal, "denied");
    assert!(denied.len() >= 2, "{denied:?}");
}
