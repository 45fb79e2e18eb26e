//! Clocks that are safe to read anywhere.

/// `clock`, in nanoseconds; 0 if it can't be read.
pub(crate) fn read_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a place to write to; clock_gettime is safe in signal handlers.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return 0;
    }
    let (s, ns) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    s.unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(ns.unwrap_or(0))
}

/// `CLOCK_MONOTONIC`, in nanoseconds.
pub(crate) fn now_ns() -> u64 {
    read_ns(libc::CLOCK_MONOTONIC)
}

/// The counter that the secure world also uses; 0 if user space can't read it.
#[cfg(target_arch = "aarch64")]
pub(crate) fn ticks() -> u64 {
    let ticks: u64;
    // SAFETY: reads CNTVCT_EL0, which Linux makes readable to user space, and nothing else.
    unsafe {
        std::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack));
    }
    ticks
}

/// Frequency of [`ticks`] in Hz; 0 without a counter.
#[cfg(target_arch = "aarch64")]
pub(crate) fn tick_hz() -> u64 {
    let hz: u64;
    // SAFETY: reads CNTFRQ_EL0, which is readable to user space, and nothing else.
    unsafe {
        std::arch::asm!("mrs {}, cntfrq_el0", out(reg) hz, options(nomem, nostack));
    }
    hz
}

/// This architecture has no such counter.
#[cfg(not(target_arch = "aarch64"))]
pub(crate) fn ticks() -> u64 {
    0
}

/// This architecture has no such counter.
#[cfg(not(target_arch = "aarch64"))]
pub(crate) fn tick_hz() -> u64 {
    0
}
