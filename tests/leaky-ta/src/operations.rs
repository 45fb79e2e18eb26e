//! Cryptographic operations that nobody frees: each has its state in the TEE core.

use alloc::vec::Vec;
use core::ptr;

use optee_utee::{
    Error, ErrorKind, Result,
    raw::{
        TEE_ALG_SHA512, TEE_AllocateOperation, TEE_FreeOperation, TEE_MODE_DIGEST,
        TEE_OperationHandle,
    },
};

/// All operations that the TA has lost.
pub(crate) struct Operations(Vec<TEE_OperationHandle>);

impl Operations {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn leak(&mut self, count: u32) -> Result<()> {
        for _ in 0..count {
            self.0.try_reserve(1).map_err(|_| ErrorKind::OutOfMemory)?;
            let mut handle = ptr::null_mut();
            // SAFETY: `handle` outlives the call.
            let code = unsafe {
                TEE_AllocateOperation(&raw mut handle, TEE_ALG_SHA512, TEE_MODE_DIGEST, 0)
            };
            if code != 0 {
                return Err(Error::from_raw_error(code));
            }
            self.0.push(handle);
        }
        Ok(())
    }

    pub(crate) fn free(&mut self) {
        for handle in self.0.drain(..) {
            // SAFETY: The handle came from `TEE_AllocateOperation` and is freed once.
            unsafe { TEE_FreeOperation(handle) };
        }
    }
}
