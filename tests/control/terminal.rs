//! A person at a terminal: asked in the middle of a run, who may as well be answered elsewhere.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;

use crate::support::{Place, until};

/// A command on a terminal of its own.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn std::io::Write + Send>,
    shown: Arc<Mutex<Vec<u8>>>,
    reads: JoinHandle<()>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn new(place: &Place, arguments: &[&str]) -> Self {
        let size = PtySize { rows: 24, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let plain = place.command(arguments);
        let mut command = CommandBuilder::new(plain.get_program());
        command.env_clear();
        command.args(plain.get_args());
        command.cwd(plain.get_current_dir().unwrap());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        command.env("TERM", "xterm");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&shown);
        let reads = std::thread::spawn(move || {
            let mut chunk = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                kept.lock().unwrap().extend_from_slice(&chunk[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, shown, reads, _master: pair.master }
    }

    /// Everything that was written so far, without what steers the terminal.
    fn text(&self) -> String {
        let shown = self.shown.lock().unwrap().clone();
        anstream_free(&String::from_utf8_lossy(&shown))
    }

    fn shows(&self, what: &str) {
        until(what, || self.text().contains(what));
    }

    fn types(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn ends(mut self) -> (u32, String) {
        let status = self.child.wait().unwrap();
        // What was written last may still be on its way.
        until("the terminal is closed", || self.reads.is_finished());
        (status.exit_code(), self.text())
    }
}

/// A text without escape sequences.
fn anstream_free(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        if chars.next() == Some('[') {
            for c in chars.by_ref() {
                if ('@'..='~').contains(&c) {
                    break;
                }
            }
        }
    }
    out
}

/// Arguments that run the script that asks.
const ASK: [&str; 4] = ["run", "ask.js", "--extensions", "--yes"];

#[test]
fn a_person_at_the_terminal_answers_right_there() {
    let place = Place::new();
    for plain in [&[][..], &["--plain"]] {
        let mut terminal = Terminal::new(&place, &[&ASK[..], plain].concat());
        terminal.shows("y yes · n no");
        terminal.types("maybe");
        terminal.shows("`maybe` is no answer to that");
        terminal.types("y: go ahead");
        let (code, text) = terminal.ends();
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("Ship it?") && text.contains("go ahead"), "{text}");
    }
    assert!(place.waiting().is_empty());
}

#[test]
fn a_choice_and_its_data_are_asked_for() {
    let place = Place::new();
    let options = r#"{"choices":["staging","production"],"schema":{"type":"integer"}}"#;
    let arguments = [&ASK[..], &["--args-json", options, "--format", "json"]].concat();
    let mut terminal = Terminal::new(&place, &arguments);
    terminal.shows("1 staging · 2 production · n no");
    terminal.types("2");
    terminal.shows("data as JSON");
    terminal.types("\"x\"");
    terminal.shows("does not fit the gate's schema");
    terminal.types("7");
    let (code, text) = terminal.ends();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\"choice\": \"production\"") && text.contains("\"data\": 7"), "{text}");
}

#[test]
fn an_answer_from_elsewhere_goes_on_as_well() {
    let place = Place::new();
    let terminal = Terminal::new(&place, &ASK);
    terminal.shows("y yes · n no");
    let (told, code) = place.object(&["reject", "last", "--note", "from afar", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &Value::from("obeyed")), "{told}");
    let (code, text) = terminal.ends();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("rejected by tester") && text.contains("from afar"), "{text}");
}

#[test]
fn a_question_can_be_put_off_and_asked_again() {
    let place = Place::new();
    let mut terminal = Terminal::new(&place, &ASK);
    terminal.shows("y yes · n no");
    terminal.types("");
    terminal.shows("not now: `baton approve run_");
    terminal.types("");
    until("it is asked again", || terminal.text().matches("y yes · n no").count() == 2);
    terminal.types("n");
    let (code, text) = terminal.ends();
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_process_that_is_told_not_to_wait_leaves_also_on_a_terminal() {
    let place = Place::new();
    let terminal = Terminal::new(&place, &[&ASK[..], &["--no-wait"]].concat());
    let (code, text) = terminal.ends();
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("waits for an answer: Ship it?"), "{text}");
}

#[test]
fn who_is_attached_is_asked_too() {
    let place = Place::new();
    let (begun, code) = place.object(&[&ASK[..], &["--detach", "--json"]].concat());
    assert_eq!(code, 0, "{begun}");
    let run = begun["run"].as_str().unwrap();
    let mut terminal = Terminal::new(&place, &["attach", run]);
    terminal.shows("y yes · n no");
    terminal.types("yes");
    let (code, text) = terminal.ends();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("approved"), "{text}");
}

/// A yes to the question before a run is one to the hooks of the project as well.
#[test]
fn whoever_says_yes_to_a_project_says_yes_to_its_hooks() {
    let place = Place::new();
    place.program("listener.sh", "#!/bin/sh\ncat >> \"$(dirname \"$0\")/told\"\n");
    place.project.write("baton.toml", "[notify]\ncommand = [\"./listener.sh\"]\n");
    let run = ["run", "ask.js", "--extensions", "--no-wait"];
    let mut terminal = Terminal::new(&place, &run);
    terminal.shows("runs `./listener.sh` on gate, paused, failed");
    terminal.shows("Grant this and start?");
    terminal.types("y");
    let (code, text) = terminal.ends();
    assert_eq!(code, 5, "{text}");
    assert_eq!(place.project.read("told").lines().count(), 1);
    // From now on without a question, until it changes.
    let (code, _, said) = place.said(&[&run[..], &["--yes"]].concat());
    assert_eq!((code, place.project.read("told").lines().count()), (5, 2), "{said}");
    place.project.write("baton.toml", "[notify]\ncommand = [\"./listener.sh\", \"x\"]\n");
    let (code, _, said) = place.said(&[&run[..], &["--yes"]].concat());
    assert_eq!((code, place.project.read("told").lines().count()), (5, 2), "{said}");
    assert!(said.contains("nobody looked at that"), "{said}");
}
