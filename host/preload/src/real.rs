//! The real functions behind our wrappers.
//!
//! Each is looked up once: the next one in library order, else the one of a privately loaded
//! libteec (`dlopen` without `RTLD_GLOBAL`, which `RTLD_NEXT` does not find).

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr,
    sync::atomic::{
        AtomicPtr, AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// Sonames of libteec (optee_client `libteec/CMakeLists.txt` @ 3.22.0 and @ 4.0.0).
const LIBRARIES: [&CStr; 3] = [c"libteec.so.2", c"libteec.so.1", c"libteec.so"];

/// Layout of the private fields: 1 or 2 as in the soname, 0 if unknown.
static VERSION: AtomicU32 = AtomicU32::new(0);

/// A function of another library, by name.
pub(crate) struct Real {
    name: &'static CStr,
    at: AtomicPtr<c_void>,
}

impl Real {
    /// The function `name`, looked up on first use.
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Self { name, at: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static CStr {
        self.name
    }

    /// Its address, null if the function is missing.
    pub(crate) fn get(&self) -> *mut c_void {
        let known = self.at.load(Acquire);
        if !known.is_null() {
            return known;
        }
        let found = find(self.name);
        if found.is_null() { found } else { self.settle(found) }
    }

    /// Its address if already looked up, else null.
    pub(crate) fn known(&self) -> *mut c_void {
        self.at.load(Acquire)
    }

    /// Sets the address unless it is set already; returns the address in effect.
    pub(crate) fn settle(&self, found: *mut c_void) -> *mut c_void {
        match self.at.compare_exchange(ptr::null_mut(), found, Release, Acquire) {
            Ok(_) => found,
            Err(first) => first,
        }
    }
}

fn find(name: &CStr) -> *mut c_void {
    let next = symbol(libc::RTLD_NEXT, name);
    if !next.is_null() {
        return next;
    }
    if !name.to_bytes().starts_with(b"TEEC_") {
        return next;
    }
    LIBRARIES
        .iter()
        .map(|library| in_loaded(library, name))
        .find(|at| !at.is_null())
        .unwrap_or(next)
}

fn in_loaded(library: &CStr, name: &CStr) -> *mut c_void {
    // SAFETY: `library` is a C string; with RTLD_NOLOAD nothing is loaded or run.
    let handle = unsafe { libc::dlopen(library.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
    if handle.is_null() {
        return handle;
    }
    // The handle is never closed, so that the library stays loaded while its function is in use.
    symbol(handle, name)
}

/// Looks up a symbol with the C library's `dlsym`.
pub(crate) fn symbol(handle: *mut c_void, name: &CStr) -> *mut c_void {
    let dlsym = crate::lookup::real_dlsym();
    // SAFETY: `name` is a C string and `handle` one that dlopen gave or a special one.
    unsafe { dlsym(handle, name.as_ptr()) }
}

/// Detects the libteec version by the file that contains `function`.
pub(crate) fn learn_version(function: *mut c_void) {
    let mut found = libc::Dl_info {
        dli_fname: ptr::null(),
        dli_fbase: ptr::null_mut(),
        dli_sname: ptr::null(),
        dli_saddr: ptr::null_mut(),
    };
    // SAFETY: `found` is a place to write to, `function` any address.
    let known = unsafe { libc::dladdr(function, &raw mut found) };
    if known != 0 && !found.dli_fname.is_null() {
        VERSION.store(version_of(found.dli_fname), Relaxed);
    }
}

fn version_of(file: *const c_char) -> u32 {
    // SAFETY: dladdr gives a C string that lives as long as the library.
    let file = unsafe { CStr::from_ptr(file) }.to_bytes();
    let ends = |what: &[u8]| file.windows(what.len()).any(|part| part == what);
    if ends(b".so.2") {
        2
    } else if ends(b".so.1") {
        1
    } else {
        0
    }
}

/// Version of libteec: 1 or 2, 0 if unknown.
pub(crate) fn version() -> c_int {
    c_int::try_from(VERSION.load(Relaxed)).unwrap_or(0)
}
