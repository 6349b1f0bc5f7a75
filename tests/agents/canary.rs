//! A secret is nowhere but where it was granted.

use std::fs;
use std::path::Path;

use baton_test_llm::{Reply, Seen};
use serde_json::json;

use crate::support::{MODEL, Place};

/// A key, a secret of the person, and what lies in files that usually hold some.
const KEY: &str = "canary-key-5f1c0a9b7e";
const SECRET: &str = "canary-secret-83d0c4b1";
const FILE: &str = "canary-file-0b77a1e5";

/// Every file below a folder, whole.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

#[test]
fn a_canary_is_in_no_journal_transcript_log_prompt_environment_or_error() {
    // The model tries to get at everything: the file of secrets, the environment, the key itself.
    let place = Place::new(|seen: &Seen| match seen.turns {
        0 => Reply::call("read_file", json!({ "path": ".env" }))
            .and_call("search", json!({ "pattern": "canary" }))
            .and_call("exec", json!({ "argv": ["/usr/bin/env"] })),
        1 => Reply::call("read_file", json!({ "path": "notes.txt" })),
        2 => Reply::call("read_file", json!({ "path": "../person/.netrc" })),
        _ => Reply::text(format!("I was told: {}", seen.prompt())),
    });
    place.project.write("root/.env", format!("TOKEN={FILE}\n"));
    // A key that was copied into a file that everybody may read.
    place.project.write("root/notes.txt", format!("the key is {KEY}\n"));
    place.project.write("person/.netrc", format!("password {FILE}\n"));
    place.project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'One agent.',
  baton: { exec: ['/usr/bin/env'] } }
return await agent('Find the secret.', { baton: { tools: ['exec'] } })
",
    );
    place.project.write(
        "person/.config/baton/config.toml",
        "[secrets.token]\nenv = \"CANARY\"\nhosts = [\"https://example.org\"]\n\n\
         [grant]\nexec = [\"/usr/bin/env\"]\n",
    );
    let run = |key: &str| {
        place
            .command(&[
                "run",
                "flow.js",
                "--agent",
                MODEL,
                "--root",
                "root",
                "--extensions",
                "--yes",
                "--json",
                "--grant",
                "secrets=token",
            ])
            .env("ANTHROPIC_API_KEY", key)
            .env("CANARY", SECRET)
            .output()
            .unwrap()
    };
    let output = run(KEY);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    let id = place.project.last_run();
    let mut said: Vec<(String, Vec<u8>)> =
        vec![("standard output".into(), output.stdout), ("standard error".into(), output.stderr)];
    for arguments in [
        &["show", &id][..],
        &["show", &format!("{id}/1"), "--full"],
        &["show", &format!("{id}/1"), "--json"],
        &["journal", &id, "--json"],
        &["tree", &id],
    ] {
        let output = place.output(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        said.push((format!("{arguments:?}"), output.stdout));
        said.push((format!("{arguments:?}, errors"), output.stderr));
    }
    files(&place.project.path("home"), &mut said);
    for seen in place.server.log() {
        said.push((format!("request {}", seen.number), seen.body.to_vec()));
    }
    assert!(place.server.log().iter().all(|seen| seen.header("x-api-key") == Some(KEY)));
    for (name, bytes) in &said {
        for canary in [KEY, SECRET, FILE] {
            assert!(!holds(bytes, canary), "{canary} is in {name}");
        }
    }
    // The tools were really called: what came back was said to the model, without the secret.
    let last = place.server.log().pop().unwrap();
    assert!(last.prompt().contains("the key is [secret key of anthropic]"), "{}", last.prompt());
    assert!(last.prompt().contains("PATH="), "{}", last.prompt());
    assert!(!last.prompt().contains("CANARY="), "{}", last.prompt());
}
