//! Direct system calls.
//!
//! The C library's functions are cancellation points, or wrapped by this library. These here are
//! safe in a signal handler and after `fork`.

use std::{
    ffi::{CStr, c_int, c_long, c_void},
    mem::MaybeUninit,
};

/// Runs `run` and restores `errno`.
pub(crate) fn keeping_errno<R>(run: impl FnOnce() -> R) -> R {
    // SAFETY: gives the address of this thread's errno, valid as long as the thread.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: see above.
    let errno = unsafe { *place };
    let result = run();
    // SAFETY: see above.
    unsafe { *place = errno };
    result
}

/// Process id.
pub(crate) fn pid() -> u32 {
    // SAFETY: takes nothing and can't fail.
    id(unsafe { libc::syscall(libc::SYS_getpid) })
}

/// Process id of the parent.
pub(crate) fn ppid() -> u32 {
    // SAFETY: takes nothing and can't fail.
    id(unsafe { libc::syscall(libc::SYS_getppid) })
}

/// Thread id.
pub(crate) fn tid() -> u32 {
    // SAFETY: takes nothing and can't fail.
    id(unsafe { libc::syscall(libc::SYS_gettid) })
}

fn id(value: c_long) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// Name of the calling thread, zero padded.
pub(crate) fn comm() -> [u8; 16] {
    let mut name = [0u8; 16];
    // SAFETY: PR_GET_NAME writes at most 16 bytes (prctl(2)).
    unsafe { libc::syscall(libc::SYS_prctl, libc::PR_GET_NAME, name.as_mut_ptr(), 0, 0, 0) };
    name
}

/// Creates and opens a new file of that name, if the folder is no link and belongs to root or to this user:
/// its name may be somebody else's once teeleak has removed it.
pub(crate) fn create(folder: &CStr, name: &CStr) -> Option<c_int> {
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let folder = open(libc::AT_FDCWD, folder, flags)?;
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC | libc::O_NOFOLLOW;
    let file = if is_trusted(folder) { open(folder, name, flags) } else { None };
    close(folder);
    file
}

fn open(at: c_int, path: &CStr, flags: c_int) -> Option<c_int> {
    // SAFETY: `path` is a C string.
    let fd = unsafe { libc::syscall(libc::SYS_openat, at, path.as_ptr(), flags, 0o600) };
    c_int::try_from(fd).ok().filter(|fd| *fd >= 0)
}

fn is_trusted(folder: c_int) -> bool {
    let mut data = MaybeUninit::<libc::stat>::uninit();
    let (empty, of_fd) = (c"", libc::AT_EMPTY_PATH);
    // SAFETY: `empty` is a C string, and the call fills the structure or fails.
    let result = unsafe {
        libc::syscall(libc::SYS_newfstatat, folder, empty.as_ptr(), data.as_mut_ptr(), of_fd)
    };
    // SAFETY: it was filled, since the call succeeded.
    let owner = (result == 0).then(|| unsafe { data.assume_init() }.st_uid);
    // SAFETY: takes no argument and can't fail.
    let user = unsafe { libc::syscall(libc::SYS_geteuid) };
    owner.is_some_and(|owner| owner == 0 || c_long::from(owner) == user)
}

/// Closes a file that [`create`] opened.
pub(crate) fn close(fd: c_int) {
    // SAFETY: the descriptor is ours and nobody else knows it.
    unsafe { libc::syscall(libc::SYS_close, fd) };
}

/// Removes a file.
pub(crate) fn unlink(path: &CStr) {
    // SAFETY: `path` is a C string.
    unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0) };
}

/// Allocates `bytes` of a file on disk, so that writing through a mapping can't fail.
pub(crate) fn reserve(fd: c_int, bytes: usize) -> bool {
    // SAFETY: works on the descriptor alone.
    if unsafe { libc::syscall(libc::SYS_fallocate, fd, 0, 0u64, bytes as u64) } == 0 {
        return true;
    }
    // A file system without fallocate, such as ramfs.
    let zeros = [0u8; 4096];
    (0..bytes).step_by(zeros.len()).all(|at| write_at(fd, &zeros, at))
}

/// Writes all of `data` at `at`.
pub(crate) fn write_at(fd: c_int, data: &[u8], at: usize) -> bool {
    let (from, length) = (data.as_ptr(), data.len());
    // SAFETY: `from` points to `length` bytes.
    let n = unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, length, at as u64) };
    usize::try_from(n) == Ok(length)
}

/// Maps `bytes` of a file, shared.
#[cfg(target_pointer_width = "64")]
pub(crate) fn map(fd: c_int, bytes: usize) -> Option<*mut c_void> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
    let at = unsafe {
        libc::syscall(libc::SYS_mmap, 0usize, bytes, access, libc::MAP_SHARED, fd, 0usize)
    };
    let address = usize::try_from(at).ok()?;
    Some(std::ptr::with_exposed_provenance_mut(address))
}

/// Target of a symbolic link, truncated at `N` bytes; zero padded.
pub(crate) fn link_start<const N: usize>(path: &CStr) -> [u8; N] {
    let mut start = [0; N];
    let at = libc::AT_FDCWD;
    // SAFETY: `start` has `N` bytes, `path` is a C string.
    unsafe { libc::syscall(libc::SYS_readlinkat, at, path.as_ptr(), start.as_mut_ptr(), N) };
    start
}

/// Target of a symbolic link, its last `N` bytes if longer; zero padded.
pub(crate) fn link_target<const N: usize>(path: &CStr) -> [u8; N] {
    let mut whole = [0u8; 1024];
    let (to, room) = (whole.as_mut_ptr(), whole.len());
    let at = libc::AT_FDCWD;
    // SAFETY: `to` points to `room` bytes, `path` is a C string.
    let n = unsafe { libc::syscall(libc::SYS_readlinkat, at, path.as_ptr(), to, room) };
    let target = whole.get(..usize::try_from(n).unwrap_or(0)).unwrap_or(&[]);
    let tail = target.get(target.len().saturating_sub(N)..).unwrap_or(&[]);
    let mut end = [0; N];
    for (to, from) in end.iter_mut().zip(tail) {
        *to = *from;
    }
    end
}
