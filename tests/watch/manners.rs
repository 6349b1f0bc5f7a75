//! How the view comes, goes, and bears with terminals of all kinds.

use crate::place::{Place, until};

#[test]
fn to_leave_never_touches_the_run() {
    let place = Place::new();
    let run = place.review();
    for keys in [
        "q",
        "\x03",
        "p\x03",
        "\x1b[A\x1b[B\x1b[C\x1b[D  \rq",
        // What is pasted is never taken for keys.
        "c\x1b[200~y\ry\x1b[201~nq",
    ] {
        let mut terminal = place.watch(&["last"], (80, 24));
        terminal.shows("part 3");
        terminal.types(keys);
        let (code, bytes) = terminal.ends();
        assert_eq!(code, 0, "{keys:?}");
        // Raw mode ends with the other screen and the cursor.
        assert!(bytes.contains("\x1b[?1049l") && bytes.ends_with("\x1b[?25h"), "{keys:?}");
    }
    let row = place.row(&run);
    assert_eq!((row["state"].as_str(), row["owned"].as_bool()), (Some("running"), Some(true)));
    let told = place.project.journal(&run);
    let ordered = |record: &serde_json::Value| {
        let kind = record["kind"].as_str().unwrap();
        kind.contains("ordered") || kind.contains("paused")
    };
    assert!(!told.iter().any(ordered));
}

#[test]
fn the_terminal_is_given_back_when_the_system_ends_it() {
    let place = Place::new();
    place.review();
    for signal in ["-TERM", "-INT", "-HUP"] {
        let mut terminal = place.watch(&[], (80, 24));
        terminal.shows("part 3");
        baton_test_support::signal(signal, terminal.pid());
        let (code, bytes) = terminal.ends();
        assert_eq!(code, 0, "{signal}");
        assert!(bytes.contains("\x1b[?1049l"), "{signal}");
    }
}

#[test]
fn it_ends_when_its_terminal_goes_away() {
    let place = Place::new();
    place.review();
    // Several times: keys may be read at any moment of it.
    for _ in 0..3 {
        let mut terminal = place.watch(&[], (80, 24));
        terminal.shows("part 3");
        terminal.hangs_up();
    }
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let place = Place::new();
    place.review();
    let mut terminal = place.watch(&[], (80, 24));
    terminal.shows("part 3");
    for (columns, rows) in [(200, 60), (40, 12), (20, 5), (80, 24)] {
        terminal.resize(columns, rows);
        terminal.until("it fills the terminal", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            let keys = lines.last().is_some_and(|line| line.contains("? help"));
            keys && lines.len() == usize::from(rows)
        });
    }
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
}

#[test]
fn without_colours_no_colour_is_written() {
    let place = Place::new();
    place.review();
    let mut painted = place.watch(&[], (80, 24));
    painted.shows("part 3");
    painted.types("q");
    // Cyan: something at work.
    let coloured = |bytes: &str| bytes.contains("\x1b[36m") || bytes.contains("38;5;6");
    assert!(coloured(&painted.ends().1));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "vt100"), ("TERM", "xterm-mono")] {
        let mut command = place.command(&["watch"]);
        command.env(name, value);
        let mut plain = crate::terminal::Terminal::start(&command, (80, 24));
        plain.shows("● 1 part 1");
        plain.types("q");
        let (_, bytes) = plain.ends();
        let code = |code: &str| bytes.contains(&format!("\x1b[{code}m"));
        let colours = (30..38).chain(90..98).any(|number| code(&number.to_string()));
        assert!(!colours && !bytes.contains("38;5;"), "{name}={value}: {bytes:?}");
    }
}

#[test]
fn where_there_is_no_terminal_it_says_what_else_shows_runs() {
    let place = Place::new();
    for arguments in [&["watch"][..], &["watch", "last"]] {
        let output = place.project.output(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("B0050") && told.contains("baton show -f"), "{told}");
        assert!(output.stdout.is_empty());
    }
    let mut command = place.command(&["watch"]);
    command.env("TERM", "dumb");
    let (code, told) = crate::terminal::Terminal::start(&command, (80, 24)).ends();
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("cannot be steered"), "{told}");
}

#[test]
fn a_run_that_nobody_drives_is_steered_as_well() {
    let place = Place::new();
    let run = place.review();
    let output = place.command(&["pause", &run, "--now"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    until("nobody drives it", || place.row(&run)["owned"] == false);
    let mut terminal = place.watch(&[&run], (80, 24));
    terminal.shows("paused");
    terminal.types("mHello later.\r");
    terminal.shows("Go on with it in the background?");
    terminal.types("n");
    terminal.shows("nobody owns the run");
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
    assert_eq!(place.row(&run)["state"], "paused");
}

/// What agents and people write comes through the journal, and none of it steers the terminal.
#[test]
fn what_others_wrote_does_not_steer_the_terminal() {
    let place = Place::new();
    let run = place.review();
    place.hold.release();
    until("it asks", || place.row(&run)["state"] == "waiting");
    let mut terminal = place.watch(&[&run], (120, 40));
    terminal.shows("Publish the findings?");
    terminal.types("jj]");
    terminal.shows("[2Jthe opposite");
    terminal.types("]]]");
    terminal.shows("[handoff]");
    terminal.types("q");
    let (_, bytes) = terminal.ends();
    // It was in the answer of the model, and would have emptied the screen.
    assert!(!bytes.contains("\x1b[2J"), "{bytes:?}");
}

#[test]
fn the_pager_gets_the_details_uncut() {
    let place = Place::new();
    let run = place.review();
    place.hold.release();
    until("it asks", || place.row(&run)["state"] == "waiting");
    let mut command = place.command(&["watch", &run]);
    command.env("PAGER", "sh -c 'cat > page.txt; echo seen'");
    let mut terminal = crate::terminal::Terminal::start(&command, (60, 16));
    terminal.shows("Publish the findings?");
    terminal.types("jj]o");
    until("the pager is done", || place.project.read("page.txt").contains("opposite"));
    let page = place.project.read("page.txt");
    assert!(page.contains("/1 part 1 · transcript"), "{page}");
    assert!(page.contains("Quote what you object to."), "{page}");
    assert!(!page.contains("\x1b[2J"), "{page:?}");
    // The view goes on where it was.
    terminal.until("it is drawn again", |screen| {
        screen.contains("[transcript]") && !screen.contains("seen")
    });
    terminal.types("q");
    assert_eq!(terminal.ends().0, 0);
}
