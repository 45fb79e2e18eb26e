//! The symbol that tee-supplicant loads from the shared object: `struct plugin_method` of
//! optee_client@4.10.0, tee-supplicant's `plugin.c` and `tee_plugin_method.h`.

use std::{
    ffi::{c_char, c_uint, c_void},
    io,
    panic::catch_unwind,
    ptr,
    sync::{Mutex, PoisonError},
};

use teeleak_proto::{
    limits, push,
    tee_result::{
        BAD_PARAMETERS, GENERIC, NOT_SUPPORTED, OUT_OF_MEMORY, STORAGE_NO_SPACE, SUCCESS,
    },
};

use crate::{Page, Refused, Spool};

/// `TEEC_UUID`.
#[repr(C)]
struct Uuid {
    time_low: u32,
    time_mid: u16,
    time_hi_and_version: u16,
    clock_seq_and_node: [u8; 8],
}

/// `struct plugin_method`.
#[repr(C)]
struct Method {
    name: *const c_char,
    uuid: Uuid,
    init: Option<extern "C" fn() -> u32>,
    invoke: Invoke,
}

type Invoke = unsafe extern "C" fn(c_uint, c_uint, *mut c_void, usize, *mut usize) -> u32;

// SAFETY: It is immutable, and its only pointer is to a constant.
unsafe impl Sync for Method {}

#[unsafe(no_mangle)]
static plugin_method: Method =
    Method { name: c"teeleak".as_ptr(), uuid: uuid(push::PLUGIN.0), init: Some(init), invoke };

const fn uuid(octets: [u8; 16]) -> Uuid {
    let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
    Uuid {
        time_low: u32::from_be_bytes([a, b, c, d]),
        time_mid: u16::from_be_bytes([e, f]),
        time_hi_and_version: u16::from_be_bytes([g, h]),
        clock_seq_and_node: rest,
    }
}

/// The spool; tee-supplicant has several threads.
static SPOOL: Mutex<Option<Spool>> = Mutex::new(None);

/// Always succeeds: otherwise the plugin would stay unloaded even when space is available again.
extern "C" fn init() -> u32 {
    SUCCESS
}

/// Runs a command.
///
/// # Safety
/// `data` points to `in_len` bytes that can be read, and `out_len` to a number.
unsafe extern "C" fn invoke(
    command: c_uint,
    sub_command: c_uint,
    data: *mut c_void,
    in_len: usize,
    out_len: *mut usize,
) -> u32 {
    if !out_len.is_null() {
        // SAFETY: The caller guarantees it.
        unsafe { out_len.write(0) };
    }
    if data.is_null() || in_len > limits::FRAME_BYTES {
        return BAD_PARAMETERS;
    }
    // Work on a copy: the secure world should wait for the reply, but may not.
    let mut page: Vec<u8> = Vec::new();
    if page.try_reserve_exact(in_len).is_err() {
        return OUT_OF_MEMORY;
    }
    // SAFETY: The caller guarantees `data`, and `page` has room for `in_len` bytes.
    unsafe { ptr::copy_nonoverlapping(data.cast_const().cast(), page.as_mut_ptr(), in_len) };
    // SAFETY: `in_len` bytes were just written.
    unsafe { page.set_len(in_len) };
    catch_unwind(|| take(command, sub_command, &page)).unwrap_or(GENERIC)
}

fn take(command: u32, sub_command: u32, data: &[u8]) -> u32 {
    let page = match Page::read(command, sub_command, data) {
        Ok(page) => page,
        Err(Refused::NotSupported) => return NOT_SUPPORTED,
        Err(Refused::BadParameters) => return BAD_PARAMETERS,
    };
    // A panic leaves at most a partial frame, which readers skip.
    let mut spool = SPOOL.lock().unwrap_or_else(PoisonError::into_inner);
    match spool.get_or_insert_with(Spool::from_env).append(&page) {
        Ok(()) => SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::StorageFull => STORAGE_NO_SPACE,
        Err(_) => GENERIC,
    }
}
