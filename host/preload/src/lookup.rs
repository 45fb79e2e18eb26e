//! `dlsym`, for programs that load libteec at run time and look up its functions.
//!
//! `dlsym` identifies its caller by the return address, so ours must not add a frame: it either
//! answers itself (a `TEEC_` name with a library handle) or *jumps* to the real one.

use std::{
    ffi::{c_char, c_void},
    sync::atomic::{
        AtomicPtr,
        Ordering::{Acquire, Release},
    },
};

/// Type of `dlsym`.
pub(crate) type Dlsym = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;

static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

unsafe extern "C" {
    fn dlvsym(handle: *mut c_void, name: *const c_char, version: *const c_char) -> *mut c_void;
}

/// Symbol versions of `dlsym` in glibc: since it moved into libc, and before.
#[cfg(target_arch = "x86_64")]
const VERSIONS: [&std::ffi::CStr; 2] = [c"GLIBC_2.34", c"GLIBC_2.2.5"];
#[cfg(not(target_arch = "x86_64"))]
const VERSIONS: [&std::ffi::CStr; 2] = [c"GLIBC_2.34", c"GLIBC_2.17"];

/// The C library's `dlsym`.
pub(crate) fn real_dlsym() -> Dlsym {
    let at = real_address();
    if at.is_null() {
        return no_dlsym;
    }
    // SAFETY: the address is that of `dlsym`, which has this type.
    unsafe { std::mem::transmute::<*mut c_void, Dlsym>(at) }
}

fn real_address() -> *mut c_void {
    let known = REAL.load(Acquire);
    if !known.is_null() {
        return known;
    }
    for version in VERSIONS {
        // SAFETY: both names are C strings.
        let at = unsafe { dlvsym(libc::RTLD_NEXT, c"dlsym".as_ptr(), version.as_ptr()) };
        if !at.is_null() {
            REAL.store(at, Release);
            return at;
        }
    }
    std::ptr::null_mut()
}

unsafe extern "C" fn no_dlsym(_: *mut c_void, _: *const c_char) -> *mut c_void {
    std::ptr::null_mut()
}

mod entry {
    use std::{
        ffi::{CStr, c_char, c_void},
        ptr,
    };

    use super::{real_address, real_dlsym};
    use crate::{emit::quietly, exports};

    /// What to do with a request: return an answer, or jump to the real function.
    #[repr(C)]
    struct Choice {
        answer: *mut c_void,
        go_on: *mut c_void,
    }

    extern "C" fn choose(handle: *mut c_void, name: *const c_char) -> Choice {
        let answer = quietly(|| answer(handle, name)).unwrap_or(ptr::null_mut());
        Choice { answer, go_on: real_address() }
    }

    fn answer(handle: *mut c_void, name: *const c_char) -> *mut c_void {
        let special = handle == libc::RTLD_DEFAULT || handle == libc::RTLD_NEXT;
        if special || name.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: not null, so the C string that dlsym asks for.
        let name = unsafe { CStr::from_ptr(name) };
        if !name.to_bytes().starts_with(b"TEEC_") {
            return ptr::null_mut();
        }
        // SAFETY: the caller's own arguments.
        let found = unsafe { real_dlsym()(handle, name.as_ptr()) };
        exports::adopt(name, found)
    }

    /// `dlsym` of the C library, except for the functions of libteec.
    ///
    /// # Safety
    /// As for the C library's `dlsym`.
    #[cfg(target_arch = "x86_64")]
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub(crate) unsafe extern "C" fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void {
        std::arch::naked_asm!(
            "push rdi",
            "push rsi",
            "sub rsp, 8",
            "call {choose}",
            "add rsp, 8",
            "pop rsi",
            "pop rdi",
            "test rax, rax",
            "jnz 2f",
            "test rdx, rdx",
            "jz 2f",
            "jmp rdx",
            "2:",
            "ret",
            choose = sym choose,
        )
    }

    /// `dlsym` of the C library, except for the functions of libteec.
    ///
    /// # Safety
    /// As for the C library's `dlsym`.
    #[cfg(target_arch = "aarch64")]
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    pub(crate) unsafe extern "C" fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void {
        std::arch::naked_asm!(
            "stp x29, x30, [sp, #-32]!",
            "mov x29, sp",
            "stp x0, x1, [sp, #16]",
            "bl {choose}",
            "mov x9, x0",
            "mov x16, x1",
            "ldp x0, x1, [sp, #16]",
            "ldp x29, x30, [sp], #32",
            "cbnz x9, 2f",
            "cbz x16, 2f",
            "br x16",
            "2:",
            "mov x0, x9",
            "ret",
            choose = sym choose,
        )
    }
}
