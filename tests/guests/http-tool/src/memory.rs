//! All of the memory of this instance.

/// Bytes of it.
#[cfg(target_arch = "wasm32")]
pub fn size() -> usize {
    core::arch::wasm32::memory_size(0) << 16
}

/// Bytes of it.
#[cfg(not(target_arch = "wasm32"))]
pub fn size() -> usize {
    0
}

/// Whether a text is in it. `backwards` holds its bytes from the last to the first.
pub fn holds(backwards: &[u8]) -> bool {
    let same = |start: usize| {
        let mut letters = backwards.iter().rev().enumerate();
        letters.all(|(at, letter)| byte(start + at) == *letter)
    };
    (1..size().saturating_sub(backwards.len())).any(same)
}

/// The byte at an address below `size`.
fn byte(address: usize) -> u8 {
    // SAFETY: every address of a linear memory below its size can be read.
    unsafe { std::ptr::read_volatile(address as *const u8) }
}
