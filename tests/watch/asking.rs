//! The progress of `run` on a terminal: it goes on while a person is asked, and whatever else is told
//! stands above it.

use std::process::Command;

use crate::live::halting;
use crate::place::Place;
use crate::terminal::Terminal;

/// An agent at work beside a question.
const ASKS: &str = "export const meta = { name: 'asks', description: 'Works and asks.' }
const [found, answer] = await parallel([
  () => agent('Review the manual.', { label: 'part 1' }),
  () => baton.gate('Publish the findings?', { choices: ['as issues', 'as one report'] }),
])
return answer.choice
";

/// Runs it on a terminal of its own, and says afterwards how that was left.
fn run(place: &Place) -> Terminal {
    place.project.write("asks.js", ASKS);
    let arguments =
        ["run", "asks.js", "--extensions", "--yes", "--agent", "anthropic:claude-haiku-4-5"];
    let plain = place.command(&arguments);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap : INT; \"$@\"; code=$?; stty -a; exit $code", "sh"]);
    shell.arg(plain.get_program()).args(plain.get_args());
    shell.current_dir(plain.get_current_dir().unwrap());
    for (name, value) in plain.get_envs() {
        shell.env(name, value.unwrap());
    }
    Terminal::start(&shell, (100, 30))
}

#[test]
fn progress_goes_on_while_a_person_is_asked() {
    let place = Place::answering(halting);
    let mut terminal = run(&place);
    let screen = terminal.until("it asks and works", |screen| {
        screen.contains("as issues · 2 as one report") && screen.contains("writes: ")
    });
    assert!(screen.contains("? Publish the findings?"), "{screen}");
    terminal.types("mx\u{7f}ay");
    terminal.shows("  > may");
    // The agent ends while the answer is being typed.
    place.hold.release();
    let screen = terminal.until("it is told", |screen| screen.contains("1 of 1 agent done"));
    let place_of = |what: &str| screen.lines().position(|line| line.contains(what)).unwrap();
    assert!(place_of("1 of 1 agent done") < place_of("? Publish"), "{screen}");
    assert!(screen.lines().last().unwrap().ends_with("  > may"), "{screen}");
    terminal.types("be\r");
    terminal.shows("`maybe` is no answer to that");
    terminal.types("2\r");
    let (code, bytes) = terminal.ends();
    assert_eq!(code, 0, "{bytes}");
    // What was asked and answered stays, and the terminal is as it was.
    assert!(bytes.contains("as one report"), "{bytes}");
    let left = bytes.rsplit("speed").next().unwrap();
    assert!(left.contains(" icanon") && left.contains(" echo "), "{left}");
}

#[test]
fn somebody_else_answers_first() {
    let place = Place::answering(halting);
    let mut terminal = run(&place);
    terminal.shows("as issues · 2 as one report");
    terminal.types("1 or");
    terminal.shows("  > 1 or");
    let output = place.command(&["approve", "last", "--choice", "as issues"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let screen = terminal.until("it is told", |screen| screen.contains("approved by tester"));
    assert!(!screen.lines().last().unwrap().contains("  > "), "nobody is asked\n{screen}");
    place.hold.release();
    let (code, bytes) = terminal.ends();
    assert_eq!(code, 0, "{bytes}");
}

#[test]
fn what_else_is_told_stands_above_the_progress() {
    let place = Place::answering(halting);
    let mut terminal = run(&place);
    terminal.until("it asks and works", |screen| {
        screen.contains("as issues · 2 as one report") && screen.contains("writes: ")
    });
    terminal.types("\x03");
    let screen = terminal.until("it parks", |screen| screen.contains("parking:"));
    assert_eq!(screen.matches("0 of 1 agent done").count(), 1, "{screen}");
    let place_of = |what: &str| screen.lines().position(|line| line.contains(what)).unwrap();
    assert!(place_of("parking:") < place_of("0 of 1 agent done"), "{screen}");
    place.hold.release();
    let (code, bytes) = terminal.ends();
    assert_ne!(code, 0, "{bytes}");
    let left = bytes.rsplit("speed").next().unwrap();
    assert!(left.contains(" icanon") && left.contains(" echo "), "{left}");
}
