//! Channels and what is mapped for them.

use alloc::vec::Vec;
use core::ffi::c_void;

use optee_utee::{Error, ErrorKind, Result, raw::TEE_Result};

/// Bytes of a page.
pub(crate) const PAGE: u32 = 4096;

// lib/libutee/include/tee_internal_api_extensions.h of optee_os 4.10.0. Both go to the system PTA.
unsafe extern "C" {
    fn tee_map_zi(length: usize, flags: u32) -> *mut c_void;
    fn tee_unmap(buffer: *mut c_void, length: usize) -> TEE_Result;
}

struct Mapping {
    channel: u32,
    address: u64,
    size: usize,
}

/// All channels of the instance.
pub(crate) struct Channels {
    last: u32,
    open: Vec<u32>,
    mappings: Vec<Mapping>,
    leaked: Vec<(u64, usize)>,
}

impl Channels {
    pub(crate) const fn new() -> Self {
        Self { last: 0, open: Vec::new(), mappings: Vec::new(), leaked: Vec::new() }
    }

    pub(crate) fn open(&mut self) -> u32 {
        self.last += 1;
        self.open.push(self.last);
        self.last
    }

    fn find(&self, channel: u32) -> Result<usize> {
        let at = self.open.iter().position(|open| *open == channel);
        at.ok_or_else(|| ErrorKind::ItemNotFound.into())
    }

    pub(crate) fn map(&mut self, channel: u32, size: u32) -> Result<u64> {
        self.find(channel)?;
        let size = usize::try_from(size).map_err(|_| ErrorKind::BadParameters)?;
        let address = map(size)?;
        self.mappings.push(Mapping { channel, address, size });
        Ok(address)
    }

    /// The bug of the field report: when the channel is gone its mappings are not found any more.
    pub(crate) fn unmap(&mut self, channel: u32, address: u64) -> Result<()> {
        self.find(channel)?;
        let is = |one: &Mapping| one.channel == channel && one.address == address;
        let at = self.mappings.iter().position(is).ok_or(ErrorKind::ItemNotFound)?;
        let mapping = self.mappings.swap_remove(at);
        unmap(mapping.address, mapping.size)
    }

    pub(crate) fn close(&mut self, channel: u32) -> Result<()> {
        let at = self.find(channel)?;
        self.open.swap_remove(at);
        Ok(())
    }

    /// Loses regions of a size.
    pub(crate) fn leak(&mut self, regions: u32, size: u32) -> Result<()> {
        let size = usize::try_from(size).map_err(|_| ErrorKind::BadParameters)?;
        for _ in 0..regions {
            self.leaked.try_reserve(1).map_err(|_| ErrorKind::OutOfMemory)?;
            self.leaked.push((map(size)?, size));
        }
        Ok(())
    }

    /// Finds them again.
    pub(crate) fn unleak(&mut self) -> Result<()> {
        self.leaked.drain(..).try_for_each(|(address, size)| unmap(address, size))
    }
}

fn map(size: usize) -> Result<u64> {
    // SAFETY: The kernel chooses where, among what is not mapped.
    let at = unsafe { tee_map_zi(size, 0) };
    if at.is_null() {
        Err(ErrorKind::OutOfMemory.into())
    } else {
        Ok(at.expose_provenance() as u64)
    }
}

pub(crate) fn unmap(address: u64, size: usize) -> Result<()> {
    let at = usize::try_from(address).map_err(|_| ErrorKind::BadParameters)?;
    // SAFETY: It was mapped by `map`, and nothing refers to it.
    match unsafe { tee_unmap(core::ptr::with_exposed_provenance_mut(at), size) } {
        0 => Ok(()),
        code => Err(Error::from_raw_error(code)),
    }
}
