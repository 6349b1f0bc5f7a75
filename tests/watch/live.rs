//! What agents say is seen while they say it, in every process that looks on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use baton_test_llm::{Hold, Reply, Seen};
use baton_test_support::signal;
use serde_json::{Value, json};

use crate::place::{Place, until};
use crate::terminal::Terminal;

/// The key of the provider, which the model repeats in pieces.
const KEY: &str = "key-of-the-tests";

/// Says half of a sentence, and the rest when it is let.
pub fn halting(_: &Seen, hold: &Hold) -> Reply {
    let text = format!("The key is {KEY}, and chapter 2 says the opposite of chapter 1.");
    // The events before the first word are two; every piece has five characters.
    Reply::default().and_text(text).usage(1_200, 34).in_pieces_of(5).paused_after(11, hold)
}

impl Place {
    fn live(&self, run: &str) -> PathBuf {
        self.project.path(&format!("home/live/{run}.jsonl"))
    }

    fn said(&self, run: &str) -> String {
        std::fs::read_to_string(self.live(run)).unwrap_or_default()
    }
}

#[test]
fn words_are_seen_while_they_are_said() {
    let place = Place::answering(halting);
    let run = place.review();
    let mut terminal = place.watch(&[], (100, 30));
    terminal.until("all three speak", |screen| screen.matches("writes: ").count() == 3);
    terminal.types("jj]");
    let screen = terminal.until("the transcript has it", |screen| {
        screen.contains("it says now") && screen.contains("assistant  The key is [secret key of")
    });
    assert!(!screen.contains("the opposite"), "it was not said yet\n{screen}");

    // Whoever attaches later sees the same.
    let mut other = Terminal::start(&place.command(&["attach", &run]), (160, 24));
    other.shows("writes: The key is [secret key of anthropic], and c");
    drop(other);
    let mut reader =
        Terminal::start(&place.command(&["show", &format!("{run}/1"), "-f"]), (100, 30));
    // What may be the beginning of a secret waits for what follows.
    reader.shows("assistant  The key is [secret key of anthropic], and chap");
    // Of a whole run, a line for each.
    let mut whole = Terminal::start(&place.command(&["show", &run, "-f"]), (120, 60));
    let words = "writes: The key is [secret key of anthropic], and chap";
    whole.until("a line for each agent that speaks", |screen| {
        (1..=3).all(|part| {
            let begin = format!("● /{part} part {part}  ");
            screen.lines().any(|line| line.starts_with(&begin) && line.contains(words))
        })
    });

    let about = std::fs::metadata(place.live(&run)).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    let said = place.said(&run);
    assert!(said.contains("[secret key of anthropic]"), "{said}");

    place.hold.release();
    terminal.until("the call is on record", |screen| {
        screen.contains("the opposite of chapter 1.") && !screen.contains("it says now")
    });
    let screen = reader.until("the words are a record", |screen| {
        screen.contains("the opposite of chapter 1.") && !screen.contains("it says now")
    });
    let said = screen.lines().filter(|line| line.trim_start().starts_with("assistant "));
    assert_eq!(said.count(), 1, "{screen}");
    assert_eq!(reader.ends().0, 0);
    let screen = whole.until("the words of all are on record", |screen| {
        screen.matches("the opposite of chapter 1.").count() >= 3 && !screen.contains("writes: ")
    });
    for part in 1..=3 {
        let begin = format!("● /{part} call 1 ");
        assert!(screen.lines().any(|line| line.starts_with(&begin)), "{screen}");
    }
    until("all of it was written", || {
        all(&place.said(&run), "1").ends_with("the opposite of chapter 1.")
    });
    let said = place.said(&run);
    assert!(!said.contains(KEY), "{said}");
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);

    // With the end of the run nothing is left of it.
    until("it asks", || place.row(&run)["state"] == "waiting");
    let output = place.command(&["approve", &run, "--choice", "as issues"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    until("it ends", || place.row(&run)["owned"] == false);
    assert_eq!(place.row(&run)["state"], "done");
    assert!(!place.live(&run).exists());
    assert_eq!(whole.ends().0, 0, "who follows a run leaves with its end");
}

/// What a task says in the lines of a file.
fn all(lines: &str, task: &str) -> String {
    let line = |line: &str| -> Option<String> {
        // The last one may be on its way.
        let said: Value = serde_json::from_str(line).ok()?;
        (said["task"] == task).then(|| said["text"].as_str().unwrap_or_default().to_owned())
    };
    lines.lines().filter_map(line).collect()
}

#[test]
fn nobody_is_heard_after_the_death_of_the_owner() {
    let place = Place::answering(halting);
    let run = place.review();
    let mut terminal = place.watch(&[], (100, 30));
    terminal.until("all three speak", |screen| screen.matches("writes: ").count() == 3);
    kill(&place);
    until("nobody owns it", || place.row(&run)["owned"] == false);
    // The words lie there, and are nobody's.
    assert!(place.live(&run).exists());
    terminal.until("silence", |screen| !screen.contains("writes:"));
    terminal.types("jj]");
    terminal.until("no words in the transcript", |screen| {
        screen.contains("[transcript]") && !screen.contains("it says now")
    });
    // Whoever goes on with it begins anew.
    let output = place.command(&["resume", &run, "--detach"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    terminal.until("they speak again", |screen| screen.contains("it says now"));
    until("all three are heard", || {
        let said = place.said(&run);
        ["1", "2", "3"].iter().all(|task| !all(&said, task).is_empty())
    });
    kill(&place);
    until("nobody owns it again", || place.row(&run)["owned"] == false);
    assert!(place.live(&run).exists());
    let output = place.command(&["gc"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!place.live(&run).exists());
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
}

/// Kills the process in the background without warning.
fn kill(place: &Place) {
    let pattern = place.project.path("home").display().to_string();
    let is_it = |pid: &str| -> bool {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&pattern) && line.contains("--background")
    };
    let processes = std::fs::read_dir("/proc").unwrap();
    let pids: Vec<String> = processes
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && is_it(name))
        .collect();
    assert_eq!(pids.len(), 1, "one process drives it");
    signal("-9", pids[0].parse::<u64>().unwrap());
}

#[test]
fn built_in_tools_are_among_the_tools() {
    let place = Place::answering(|seen, hold| match seen.prompt().contains("has one chapter") {
        false => Reply::call("read_file", json!({ "path": "manual.md" }))
            .and_call("read_file", json!({ "path": "gone.md" })),
        true => Reply::text("Chapter 2 is missing.").held(hold),
    });
    place.project.write("root/manual.md", "The manual has one chapter.\n");
    let run = place.review_of(&["--root", "root"]);
    let mut terminal = place.watch(&[&run], (100, 40));
    terminal
        .until("they ask again", |screen| screen.matches("asks anthropic, call 2").count() == 3);
    // Overview, transcript, tools, files.
    terminal.types("jj]]");
    // What became of the first calls is on record with the second one.
    terminal.until("both ended", |screen| screen.matches("read_file call 1 ended").count() == 2);
    place.hold.release();
    let screen = terminal.until("what became of them", |screen| {
        screen.contains("read_file call 1 done") && screen.contains("read_file call 1 failed")
    });
    assert!(screen.contains("The manual has one chapter."), "{screen}");
    terminal.types("]");
    let screen =
        terminal.until("the file", |screen| screen.lines().any(|line| line.trim() == "manual.md"));
    assert!(screen.contains("[files]"), "{screen}");
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
}
