//! A connection to the TEE.

use std::{mem, ptr, ptr::NonNull};

use optee_teec::raw;

use super::check;
use crate::Code;

/// An initialized context. Boxed, since libteec keeps its address in each session.
pub struct Context(NonNull<raw::TEEC_Context>);

impl Context {
    /// Connects to the default TEE.
    ///
    /// # Errors
    /// The error code of libteec; `TEEC_ERROR_ITEM_NOT_FOUND` without a TEE.
    pub fn new() -> Result<Self, Code> {
        // SAFETY: All that a context has are numbers and flags, which may be zero.
        let context = Box::new(unsafe { mem::zeroed::<raw::TEEC_Context>() });
        let context = NonNull::from(Box::leak(context));
        // SAFETY: The pointer is to our own context; a null name selects the default TEE.
        let code = unsafe { raw::TEEC_InitializeContext(ptr::null(), context.as_ptr()) };
        check(code).map(|()| Self(context)).inspect_err(|_| free(context))
    }

    pub(super) fn as_ptr(&self) -> *mut raw::TEEC_Context {
        self.0.as_ptr()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: It is initialized, and no session or memory of it is left: both are dropped
        // first.
        unsafe { raw::TEEC_FinalizeContext(self.as_ptr()) };
        free(self.0);
    }
}

fn free(context: NonNull<raw::TEEC_Context>) {
    // SAFETY: It comes from a leaked box, and no reference to it is left.
    drop(unsafe { Box::from_raw(context.as_ptr()) });
}
