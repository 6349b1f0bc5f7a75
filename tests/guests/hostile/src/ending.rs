//! Ending in other ways than with a result.

use std::time::Duration;

use serde_json::Value;

use crate::{Case, End, answer};

pub(crate) const CASES: &[Case] = &[
    ("good", |_| answer("good")),
    ("panic", panic),
    ("panic-in-colour", panic_in_colour),
    ("abort", |_| std::process::abort()),
    ("exit-zero", |_| std::process::exit(0)),
    ("exit-one", |_| std::process::exit(1)),
    ("read-nowhere", read_nowhere),
    ("divide-by-zero", divide_by_zero),
    ("sleep-on-a-clock", sleep_on_a_clock),
];

fn panic(_: &Value) -> End {
    panic!("on purpose");
}

fn panic_in_colour(_: &Value) -> End {
    panic!("\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}on purpose");
}

fn read_nowhere(_: &Value) -> End {
    // SAFETY: none; the engine has to notice.
    let byte = unsafe { (0xffff_fff0_usize as *const u8).read_volatile() };
    answer(byte.to_string())
}

fn divide_by_zero(input: &Value) -> End {
    let zero = input["zero"].as_i64().unwrap_or(0);
    answer((1 / zero).to_string())
}

fn sleep_on_a_clock(_: &Value) -> End {
    std::thread::sleep(Duration::from_secs(3_600));
    answer("slept")
}
