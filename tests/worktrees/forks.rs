//! What isolated agents of a run that is forked have changed.

use serde_json::json;

use crate::place::Place;

/// A run with two isolated agents, one after the other; each makes a file.
fn two(place: &Place) -> String {
    place.project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'Edits.' }
const made = []
for (const name of ['a', 'b']) {
  made.push(await agent(`new ${name}.txt me`, { isolation: 'worktree' }))
}
return made
",
    );
    let said = place.say(&Place::run_arguments());
    assert_eq!((said.exit, &said.lines[0]["state"]), (0, &json!("done")), "{said:?}");
    place.project.last_run()
}

/// Forks it at its second agent, which makes another file there; the fork.
fn forked(place: &Place, run: &str) -> String {
    let edit = ["fork", &format!("{run}/2"), "--edit-input", "new c.txt me", "--yes", "--json"];
    let said = place.say(&edit);
    assert_eq!((said.exit, &said.lines[0]["state"]), (0, &json!("done")), "{said:?}");
    said.lines[0]["run"].as_str().unwrap().to_owned()
}

fn made(place: &Place) -> Vec<&'static str> {
    let is_there = |name: &&str| place.project.path(&format!("root/{name}")).exists();
    ["a.txt", "b.txt", "c.txt"].into_iter().filter(is_there).collect()
}

#[test]
fn a_fork_has_the_changes_that_it_shares_and_makes_its_own_beside_those_of_the_run() {
    let place = Place::new();
    let run = two(&place);
    let before = place.files();
    let fork = forked(&place, &run);
    let calls = place.project.read("calls");
    assert_eq!(calls.lines().collect::<Vec<_>>(), ["new a.txt me", "new b.txt me", "new c.txt me"]);
    assert_eq!(place.files(), before, "nothing of the person's was touched");
    let mut remains = vec![format!("{run}-1"), format!("{run}-2"), format!("{fork}-2")];
    remains.sort();
    assert_eq!(place.remains(), remains, "what is shared was done once");

    let applied = place.say(&["apply", "--all", &fork, "--json"]);
    assert_eq!(applied.exit, 0, "{applied:?}");
    let states: Vec<_> = applied.lines.iter().map(|line| (&line["task"], &line["state"])).collect();
    let (one, two) = (json!(format!("{fork}/1")), json!(format!("{fork}/2")));
    assert_eq!(states, [(&one, &json!("applied")), (&two, &json!("applied"))]);
    // The worktree of the shared one is the run's, which may still want it.
    assert_eq!(applied.lines[0]["worktree"], json!(null));
    assert_eq!(applied.lines[1]["worktree"]["removed"], true);
    assert_eq!(made(&place), ["a.txt", "c.txt"]);

    let applied = place.say(&["apply", "--all", &run, "--json"]);
    let states: Vec<_> = applied.lines.iter().map(|line| &line["state"]).collect();
    assert_eq!(states, [&json!("already-applied"), &json!("applied")], "{applied:?}");
    assert_eq!(made(&place), ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(place.remains(), [] as [&str; 0]);
    let replayed = place.say(&["replay", &fork, "--json"]);
    assert_eq!(replayed.lines[0]["same"], true, "{replayed:?}");
}

#[test]
fn shared_changes_outlive_the_run_that_made_them() {
    let place = Place::new();
    let run = two(&place);
    let fork = forked(&place, &run);
    let said = place.say(&["gc", "--keep", "1", "--json"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert_eq!(said.lines[0]["removed"][0]["run"], json!(run), "{said:?}");
    assert_eq!(place.say(&["show", &run]).exit, 2);
    // What it had changed is nowhere else: its worktrees stay where they are.
    let remains = place.remains();
    for name in [format!("{run}-1"), format!("{run}-2"), format!("{fork}-2")] {
        assert!(remains.contains(&name), "{name}: {remains:?}");
    }
    let applied = place.say(&["apply", "--all", &fork, "--json"]);
    assert_eq!(applied.exit, 0, "{applied:?}");
    assert_eq!(made(&place), ["a.txt", "c.txt"]);
}
