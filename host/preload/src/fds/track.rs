//! Tracks file descriptors and mappings of interest.

use std::{
    ffi::c_int,
    fmt::Write as _,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

use teeleak_proto::client::{ClientCall, head};

use crate::{home, sys, table::Table, text::Text};

/// Descriptors with a remembered kind; that of larger ones is looked up each time.
const REMEMBERED: usize = 4096;

/// High byte of `ClientCall::FILE_*` per descriptor, 0 if unknown or of no interest.
static KINDS: [AtomicU8; REMEMBERED] = [const { AtomicU8::new(0) }; REMEMBERED];

/// Mappings of interest: address, then length and kind.
static MAPPINGS: Table<1024> = Table::new();

fn place(fd: c_int) -> Option<&'static AtomicU8> {
    KINDS.get(usize::try_from(fd).ok()?)
}

/// The remembered kind of a descriptor; 0 if of no interest.
pub(super) fn remembered(fd: c_int) -> u16 {
    place(fd).map_or_else(|| look(fd), |place| u16::from(place.load(Relaxed)) << 8)
}

/// Looks up the current kind of a descriptor, which may have been closed unnoticed.
pub(super) fn look(fd: c_int) -> u16 {
    if fd < 0 {
        return 0;
    }
    let mut path = Text::<40>::new();
    // A number of a descriptor always fits.
    let _ = write!(path, "/proc/self/fd/{fd}");
    let kind = kind_of(&sys::link_start::<24>(path.as_c()));
    remember(fd, kind);
    kind
}

/// Remembers the kind of a descriptor.
pub(super) fn remember(fd: c_int, kind: u16) {
    if let Some(place) = place(fd) {
        place.store(kind.to_be_bytes()[0], Relaxed);
    }
}

/// Forgets a descriptor.
pub(super) fn forget(fd: c_int) {
    remember(fd, 0);
}

/// Kind of a file, by its path in `/proc/self/fd`.
///
/// Names of dma-bufs: Linux drivers/dma-buf/dma-buf.c (`/dmabuf:NAME` since 5.3,
/// `anon_inode:dmabuf` before); of shared memory: drivers/tee/tee_shm.c (`anon_inode:tee_shm`).
pub(super) fn kind_of(path: &[u8]) -> u16 {
    let kinds: [(&[u8], u16); 8] = [
        (b"/dev/teepriv", 0),
        (b"/dev/tee", ClientCall::FILE_TEE),
        (b"/dmabuf", ClientCall::FILE_DMA_BUF),
        (b"anon_inode:dmabuf", ClientCall::FILE_DMA_BUF),
        (b"anon_inode:tee_shm", ClientCall::FILE_TEE_SHM),
        (b"anon_inode:[tee_shm]", ClientCall::FILE_TEE_SHM),
        (b"/dev/dma_heap/", ClientCall::FILE_HEAP),
        (b"/dev/ion", ClientCall::FILE_HEAP),
    ];
    kinds.iter().find(|(start, _)| path.starts_with(start)).map_or(0, |(_, kind)| *kind)
}

/// Remembers a mapping; one that does not fit is counted as lost, since its end won't be recorded.
pub(super) fn map(address: u64, length: u64, kind: u16) {
    if !MAPPINGS.insert(address, [length, u64::from(kind)])
        && let Some(ring) = home::ring()
    {
        ring.add(head::W_EARLY, 1);
    }
}

/// Removes the mapping at an address; returns its kind.
pub(super) fn unmap(address: u64) -> Option<u16> {
    let [_, kind] = MAPPINGS.get(address)?;
    MAPPINGS.remove(address);
    u16::try_from(kind).ok()
}

/// The descriptor created by an ioctl, and its kind.
///
/// Numbers: Linux include/uapi/linux/tee.h (`TEE_IOC_SHM_ALLOC`, `TEE_IOC_SHM_REGISTER`: it is the
/// result), include/uapi/linux/dma-heap.h (`DMA_HEAP_IOCTL_ALLOC`),
/// drivers/staging/android/uapi/ion.h @ 5.10 (`ION_IOC_ALLOC`) and @ 4.9 (`ION_IOC_SHARE`).
///
/// # Safety
/// `arg` is what the kernel took with `request`.
pub(super) unsafe fn made(request: u64, arg: usize, result: c_int) -> Option<(c_int, u16)> {
    const DIRECTION: u64 = 0xc000_0000;
    const SHM_ALLOC: u64 = DIRECTION | 24 << 16 | 0xa401;
    const SHM_REGISTER: u64 = DIRECTION | 24 << 16 | 0xa409;
    const HEAP_ALLOC: u64 = DIRECTION | 24 << 16 | 0x4800;
    const ION_ALLOC: u64 = DIRECTION | 24 << 16 | 0x4900;
    const ION_SHARE: u64 = DIRECTION | 8 << 16 | 0x4904;
    let at = match request & 0xffff_ffff {
        SHM_ALLOC | SHM_REGISTER if result >= 0 => return Some((result, ClientCall::FILE_TEE_SHM)),
        HEAP_ALLOC => 8,
        ION_ALLOC => 16,
        ION_SHARE => 4,
        _ => return None,
    };
    if result < 0 || arg == 0 {
        return None;
    }
    let fd = std::ptr::with_exposed_provenance::<c_int>(arg + at);
    // SAFETY: within the structure that the kernel has just written.
    Some((unsafe { fd.read_unaligned() }, ClientCall::FILE_DMA_BUF))
}
