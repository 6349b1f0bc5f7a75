//! A whole run, steered from the view: message, cancel, pause, go on, approve, retry.

use crate::place::{Place, until};
use crate::terminal::{Terminal, settled};

#[test]
fn a_run_is_steered_on_a_small_terminal() {
    journey((80, 24));
}

#[test]
fn a_run_is_steered_on_a_large_terminal() {
    journey((200, 60));
}

fn journey(size: (u16, u16)) {
    let place = Place::new();
    let run = place.review();
    let mut terminal = place.watch(&[], size);
    let keep = |step: &str, terminal: &Terminal| {
        let screen = settled(terminal);
        picture(step, size, terminal);
        let name = format!("{step}_{}x{}", size.0, size.1);
        insta::with_settings!({ prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, screen);
        });
    };

    let asks = "asks anthropic, call 1";
    terminal.until("three agents ask", |screen| screen.matches(asks).count() >= 3);
    keep("1_working", &terminal);

    // A message to the first agent.
    terminal.types("jjm");
    terminal.shows("message to /1 part 1");
    terminal.types("Be brief: one objection.");
    terminal.shows("one objection.");
    keep("2_message", &terminal);
    terminal.types("\r");
    terminal.shows("message to /1 part 1: obeyed");
    terminal.types("]]]]]");
    terminal.shows("Be brief: one objection.");
    keep("3_sent", &terminal);
    terminal.types("]");

    // The second agent is cancelled.
    terminal.types("jc");
    terminal.shows("Cancel /2 part 2?");
    keep("4_cancel", &terminal);
    terminal.types("y");
    terminal.shows("cancel /2: obeyed");
    terminal.until("it is cancelled", |screen| screen.contains("– 2 part 2"));

    // The run is paused: what is at work ends first, then its owner lets go of it.
    terminal.types("p");
    terminal.shows("Pause?");
    terminal.types("y");
    terminal.shows("pause: obeyed");
    place.hold.release();
    terminal.until("the run is paused", |screen| {
        screen.contains("paused") && screen.contains("by tester") && !screen.contains("pausing")
    });
    assert_eq!(place.row(&run)["state"], "paused");
    until("its owner lets go", || place.row(&run)["owned"] == false);
    terminal.types("g");
    terminal.shows("nobody drives it");

    // It goes on in the background, up to its question.
    terminal.types("p");
    terminal.shows("Go on with");
    terminal.types("y");
    terminal.until("it waits", |screen| {
        let row = screen.contains("Publish the findings?");
        row && screen.contains("waiting") && screen.contains("✓ resume")
    });
    keep("5_waiting", &terminal);
    assert_eq!(place.row(&run)["owned"], true);

    // The question is answered.
    terminal.types("a");
    terminal.shows("approve /4");
    terminal.types("\x1b[C\tafter lunch");
    terminal.shows("after lunch");
    keep("6_answer", &terminal);
    terminal.types("\r");
    terminal.shows("approve /4: obeyed");
    terminal.until("it is done", |screen| {
        screen.lines().next().is_some_and(|line| line.contains("done"))
    });
    keep("7_done", &terminal);
    let row = place.row(&run);
    assert_eq!((row["state"].as_str(), row["failed_tasks"].as_u64()), (Some("done"), Some(0)));

    // What has ended is done again, in a run of its own.
    terminal.types("gjjt");
    terminal.shows("Do /1 part 1 again");
    keep("8_retry", &terminal);
    terminal.types("y");
    terminal.until("the fork is shown", |screen| screen.contains("►2"));

    terminal.types("q");
    let (code, bytes) = terminal.ends();
    assert_eq!(code, 0, "{bytes}");
    assert!(bytes.contains("\x1b[?1049h") && bytes.contains("\x1b[?1049l"), "{bytes}");
}

/// Keeps the screen with its styles where `BATON_PICTURES` names a folder: for those who look at them.
fn picture(step: &str, (columns, rows): (u16, u16), terminal: &Terminal) {
    if let Some(folder) = std::env::var_os("BATON_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{step}_{columns}x{rows}.ansi"));
        std::fs::write(path, terminal.painted()).unwrap();
    }
}
