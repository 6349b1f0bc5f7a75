//! `setTimeout` and what becomes of it.

use serde_json::{Value, json};

use crate::case::{cases, script, steps, text};
use crate::place::WORKER;

cases! {
    /// A timer fires, with its arguments, in the order of the times.
    D110_timers: script(r#"
const seen = []
await new Promise((resolve) => {
  setTimeout((x) => { seen.push(x); resolve() }, 60, 'late')
  setTimeout(() => seen.push('soon'), 5)
  const never = setTimeout(() => seen.push('never'), 20)
  clearTimeout(never)
  setTimeout(() => seen.push('at once'))
})
clearTimeout(undefined)
clearTimeout(12345)
return seen"#)
        .done(json!(["at once", "soon", "late"]));

    /// A timer that is still pending does not keep a run.
    D110_pending_timers: script("setTimeout(() => log('late'), 3_600_000)\nreturn 1")
        .done(json!(1)).logs(&[]);

    /// An error in a timer's callback is logged like a rejection nobody handles.
    D110_errors_in_timers: script(r#"
setTimeout(() => { throw new Error('in a timer') }, 1)
await new Promise((resolve) => setTimeout(resolve, 30))
return 'on'"#)
        .also(|ended| {
            if ended.report["state"] == "done" {
                assert!(ended.logs().iter().any(|line| line.contains("in a timer")));
            } else {
                assert_eq!(ended.report["error"]["failure"]["code"], "script-error");
            }
        });

    /// A timer is recorded with the moment it is due, and is not begun anew after a kill.
    D111_timers_survive: steps(|place| {
        place.write("case.js", text(r#"
await agent('open started')
await new Promise((resolve) => setTimeout(resolve, 1500))
return await agent('hold it')"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes"];
        let timers = |run: &str| -> Vec<Value> {
            place.journal(run).into_iter()
                .filter(|r| r["kind"] == "spawned" && r["body"]["work"]["sleep"].is_object())
                .collect()
        };
        let run = place.killed(&start, || {
            place.path("gate-started").exists() && timers(&place.runs()[0]).len() == 1
        });
        let before = timers(&run);
        place.open("it");
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"], "hold it", "{report}");
        assert_eq!(timers(&run), before, "one timer, due when it was due before");
        let due = before[0]["body"]["work"]["sleep"]["due"].as_u64().unwrap();
        let (spawned, fired) = {
            let journal = place.journal(&run);
            let at = |record: &Value| moment(record["at"].as_str().unwrap());
            let task = &before[0]["body"]["task"];
            let end = |r: &&Value| r["kind"] == "completed" && r["body"]["task"] == *task;
            (at(&before[0]), at(journal.iter().find(end).unwrap()))
        };
        assert!(due <= spawned + 1_500, "due {due}, asked for at {spawned}");
        assert!(fired >= due, "fired at {fired}, due {due}");
    });
}

/// Milliseconds since 1970 of a moment as it is written.
fn moment(text: &str) -> u64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond().try_into().unwrap()
}
