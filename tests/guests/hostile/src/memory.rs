//! Taking memory without end.

use std::arch::wasm32;
use std::hint::black_box;

use serde_json::Value;

use crate::{Case, End, answer};

pub(crate) const CASES: &[Case] = &[
    ("memory-bomb", memory_bomb),
    ("one-large-allocation", one_large_allocation),
    ("touch-every-page", touch_every_page),
    ("grow-beyond-everything", grow_beyond_everything),
];

fn memory_bomb(_: &Value) -> End {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 20]);
        black_box(&held);
    }
}

fn one_large_allocation(_: &Value) -> End {
    let room: Vec<u8> = Vec::with_capacity(black_box(2_000_000_000));
    answer(black_box(room).len().to_string())
}

fn touch_every_page(_: &Value) -> End {
    loop {
        let page = wasm32::memory_grow(0, 1);
        let address = (page << 16) as *mut u8;
        // SAFETY: the page was granted just now, and nothing else knows of it.
        unsafe { address.write_volatile(1) };
    }
}

fn grow_beyond_everything(_: &Value) -> End {
    answer(wasm32::memory_grow(0, 65_535).to_string())
}
