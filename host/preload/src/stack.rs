//! Optional call stacks.
//!
//! Since glibc 2.35 and gcc 12, the unwinder of libgcc takes no locks and allocates nothing (it
//! finds its tables through `_dl_find_object`); with older ones, a signal handler that interrupts
//! `dlopen` must not capture stacks.

use std::ffi::{c_int, c_void};

/// `_URC_NO_REASON` and `_URC_END_OF_STACK` of the Itanium C++ ABI for exception handling, 1.2.
const GO_ON: c_int = 0;
const STOP: c_int = 5;

type Step = extern "C" fn(*mut c_void, *mut c_void) -> c_int;

unsafe extern "C" {
    fn _Unwind_Backtrace(step: Step, with: *mut c_void) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
}

struct Walk<'a> {
    frames: &'a mut [u64],
    used: usize,
}

/// Fills in return addresses, the innermost first; returns their number.
pub(crate) fn walk(frames: &mut [u64]) -> usize {
    let mut walk = Walk { frames, used: 0 };
    // SAFETY: `step` gets the pointer to `walk` back, which outlives the call.
    unsafe { _Unwind_Backtrace(step, (&raw mut walk).cast()) };
    walk.used
}

extern "C" fn step(context: *mut c_void, with: *mut c_void) -> c_int {
    // SAFETY: it is the one that `walk` passed, and nobody else uses it meanwhile.
    let walk = unsafe { &mut *with.cast::<Walk<'_>>() };
    // SAFETY: the unwinder passes its own context.
    let address = unsafe { _Unwind_GetIP(context) };
    let Some(room) = walk.frames.get_mut(walk.used) else { return STOP };
    *room = address as u64;
    walk.used += 1;
    GO_ON
}
