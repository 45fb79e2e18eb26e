//! The ring of this process.
//!
//! It is created at load time in a program with libteec, else at the first call; a child of `fork`
//! creates its own at its first call. It is never unmapped, since a thread or a `vfork` child may
//! be writing. Calls during its creation are counted, not recorded.

use std::{
    ffi::c_int,
    ptr, slice,
    sync::atomic::{
        AtomicPtr, AtomicU8, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use teeleak_proto::client::{self, head};

use crate::{
    clock,
    ring::Ring,
    settings::{self, Settings},
    sys,
};

const UNMADE: u8 = 0;
const BEING_MADE: u8 = 1;
const READY: u8 = 2;
const OFF: u8 = 3;

static STATE: AtomicU8 = AtomicU8::new(UNMADE);
static WORDS: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
static EARLY: AtomicU64 = AtomicU64::new(0);

/// Reads the settings; creates the ring if the program has libteec, else an idle mark.
pub(crate) fn load(has_teec: bool) {
    let Some(settings) = settings::read() else {
        STATE.store(OFF, Release);
        return;
    };
    // SAFETY: `forked` only stores to atomics, which is allowed after fork.
    unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    if has_teec {
        make(settings, head::FLAG_TEEC);
    } else {
        leave_mark(settings);
    }
}

extern "C" fn forked() {
    if STATE.load(Relaxed) == OFF {
        return;
    }
    EARLY.store(0, Relaxed);
    WORDS.store(ptr::null_mut(), Relaxed);
    STATE.store(UNMADE, Release);
}

/// The ring of this process, created if missing.
pub(crate) fn ring() -> Option<Ring<'static>> {
    let settings = settings::get()?;
    match STATE.load(Acquire) {
        READY => view(settings),
        UNMADE => {
            make(settings, head::FLAG_TEEC);
            view(settings)
        }
        BEING_MADE => {
            EARLY.fetch_add(1, Relaxed);
            None
        }
        _ => None,
    }
}

/// The ring, if it exists.
pub(crate) fn ring_if_made() -> Option<Ring<'static>> {
    let settings = settings::get()?;
    (STATE.load(Acquire) == READY).then(|| view(settings)).flatten()
}

fn view(settings: &Settings) -> Option<Ring<'static>> {
    let words = WORDS.load(Acquire);
    if words.is_null() {
        return None;
    }
    let n = file_bytes(settings) / size_of::<u64>();
    // SAFETY: the mapping is that long, aligned to a page, never unmapped, and only ever accessed
    // as atomic words on this side.
    Ring::new(unsafe { slice::from_raw_parts(words, n) }, settings.slot_words())
}

fn file_bytes(settings: &Settings) -> usize {
    let words = settings.slot_words();
    client::HEAD_BYTES + client::slots(words) * words * size_of::<u64>()
}

fn make(settings: &'static Settings, flags: u32) {
    if STATE.compare_exchange(UNMADE, BEING_MADE, Acquire, Relaxed).is_err() {
        return;
    }
    let made = map_new(settings);
    WORDS.store(made.unwrap_or(ptr::null_mut()), Release);
    if let Some(ring) = view(settings) {
        write_head(settings, &ring, flags);
    }
    STATE.store(if made.is_some() { READY } else { OFF }, Release);
    if let Some(ring) = ring_if_made() {
        ring.add(head::W_EARLY, EARLY.swap(0, Relaxed));
    }
}

fn map_new(settings: &Settings) -> Option<*mut AtomicU64> {
    let bytes = file_bytes(settings);
    let path = settings.path("ring", sys::pid(), clock::now_ns());
    let fd = sys::create(settings.dir(), path.name())?;
    let mapped = if sys::reserve(fd, bytes) { sys::map(fd, bytes) } else { None };
    sys::close(fd);
    if mapped.is_none() {
        sys::unlink(path.as_c());
    }
    mapped.map(<*mut _>::cast)
}

fn write_head(settings: &Settings, ring: &Ring<'_>, flags: u32) {
    let words = head_words(settings, flags);
    for (n, word) in words.iter().enumerate().skip(1) {
        ring.set(n, *word);
    }
    ring.set(head::W_MAGIC, client::MAGIC);
}

/// The constant words of the head.
fn head_words(settings: &Settings, flags: u32) -> [u64; head::W_TICKETS] {
    let mut words = [0; head::W_TICKETS];
    let slot_words = settings.slot_words();
    let small = |n: usize| u32::try_from(n).unwrap_or(0);
    let stack = if settings.stack { head::FLAG_STACK } else { 0 };
    let fds = if settings.fds { head::FLAG_FDS } else { 0 };
    words[head::W_MAGIC] = client::MAGIC;
    words[head::W_VERSION] = head::word(client::VERSION, small(slot_words));
    words[head::W_SLOTS] = head::word(small(client::slots(slot_words)), flags | stack | fds);
    words[head::W_PID] = head::word(sys::pid(), sys::ppid());
    words[head::W_BORN_NS] = clock::now_ns();
    words[head::W_BORN_TICKS] = clock::ticks();
    words[head::W_TICK_HZ] = clock::tick_hz();
    words[head::W_UNIX_NS] = clock::read_ns(libc::CLOCK_REALTIME);
    put_text(&mut words[head::W_COMM..], &sys::comm(), head::COMM_WORDS);
    let exe = sys::link_target::<{ head::EXE_WORDS * 8 }>(c"/proc/self/exe");
    put_text(&mut words[head::W_EXE..], &exe, head::EXE_WORDS);
    words
}

fn put_text(to: &mut [u64], text: &[u8], words: usize) {
    for (n, to) in to.iter_mut().take(words).enumerate() {
        *to = head::text_word(text, n);
    }
}

/// Creates the file that marks this process as loaded, but without a call so far.
fn leave_mark(settings: &Settings) {
    let path = settings.path("idle", sys::pid(), clock::now_ns());
    let Some(fd) = sys::create(settings.dir(), path.name()) else { return };
    let words = head_words(settings, head::FLAG_IDLE);
    let mut bytes = [0u8; head::WORDS * size_of::<u64>()];
    for (to, word) in bytes.chunks_exact_mut(size_of::<u64>()).zip(words) {
        to.copy_from_slice(&word.to_ne_bytes());
    }
    write_mark(fd, &bytes);
}

fn write_mark(fd: c_int, bytes: &[u8]) {
    sys::write_at(fd, bytes, 0);
    sys::close(fd);
}
