//! Records the TEE client calls of the process that it is loaded into with `LD_PRELOAD`.
//!
//! ```text
//! program ── TEEC_InvokeCommand ──> exports ── before ──> real (libteec) ── after ──> ring (shared file)
//! ```
//!
//! It stands in front of libteec and, when asked, of the functions that make and drop file
//! descriptors. What it promises, in this order:
//! - a call is passed on unchanged, with its result and `errno`, and never waits for the recording;
//! - nothing is allocated after the library was loaded, no lock is taken, no descriptor stays open,
//!   nothing is printed; all of it may happen in a signal handler, in a child of `fork` or `vfork`,
//!   in any thread; a panic stays inside;
//! - every record that was finished can be read, whatever becomes of the process; every other one
//!   is counted.
//!
//! `TEELEAK_TRACE_DIR` names the folder of the rings; without it, everything is passed through.
//! `TEELEAK_TRACE_STACK=1` adds call stacks, `TEELEAK_TRACE_FDS=1` file descriptors.
#![cfg_attr(not(test), expect(unsafe_code, reason = "stands between C programs and C libraries"))]

// A test binary must not offer these functions to itself: only what is pure is in it.
#[cfg(not(test))]
mod abi;
#[cfg(not(test))]
mod caller;
#[cfg(not(test))]
mod clock;
#[cfg(not(test))]
mod emit;
#[cfg(not(test))]
mod exports;
#[cfg(not(test))]
mod fds;
#[cfg(not(test))]
mod home;
#[cfg(not(test))]
mod lookup;
#[cfg(not(test))]
mod params;
#[cfg(not(test))]
mod real;
mod ring;
#[cfg(not(test))]
mod sessions;
#[cfg(not(test))]
mod settings;
#[cfg(not(test))]
mod stack;
#[cfg(not(test))]
mod sys;
mod table;
mod text;

/// Run by the loader when the library is loaded.
#[cfg(not(test))]
#[used]
#[unsafe(link_section = ".init_array")]
static LOAD: extern "C" fn() = load;

#[cfg(not(test))]
extern "C" fn load() {
    emit::quietly(|| {
        let invoke = exports::INVOKE_COMMAND.get();
        real::learn_version(invoke);
        fds::load();
        home::load(!invoke.is_null());
        fds::begin();
    });
}
