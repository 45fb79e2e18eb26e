//! Records the TEE client calls of the process that loads it with `LD_PRELOAD`.
//!
//! ```text
//! program ── TEEC_InvokeCommand ──> exports ── before ──> real (libteec) ── after ──> ring (shared file)
//! ```
//!
//! It wraps the functions of libteec and, if enabled, those that create and close file descriptors.
//! Guarantees, in this order:
//! - a call, its result and `errno` are passed on unchanged, and it never waits for the recording;
//! - after loading, it allocates nothing, takes no lock, leaves no descriptor open and prints
//!   nothing; it works in signal handlers, in children of `fork` or `vfork` and in any thread; a
//!   panic stays inside;
//! - every finished record stays readable, even after a crash of the process; every other one is
//!   counted.
//!
//! `TEELEAK_TRACE_DIR` names the folder of the ring files; without it, nothing is recorded.
//! `TEELEAK_TRACE_STACK=1` adds call stacks, `TEELEAK_TRACE_FDS=1` file descriptors.
#![cfg_attr(not(test), expect(unsafe_code, reason = "stands between C programs and C libraries"))]

// A test binary must not wrap its own functions: it contains the pure modules only.
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
