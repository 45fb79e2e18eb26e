//! Memory shared by both worlds.

use std::{
    os::fd::{AsFd, OwnedFd},
    ptr,
};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::{code, uapi};
use crate::Code;

/// Shared memory, registered until drop. The other side may change it at any time, so it is never
/// borrowed as a reference.
pub(super) struct Memory {
    at: *mut u8,
    size: usize,
    pub(super) id: i32,
    _memory: OwnedFd,
}

// SAFETY: The mapping belongs to the process, not to a thread, and is only reached through `self`.
unsafe impl Send for Memory {}

impl Memory {
    pub(super) fn allocate(device: impl AsFd, size: usize) -> Result<Self, Code> {
        let mut shm = uapi::Shm { size: size as u64, ..uapi::Shm::default() };
        let memory = uapi::shm_alloc(device, &mut shm).map_err(code)?;
        let both = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: The kernel chooses the address, so no existing mapping is affected.
        let at = unsafe { mmap(ptr::null_mut(), size, both, MapFlags::SHARED, &memory, 0) };
        let at = at.map_err(code)?.cast();
        Ok(Self { at, size, id: shm.id, _memory: memory })
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Writes bytes at its start, truncated to its size.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let size = bytes.len().min(self.size);
        // SAFETY: Both have `size` bytes, and the mapping is not part of any Rust object.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.at, size) };
    }

    /// Reads bytes from an offset, up to its end.
    pub(super) fn read(&self, offset: usize, bytes: &mut [u8]) {
        let offset = offset.min(self.size);
        let size = bytes.len().min(self.size - offset);
        let from = self.at.wrapping_add(offset);
        // SAFETY: `from` and `size` bytes lie within the mapping, which is not part of any Rust
        // object.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), size) };
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: It was mapped with this size and is not used again.
        let _ = unsafe { munmap(self.at.cast(), self.size) };
    }
}
