//! Records how file descriptors of the TEE and of dma-bufs are opened, duplicated, mapped and
//! closed.
//!
//! All code calls these functions, so calls of no interest go straight to the real function.
//! Descriptors received in other ways (over a socket, through binder) become known when they are
//! duplicated or mapped. Partial unmapping is not observed.

mod track;

use std::{
    ffi::{CStr, c_char, c_int, c_long, c_void},
    mem,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use teeleak_proto::client::{ClientCall, ClientCallKind as Kind, ClientParam};

use crate::{
    emit::{observe, quietly},
    real::Real,
    settings,
};

static ON: AtomicBool = AtomicBool::new(false);

static OPENAT: Real = Real::new(c"openat");
static DUP: Real = Real::new(c"dup");
static DUP3: Real = Real::new(c"dup3");
static FCNTL: Real = Real::new(c"fcntl");
static CLOSE: Real = Real::new(c"close");
static MMAP: Real = Real::new(c"mmap");
static MUNMAP: Real = Real::new(c"munmap");
static IOCTL: Real = Real::new(c"ioctl");

/// Looks up the real functions now: a later call could come from within the loader.
pub(crate) fn load() {
    for real in [&OPENAT, &DUP, &DUP3, &FCNTL, &CLOSE, &MMAP, &MUNMAP, &IOCTL] {
        real.get();
    }
}

/// Starts recording, if the settings enable it.
pub(crate) fn begin() {
    ON.store(settings::get().is_some_and(|settings| settings.fds), Relaxed);
}

fn on() -> bool {
    ON.load(Relaxed)
}

/// Functions that call the real one, or the kernel before the real one is looked up.
///
/// Variable arguments are passed as fixed ones: the calling conventions of x86-64 and AArch64 Linux
/// put both into the same registers.
macro_rules! plain {
    ($($pass:ident = $name:ident $number:ident ($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {$(
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the kernel gives a small number or -1"
        )]
        fn $pass($($arg: $ty),*) -> $result {
            let at = $name.known();
            if at.is_null() {
                // SAFETY: the caller's own arguments, for the system call of that name.
                let result: c_long = unsafe { libc::syscall(libc::$number, $($arg),*) };
                return result as $result;
            }
            // SAFETY: the address is that of the function with this name, whose type this is.
            let real = unsafe {
                mem::transmute::<*mut c_void, unsafe extern "C-unwind" fn($($ty),*) -> $result>(at)
            };
            // SAFETY: these are the caller's own arguments; it keeps the function's contract.
            unsafe { real($($arg),*) }
        }
    )*};
}

plain! {
    pass_openat = OPENAT SYS_openat
        (at: c_int, path: *const c_char, flags: c_int, mode: u32) -> c_int;
    pass_dup = DUP SYS_dup (old: c_int) -> c_int;
    pass_dup3 = DUP3 SYS_dup3 (old: c_int, new: c_int, flags: c_int) -> c_int;
    pass_fcntl = FCNTL SYS_fcntl (fd: c_int, cmd: c_int, arg: usize) -> c_int;
    pass_close = CLOSE SYS_close (fd: c_int) -> c_int;
    pass_munmap = MUNMAP SYS_munmap (address: usize, length: usize) -> c_int;
    pass_mmap = MMAP SYS_mmap
        (address: usize, length: usize, access: c_int, flags: c_int, fd: c_int, offset: i64)
        -> isize;
    pass_ioctl = IOCTL SYS_ioctl (fd: c_int, request: u64, arg: usize) -> c_int;
}

/// `dup2` is `dup3` without flags, except for equal descriptors.
fn pass_dup2(old: c_int, new: c_int) -> c_int {
    if old != new {
        return pass_dup3(old, new, 0);
    }
    let is_open = pass_fcntl(old, libc::F_GETFD, 0) >= 0;
    if is_open { old } else { -1 }
}

/// Opens a file, and records it if it is of interest.
fn opened(path: *const c_char, real: impl FnOnce() -> c_int) -> c_int {
    if !on() || path.is_null() {
        return real();
    }
    // SAFETY: not null, so the C string that the kernel is about to read.
    let kind = track::kind_of(unsafe { CStr::from_ptr(path) }.to_bytes());
    if kind == 0 {
        let fd = real();
        track::forget(fd);
        return fd;
    }
    observe(
        Kind::FdOpen,
        |call| call.flags |= kind,
        real,
        |call, fd| {
            call.result = fd.cast_unsigned();
            track::remember(fd, kind);
        },
    )
}

/// Duplicates a descriptor, and records it if it is of interest.
fn duplicated(old: c_int, real: impl FnOnce() -> c_int) -> c_int {
    let kind = if on() { quietly(|| track::look(old)).unwrap_or(0) } else { 0 };
    if kind == 0 {
        let new = real();
        if on() {
            track::forget(new);
        }
        return new;
    }
    let before = |call: &mut ClientCall| {
        call.flags |= kind;
        call.cmd = old.cast_unsigned();
    };
    observe(Kind::FdDup, before, real, |call, new| {
        call.result = new.cast_unsigned();
        track::remember(new, kind);
    })
}

/// `fcntl`; only duplication is of interest.
fn control(fd: c_int, cmd: c_int, arg: usize) -> c_int {
    let real = || pass_fcntl(fd, cmd, arg);
    let duplicates = cmd == libc::F_DUPFD || cmd == libc::F_DUPFD_CLOEXEC;
    if duplicates { duplicated(fd, real) } else { real() }
}

/// Closes a descriptor, and records it if it is of interest.
fn closed(fd: c_int, real: impl FnOnce() -> c_int) -> c_int {
    if !on() || track::remembered(fd) == 0 {
        return real();
    }
    let kind = quietly(|| track::look(fd)).unwrap_or(0);
    track::forget(fd);
    if kind == 0 {
        return real();
    }
    let before = |call: &mut ClientCall| {
        call.flags |= kind;
        call.cmd = fd.cast_unsigned();
    };
    observe(Kind::FdClose, before, real, |call, result| call.result = result.cast_unsigned())
}

/// Maps a descriptor, and records it if it is of interest.
fn mapped(length: usize, fd: c_int, real: impl FnOnce() -> isize) -> isize {
    let kind = if on() && fd >= 0 { quietly(|| track::look(fd)).unwrap_or(0) } else { 0 };
    if kind == 0 {
        return real();
    }
    let before = |call: &mut ClientCall| {
        call.flags |= kind;
        call.cmd = fd.cast_unsigned();
    };
    observe(Kind::FdMap, before, real, |call, address| {
        let failed = address == -1;
        call.result = if failed { u32::MAX } else { 0 };
        let at = if failed { 0 } else { address.cast_unsigned() as u64 };
        call.params[0] = ClientParam { input: at, size: length as u64, output: 0 };
        if !failed {
            track::map(at, length as u64, kind);
        }
    })
}

/// Unmaps memory, and records it if it is of interest.
fn unmapped(address: usize, length: usize) -> c_int {
    let real = || pass_munmap(address, length);
    let Some(kind) = (if on() { track::unmap(address as u64) } else { None }) else {
        return real();
    };
    let before = |call: &mut ClientCall| {
        call.flags |= kind;
        call.params[0] = ClientParam { input: address as u64, size: length as u64, output: 0 };
    };
    observe(Kind::FdUnmap, before, real, |call, result| call.result = result.cast_unsigned())
}

/// Runs an ioctl, and records it with any new descriptor if it is of interest.
fn controlled(fd: c_int, request: u64, arg: usize) -> c_int {
    let real = || pass_ioctl(fd, request, arg);
    let kind = if on() { track::remembered(fd) } else { 0 };
    if kind == 0 {
        return real();
    }
    let before = |call: &mut ClientCall| {
        call.flags |= kind;
        call.cmd = fd.cast_unsigned();
        call.params[0].input = request;
    };
    observe(Kind::FdIoctl, before, real, |call, result| {
        call.result = result.cast_unsigned();
        // SAFETY: the kernel has just read and written the argument of this very request.
        if let Some((made, kind)) = unsafe { track::made(request, arg, result) } {
            call.params[0].output = u64::from(made.cast_unsigned()) + 1;
            track::remember(made, kind);
        }
    })
}

macro_rules! offer {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) -> $result:ty $body:block)*) => {$(
        /// See the manual page of the function with this name.
        ///
        /// # Safety
        /// As for the C library's function.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C-unwind" fn $name($($arg: $ty),*) -> $result $body
    )*};
}

offer! {
    fn open(path: *const c_char, flags: c_int, mode: u32) -> c_int {
        opened(path, || pass_openat(libc::AT_FDCWD, path, flags, mode))
    }
    fn open64(path: *const c_char, flags: c_int, mode: u32) -> c_int {
        opened(path, || pass_openat(libc::AT_FDCWD, path, flags, mode))
    }
    fn openat(at: c_int, path: *const c_char, flags: c_int, mode: u32) -> c_int {
        opened(path, || pass_openat(at, path, flags, mode))
    }
    fn openat64(at: c_int, path: *const c_char, flags: c_int, mode: u32) -> c_int {
        opened(path, || pass_openat(at, path, flags, mode))
    }
    fn dup(old: c_int) -> c_int {
        duplicated(old, || pass_dup(old))
    }
    fn dup2(old: c_int, new: c_int) -> c_int {
        duplicated(old, || pass_dup2(old, new))
    }
    fn dup3(old: c_int, new: c_int, flags: c_int) -> c_int {
        duplicated(old, || pass_dup3(old, new, flags))
    }
    fn fcntl(fd: c_int, cmd: c_int, arg: usize) -> c_int {
        control(fd, cmd, arg)
    }
    fn fcntl64(fd: c_int, cmd: c_int, arg: usize) -> c_int {
        control(fd, cmd, arg)
    }
    fn close(fd: c_int) -> c_int {
        closed(fd, || pass_close(fd))
    }
    fn mmap(
        address: usize, length: usize, access: c_int, flags: c_int, fd: c_int, offset: i64
    ) -> isize {
        mapped(length, fd, || pass_mmap(address, length, access, flags, fd, offset))
    }
    fn mmap64(
        address: usize, length: usize, access: c_int, flags: c_int, fd: c_int, offset: i64
    ) -> isize {
        mapped(length, fd, || pass_mmap(address, length, access, flags, fd, offset))
    }
    fn munmap(address: usize, length: usize) -> c_int {
        unmapped(address, length)
    }
    fn ioctl(fd: c_int, request: u64, arg: usize) -> c_int {
        controlled(fd, request, arg)
    }
}
