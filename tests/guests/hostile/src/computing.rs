//! Computing without end.

use std::hint::black_box;

use serde_json::Value;

use crate::bindings::baton::runtime::budget;
use crate::{Case, End, answer};

pub(crate) const CASES: &[Case] = &[
    ("empty-loop", empty_loop),
    ("mutual-recursion", mutual_recursion),
    ("million-frames", million_frames),
    ("large-frames", large_frames),
    ("backtracking", backtracking),
    ("host-call-flood", host_call_flood),
    ("not-a-number", not_a_number),
];

fn empty_loop(_: &Value) -> End {
    let mut round = 0_u64;
    loop {
        round = black_box(round).wrapping_add(1);
    }
}

#[inline(never)]
fn ping(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX { 0 } else { pong(depth + 1).rotate_left(1) ^ depth }
}

#[inline(never)]
fn pong(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX { 1 } else { ping(depth + 1).rotate_right(1) ^ depth }
}

fn mutual_recursion(_: &Value) -> End {
    answer(ping(0).to_string())
}

#[inline(never)]
fn down(left: u32) -> u32 {
    if left == 0 { 0 } else { black_box(down(left - 1)) + 1 }
}

fn million_frames(_: &Value) -> End {
    answer(down(black_box(1_000_000)).to_string())
}

/// Fills the guest's own stack, which lies in its memory, before the engine's.
#[inline(never)]
fn wide(depth: u32) -> u8 {
    let mut room = [0_u8; 64 << 10];
    black_box(&mut room);
    if black_box(depth) == u32::MAX { room[0] } else { wide(depth + 1) ^ room[1] }
}

fn large_frames(_: &Value) -> End {
    answer(wide(0).to_string())
}

#[inline(never)]
fn tries(left: u32) -> u64 {
    if left == 0 { 1 } else { tries(black_box(left) - 1) + tries(black_box(left) - 1) }
}

fn backtracking(_: &Value) -> End {
    answer(tries(60).to_string())
}

fn host_call_flood(_: &Value) -> End {
    loop {
        black_box(budget::left().agents);
    }
}

/// The payload of a computed NaN differs between processors, unless the engine makes it one.
fn not_a_number(_: &Value) -> End {
    let strange = f64::from_bits(black_box(0xfff0_dead_beef_0001));
    answer(format!("{:x}", (strange + black_box(1.0)).to_bits()))
}
