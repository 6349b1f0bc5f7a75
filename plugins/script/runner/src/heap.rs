//! Memory for QuickJS.
//!
//! QuickJS turns a failed allocation into an exception that a script can catch. Running out of
//! memory must be the end of the run instead, with the limit named: so a failed allocation grows
//! the memory beyond what is granted, which the host answers by ending the guest.
#![expect(unsafe_code, reason = "the seam between QuickJS and the allocator of the C library")]

use std::ffi::c_void;

use rquickjs::allocator::Allocator;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn calloc(count: usize, size: usize) -> *mut c_void;
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    fn malloc_usable_size(block: *const c_void) -> usize;
}

/// The allocator of the C library, without failure.
pub struct Heap;

/// A block that was asked for, or the end of the guest. Asking for nothing may bring nothing.
fn granted(block: *mut c_void, wanted: usize) -> *mut u8 {
    if block.is_null() && wanted > 0 {
        exhausted();
    }
    block.cast()
}

/// Ends the guest for want of memory.
fn exhausted() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::memory_grow::<0>(usize::MAX >> 16);
    std::process::abort()
}

// SAFETY: the functions of the C library give what the trait asks for: blocks of at least the
// wanted size, aligned for every type of C, that only they themselves free and grow.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size may be asked for.
        granted(unsafe { malloc(size) }, size)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        // SAFETY: any size may be asked for; a product that overflows is a failure.
        granted(unsafe { calloc(count, size) }, count.saturating_mul(size))
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        // SAFETY: the caller says that the block comes from this allocator.
        unsafe { free(block.cast()) }
    }

    unsafe fn realloc(&mut self, block: *mut u8, new_size: usize) -> *mut u8 {
        // SAFETY: the caller says that the block comes from this allocator.
        granted(unsafe { realloc(block.cast(), new_size) }, new_size)
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        // SAFETY: the caller says that the block comes from this allocator.
        unsafe { malloc_usable_size(block.cast()) }
    }
}
