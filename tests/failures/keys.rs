//! Views of runs: looking changes nothing (F16).

use std::time::Duration;

use baton_test_support::Terminal;
use serde_json::json;

use crate::answers::serves_first;
use crate::place::{MODEL, ended, until};

#[test]
fn f16_keys_in_a_view_change_nothing_without_a_confirmed_command() {
    let (place, hold) = serves_first(2);
    let child =
        place.spawn(&["run", "many.js", "--args-json", "4", "--agent", MODEL, "--yes", "--json"]);
    until("two results", || place.server.requests() == 4 && place.server.answered() == 2);
    let run = place.newest();
    until("two on record", || place.count(&run, "done") == 2);
    let before = place.project.journal(&run).len();
    let mut terminal = Terminal::start(&place.command(&["watch", &run]), (100, 24));
    terminal.until("the tree", |screen| screen.contains("Task 3."));
    // Every key that moves, folds or looks, and some that mean nothing.
    let (up, down, right, left) = ("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D");
    let (page_up, page_down, home, end) = ("\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F");
    for keys in [
        up, down, right, left, page_up, page_down, home, end, " ", " ", "\t", "\r", "[", "]", down,
        up, "\x1b", "j", "k", "h", "l", "g", "G", "1", "z", "Z", "\x7f", "\x1b[3~", "\x1b[2~",
        "\x1bOP",
    ] {
        terminal.types(keys);
        std::thread::sleep(Duration::from_millis(25));
    }
    // Keys that act ask first, and any answer but yes is none.
    for keys in ["gc", "gp", "jr", "jt", "Gc"] {
        terminal.types(keys);
        terminal.types("n");
    }
    terminal.types("gc");
    terminal.until("the question", |screen| screen.contains("Cancel"));
    terminal.types("\x1b");
    terminal.until("no question", |screen| !screen.contains("Cancel"));
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
    let row = place.row(&run);
    assert_eq!((&row["state"], &row["owned"]), (&json!("running"), &json!(true)), "{row}");
    assert_eq!(place.project.journal(&run).len(), before, "nothing was recorded");
    assert_eq!(place.server.requests(), 4, "nothing was started again");
    // A command that is confirmed is obeyed.
    let mut terminal = Terminal::start(&place.command(&["watch", &run]), (100, 24));
    terminal.until("the tree", |screen| screen.contains("Task 3."));
    terminal.types("gc");
    terminal.until("the question", |screen| screen.contains("Cancel"));
    terminal.types("y");
    until("the cancel", || place.row(&run)["state"] == "cancelled");
    assert_eq!(ended(child).state(), "cancelled");
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
    hold.release();
    assert_eq!(place.server.requests(), 4);
}
