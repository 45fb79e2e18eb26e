//! A dma-buf whose descriptor is duplicated, and only the first one closed: the duplicate keeps it.
//!
//! The kernel makes the dma-buf of the pages of a memfd (Linux `drivers/dma-buf/udmabuf.c`).

use std::{
    ffi::c_void,
    fs::File,
    os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
};

use anyhow::{Context as _, Result};
use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create},
    io::dup,
    ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode},
};
use serde_json::{Value, json};

use crate::server::Work;

const DEVICE: &str = "/dev/udmabuf";

/// Buffers, and whose descriptors were kept.
pub(crate) struct DmaBuf {
    device: File,
    bytes: u64,
    well: bool,
    kept: Vec<OwnedFd>,
}

impl DmaBuf {
    /// Buffers of so many bytes.
    pub(crate) fn new(bytes: u64, well: bool) -> Result<Self> {
        let device = File::options().read(true).write(true).open(DEVICE);
        let device = device.with_context(|| format!("cannot open {DEVICE} (CONFIG_UDMABUF)"))?;
        Ok(Self { device, bytes, well, kept: Vec::new() })
    }
}

impl Work for DmaBuf {
    fn step(&mut self) -> Result<Value> {
        let memory = memfd_create("leaky-ree", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&memory, self.bytes)?;
        // The kernel takes pages only that cannot be cut off.
        fcntl_add_seals(&memory, SealFlags::SHRINK)?;
        let buffer = create(&self.device, memory.as_raw_fd(), self.bytes)?;
        let copy = dup(&buffer)?;
        let answer = json!({
            "pid": std::process::id(),
            "buffer": buffer.as_raw_fd(),
            "copy": copy.as_raw_fd(),
            "inode": fstat(&copy)?.st_ino,
            "bytes": self.bytes,
        });
        drop(buffer);
        if !self.well {
            self.kept.push(copy);
        }
        Ok(answer)
    }
}

fn create(device: impl AsFd, memfd: RawFd, size: u64) -> Result<OwnedFd> {
    let create = Create { memfd: u32::try_from(memfd)?, flags: CLOEXEC, offset: 0, size };
    // SAFETY: the request is that of `UDMABUF_CREATE`, and `device` was opened as the file that knows it;
    // the kernel reads one `struct udmabuf_create`, and answers with a descriptor that nobody else has.
    unsafe { ioctl(device, create) }.context("the kernel makes no buffer")
}

/// `UDMABUF_FLAGS_CLOEXEC` (Linux `include/uapi/linux/udmabuf.h`).
const CLOEXEC: u32 = 1;

/// `struct udmabuf_create` of the same.
#[repr(C)]
struct Create {
    memfd: u32,
    flags: u32,
    offset: u64,
    size: u64,
}

// SAFETY: `UDMABUF_CREATE` is `_IOW('u', 0x42, struct udmabuf_create)`: it reads the structure, changes
// nothing, and returns a new descriptor.
unsafe impl Ioctl for Create {
    type Output = OwnedFd;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        opcode::write::<Self>(b'u', 0x42)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self).cast()
    }

    unsafe fn output_from_ptr(fd: IoctlOutput, _: *mut c_void) -> rustix::io::Result<OwnedFd> {
        // SAFETY: the call succeeded, so that this is a new descriptor, and nobody else has it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
