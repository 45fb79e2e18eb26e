//! The functions that ours stand in front of.
//!
//! Each is looked up once: the next one in the order of libraries, else the one of a libteec that
//! was loaded in private (`dlopen` without `RTLD_GLOBAL`, which the next-one rule can't see).

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr,
    sync::atomic::{
        AtomicPtr, AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// Sonames that libteec has had (optee_client `libteec/CMakeLists.txt` @ 3.22.0 and @ 4.0.0).
const LIBRARIES: [&CStr; 3] = [c"libteec.so.2", c"libteec.so.1", c"libteec.so"];

/// Which layout the private fields have: 1 and 2 as the soname, 0 unknown.
static VERSION: AtomicU32 = AtomicU32::new(0);

/// A function of another library, by name.
pub(crate) struct Real {
    name: &'static CStr,
    at: AtomicPtr<c_void>,
}

impl Real {
    /// The function `name`, to be looked up when it is first needed.
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Self { name, at: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static CStr {
        self.name
    }

    /// Its address, null when there is no such function.
    pub(crate) fn get(&self) -> *mut c_void {
        let known = self.at.load(Acquire);
        if !known.is_null() {
            return known;
        }
        let found = find(self.name);
        if found.is_null() { found } else { self.settle(found) }
    }

    /// Its address if it was looked up already, else null.
    pub(crate) fn known(&self) -> *mut c_void {
        self.at.load(Acquire)
    }

    /// Settles on an address, unless there is one already; gives the one that holds.
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
    // The handle is kept, so that the library stays as long as its function is used.
    symbol(handle, name)
}

/// `dlsym`, the one of the C library.
pub(crate) fn symbol(handle: *mut c_void, name: &CStr) -> *mut c_void {
    let dlsym = crate::lookup::real_dlsym();
    // SAFETY: `name` is a C string and `handle` one that dlopen gave or a special one.
    unsafe { dlsym(handle, name.as_ptr()) }
}

/// Tells the versions apart by the file that `function` lies in; once.
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

/// Which libteec it is: 1 or 2, 0 where that is not known.
pub(crate) fn version() -> c_int {
    c_int::try_from(VERSION.load(Relaxed)).unwrap_or(0)
}
