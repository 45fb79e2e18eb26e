//! A plugin of tee-supplicant for tests: loses a descriptor when it is asked to.
#![expect(unsafe_code, reason = "called by a C program")]

use std::{
    ffi::{c_char, c_uint, c_void},
    fs::File,
    mem,
};

use leaky_interface::plugin;

const SUCCESS: u32 = 0;
const GENERIC: u32 = 0xffff_0000;

/// `struct plugin_method` of tee-supplicant's `tee_plugin_method.h` (optee_client 4.10.0), with the `TEEC_UUID`
/// as the bytes that it has on a little-endian machine.
#[repr(C)]
struct Method {
    name: *const c_char,
    uuid: Uuid,
    init: Option<extern "C" fn() -> u32>,
    invoke: Invoke,
}

/// `TEEC_UUID`: aligned as its first field.
#[repr(C, align(4))]
struct Uuid([u8; 16]);

type Invoke = extern "C" fn(c_uint, c_uint, *mut c_void, usize, *mut usize) -> u32;

// SAFETY: It is immutable, and its only pointer is to a constant.
unsafe impl Sync for Method {}

#[unsafe(no_mangle)]
static plugin_method: Method = Method {
    name: c"leaky".as_ptr(),
    uuid: Uuid(plugin::UUID_LITTLE_ENDIAN),
    init: Some(init),
    invoke,
};

extern "C" fn init() -> u32 {
    SUCCESS
}

/// Opens a file, and closes it unless the command is to lose it.
extern "C" fn invoke(
    command: c_uint,
    _sub_command: c_uint,
    _data: *mut c_void,
    _in_len: usize,
    _out_len: *mut usize,
) -> u32 {
    let Ok(file) = File::open("/dev/null") else { return GENERIC };
    if command == plugin::LOSE {
        mem::forget(file);
    }
    SUCCESS
}
