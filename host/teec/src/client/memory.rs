//! Memory shared by both worlds.

use std::{mem, ptr};

use optee_teec::raw;

use super::{check, context::Context};
use crate::Code;

/// Shared memory, registered until drop. The other side may change it at any time, so it is never
/// borrowed as a reference.
pub(super) struct Memory(raw::TEEC_SharedMemory);

impl Memory {
    pub(super) fn allocate(context: &Context, size: usize) -> Result<Self, Code> {
        // SAFETY: All that shared memory has are numbers and pointers, which may be zero.
        let mut memory: raw::TEEC_SharedMemory = unsafe { mem::zeroed() };
        memory.size = size;
        memory.flags = raw::TEEC_MEM_INPUT | raw::TEEC_MEM_OUTPUT;
        // SAFETY: The context is initialized, and the memory is a local with its size set.
        let code = unsafe { raw::TEEC_AllocateSharedMemory(context.as_ptr(), &raw mut memory) };
        check(code).map(|()| Self(memory))
    }

    pub(super) fn size(&self) -> usize {
        self.0.size
    }

    /// A part of it as a parameter.
    pub(super) fn part(&mut self, offset: usize, size: usize) -> raw::TEEC_Parameter {
        let parent = &raw mut self.0;
        let memref = raw::TEEC_RegisteredMemoryReference { parent, size, offset };
        raw::TEEC_Parameter { memref }
    }

    /// Writes bytes at its start, truncated to its size.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let size = bytes.len().min(self.size());
        // SAFETY: Both have `size` bytes, and the buffer is not part of any Rust object.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.buffer.cast(), size) };
    }

    /// Reads bytes from an offset, up to its end.
    pub(super) fn read(&self, offset: usize, bytes: &mut [u8]) {
        let offset = offset.min(self.size());
        let size = bytes.len().min(self.size() - offset);
        let start = self.0.buffer.cast::<u8>().wrapping_add(offset);
        // SAFETY: `from` and `size` bytes lie within the buffer, which is not part of any Rust
        // object.
        unsafe { ptr::copy_nonoverlapping(start, bytes.as_mut_ptr(), size) };
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: It was allocated from a context that still exists, and is not used again.
        unsafe { raw::TEEC_ReleaseSharedMemory(&raw mut self.0) };
    }
}
