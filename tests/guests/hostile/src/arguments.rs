//! Arguments that lie about themselves, and honest ones that are too large.

use serde_json::Value;

use crate::bindings::baton::runtime::report::{self, Level};
use crate::bindings::baton::runtime::tasks;
use crate::{Case, End, answer};

pub(crate) const CASES: &[Case] = &[
    ("lying-string", lying_string),
    ("string-past-the-end", string_past_the_end),
    ("no-text", no_text),
    ("no-level", no_level),
    ("lying-list", lying_list),
    ("misaligned-list", misaligned_list),
    ("no-option", no_option),
    ("answer-to-nowhere", answer_to_nowhere),
    ("large-string", large_string),
    ("long-list", long_list),
];

// The same imports as the generated ones, with arguments that the generated ones cannot have.
#[link(wasm_import_module = "baton:runtime/report@0.1.0")]
unsafe extern "C" {
    #[link_name = "log"]
    fn raw_log(level: i32, text: *const u8, length: usize);
}

#[link(wasm_import_module = "baton:runtime/tasks@0.1.0")]
unsafe extern "C" {
    #[link_name = "wait-any"]
    fn raw_wait(some: i32, list: *const u8, length: usize, answer: *mut u8);
}

const TEXT: &[u8] = b"text";

fn log(level: i32, text: *const u8, length: usize) -> End {
    // SAFETY: none; what the host does with it is the question.
    unsafe { raw_log(level, text, length) };
    answer("the host took it")
}

fn wait(some: i32, list: *const u8, length: usize, place: *mut u8) -> End {
    // SAFETY: none; what the host does with it is the question.
    unsafe { raw_wait(some, list, length, place) };
    answer("the host took it")
}

/// Room for an answer of `wait-any`, aligned as it must be.
fn room() -> *mut u8 {
    Vec::<u64>::with_capacity(64).leak().as_mut_ptr().cast()
}

fn lying_string(_: &Value) -> End {
    log(1, TEXT.as_ptr(), usize::MAX >> 1)
}

fn string_past_the_end(_: &Value) -> End {
    log(1, (usize::MAX - 2) as *const u8, 4)
}

fn no_text(_: &Value) -> End {
    log(1, b"\xff\xfe\xc0\x80".as_ptr(), 4)
}

fn no_level(_: &Value) -> End {
    log(77, TEXT.as_ptr(), TEXT.len())
}

fn lying_list(_: &Value) -> End {
    wait(1, room(), 100_000_000, room())
}

fn misaligned_list(_: &Value) -> End {
    wait(1, room().wrapping_add(1), 2, room())
}

fn no_option(_: &Value) -> End {
    wait(2, room(), 1, room())
}

fn answer_to_nowhere(_: &Value) -> End {
    wait(1, room(), 0, (usize::MAX - 7) as *mut u8)
}

fn large_string(_: &Value) -> End {
    report::log(Level::Info, &"x".repeat(17 << 20));
    answer("the host took it")
}

fn long_list(_: &Value) -> End {
    let list: Vec<u64> = (1..=5_000).collect();
    answer(format!("{}", tasks::wait_any(Some(&list)).is_ok()))
}
