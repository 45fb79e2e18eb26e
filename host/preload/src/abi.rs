//! The parts of `tee_client_api.h` that the recorder reads.
//!
//! `libteec.so.1` (optee_client up to 3.x) and `libteec.so.2` (from 4.0.0, which put the private
//! fields into a member `imp`) have the same layout on 64-bit machines, except for the kernel's ID
//! of a shared memory, which `imp` moves from byte 20 to byte 24. Source of both layouts:
//! optee_client `libteec/include/tee_client_api.h` @ 3.22.0 and @ 4.0.0.

use std::ffi::{c_int, c_void};

/// `TEEC_Result`.
pub(crate) type TeecResult = u32;

/// `TEEC_PARAM_TYPES` of one parameter: input, output or both of a value.
pub(crate) const VALUE_TYPES: std::ops::RangeInclusive<u32> = 1..=3;
/// Temporary memory references.
pub(crate) const TMPREF_TYPES: std::ops::RangeInclusive<u32> = 5..=7;
/// `TEEC_MEMREF_WHOLE`.
pub(crate) const WHOLE_TYPE: u32 = 0xc;
/// Parts of a registered memory.
pub(crate) const PARTIAL_TYPES: std::ops::RangeInclusive<u32> = 0xd..=0xf;

/// `TEEC_Context`, up to the file descriptor of the TEE device.
#[repr(C)]
pub(crate) struct Context {
    pub(crate) fd: c_int,
}

/// `TEEC_Session`.
#[repr(C)]
pub(crate) struct Session {
    pub(crate) context: *const Context,
    pub(crate) id: u32,
}

/// `TEEC_UUID`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Uuid {
    pub(crate) time_low: u32,
    pub(crate) time_mid: u16,
    pub(crate) time_hi_and_version: u16,
    pub(crate) clock_seq_and_node: [u8; 8],
}

/// `TEEC_SharedMemory`: the fields common to both versions, and the words after them.
#[repr(C)]
pub(crate) struct SharedMemory {
    pub(crate) buffer: *mut c_void,
    pub(crate) size: usize,
    pub(crate) flags: u32,
    /// `id` of version 1, padding of version 2.
    pub(crate) id_v1: c_int,
    /// `imp.id` of version 2, low half of `alloced_size` of version 1.
    pub(crate) id_v2: c_int,
}

/// `TEEC_TempMemoryReference`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct TempMemory {
    pub(crate) buffer: *mut c_void,
    pub(crate) size: usize,
}

/// `TEEC_RegisteredMemoryReference`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RegisteredMemory {
    pub(crate) parent: *const SharedMemory,
    pub(crate) size: usize,
    pub(crate) offset: usize,
}

/// `TEEC_Value`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Value {
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// `TEEC_Parameter`.
#[repr(C)]
pub(crate) union Parameter {
    pub(crate) tmpref: TempMemory,
    pub(crate) memref: RegisteredMemory,
    pub(crate) value: Value,
}

/// `TEEC_Operation`, up to its parameters.
#[repr(C)]
pub(crate) struct Operation {
    pub(crate) started: u32,
    pub(crate) param_types: u32,
    pub(crate) params: [Parameter; 4],
}

const _: () = assert!(size_of::<Parameter>() == 3 * size_of::<usize>());
const _: () = assert!(std::mem::offset_of!(Operation, params) == 8);
#[cfg(target_pointer_width = "64")]
const _: () = assert!(
    std::mem::offset_of!(Session, id) == 8
        && std::mem::offset_of!(SharedMemory, id_v1) == 20
        && std::mem::offset_of!(SharedMemory, id_v2) == 24
);
