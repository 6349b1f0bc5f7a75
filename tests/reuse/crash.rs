//! A host that is killed while it uses the results of another run.

use std::collections::BTreeMap;
use std::fs;

use baton_test_support::{kill_9, until};

use crate::support::{Project, asking, numbered};

#[test]
fn a_kill_pays_for_nothing_twice() {
    for at in [0, 3, 9, 15] {
        let project = Project::new();
        let old = numbered("slow", 30);
        let mut new = numbered("slow later", 20);
        // Interleaved, so that reused and performed calls are under way together.
        for (number, prompt) in old.iter().enumerate() {
            new.insert(number * 3 / 2, prompt.clone());
        }
        project.write("flow.js", asking(&old));
        let first = project.run("flow.js", &[]).run;
        project.write("flow.js", asking(&new));
        let arguments = [
            "run",
            "flow.js",
            "--root",
            "root",
            "--agent",
            "command:./worker.sh",
            "--yes",
            "--concurrency",
            "4",
            "--reuse",
            &first,
        ];
        // Calls after these are answered when the host is gone.
        project.write("hold", (30 + at).to_string());
        let child = project.spawn(&arguments);
        until("so many calls of the second run", || {
            project.calls().len() >= 30 + at && project.lines(&["ls", "--json"]).len() == 2
        });
        kill_9(child);
        fs::remove_file(project.path("hold")).unwrap();

        let resumed = project.ran(&["resume", "last", "--json"]);
        assert_eq!(resumed.state, "done");
        assert_eq!(resumed.reused, 30, "killed after {at} calls");
        let answers = resumed.output.as_array().unwrap();
        assert!(answers.iter().zip(&new).all(|(answer, prompt)| {
            answer.as_str().unwrap().starts_with(&format!("{prompt}, "))
        }));
        let mut starts: BTreeMap<String, usize> = BTreeMap::new();
        for call in project.calls() {
            *starts.entry(call).or_default() += 1;
        }
        for prompt in &old {
            assert_eq!(starts[prompt], 1, "{prompt} was paid for in the first run");
        }
        // Only what was at work may have begun twice: four at once.
        let twice = starts.values().filter(|count| **count == 2).count();
        assert!(twice <= 4 && starts.values().all(|count| *count <= 2), "{starts:?}");
        let records = project.lines(&["journal", "last", "--json"]);
        let mut claims: Vec<&str> =
            records.iter().filter_map(|record| record["body"]["reused_from"].as_str()).collect();
        claims.sort_unstable();
        let all = claims.len();
        claims.dedup();
        assert_eq!((all, claims.len()), (30, 30), "each result is claimed once");
    }
}
