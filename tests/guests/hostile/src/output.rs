//! Saying too much, and saying it in escape sequences.

use std::io::Write;

use serde_json::Value;

use crate::bindings::baton::runtime::report::{self, Level};
use crate::bindings::baton::runtime::tasks::{self, AgentSpec};
use crate::{Case, End, answer, fail};

pub(crate) const CASES: &[Case] = &[
    ("stdout-flood", stdout_flood),
    ("stderr-flood", stderr_flood),
    ("log-flood", log_flood),
    ("progress-flood", progress_flood),
    ("phase-flood", phase_flood),
    ("artifact-flood", artifact_flood),
    ("artifact-with-a-path", artifact_with_a_path),
    ("long-line", long_line),
    ("escape-sequences", escape_sequences),
];

/// Clears a screen, sets a title, colours, and writes from right to left.
const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\u{8}evil";

fn stdout_flood(_: &Value) -> End {
    let mut stdout = std::io::stdout();
    loop {
        let _ = stdout.write_all(&[b'o'; 64]);
    }
}

fn stderr_flood(_: &Value) -> End {
    let mut stderr = std::io::stderr();
    loop {
        let _ = stderr.write_all(&[b'e'; 64]);
    }
}

fn log_flood(_: &Value) -> End {
    let line = "l".repeat(8 << 10);
    loop {
        report::log(Level::Error, &line);
    }
}

fn progress_flood(_: &Value) -> End {
    for done in 0.. {
        report::progress(done, Some(u64::MAX));
    }
    answer("the host took it")
}

fn phase_flood(_: &Value) -> End {
    let title = "p".repeat(4 << 10);
    loop {
        report::phase(&title);
    }
}

fn artifact_flood(_: &Value) -> End {
    let mut bytes = vec![b'a'; 1 << 20];
    for round in 0_u8.. {
        bytes[0] = round;
        if let Err(why) = report::artifact("a.bin", "application/octet-stream", &bytes) {
            return answer(if why.is_empty() { "no reason" } else { "refused in words" });
        }
    }
    answer("the host took it")
}

fn artifact_with_a_path(_: &Value) -> End {
    let names = ["../../etc/passwd", "/etc/passwd", "..", "a\\b", "", "a\0b"];
    let taken = names.iter().filter(|name| report::artifact(name, "text/plain", b"x").is_ok());
    answer(format!("{} taken", taken.count()))
}

fn long_line(_: &Value) -> End {
    report::log(Level::Info, &"y".repeat(1 << 20));
    answer("said")
}

fn escape_sequences(_: &Value) -> End {
    report::phase(ESCAPES);
    report::log(Level::Warn, ESCAPES);
    eprintln!("{ESCAPES}");
    let options = serde_json::json!({ "label": ESCAPES, "phase": ESCAPES }).to_string();
    let spec = AgentSpec { prompt: "good".into(), input: None, schema: None, options };
    if tasks::spawn_agent(&spec).is_ok() {
        let _ = tasks::wait_any(None);
    }
    fail("told-to-fail", ESCAPES)
}
