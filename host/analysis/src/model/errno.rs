//! Errors of the kernel, which its calls return as negative numbers.

/// Number and name, of those that drivers of a TEE and of buffers return (`errno-base.h`, `errno.h`). Not 1: -1 is
/// what any call returns that says no more than that it failed.
const ERRORS: [(u32, &str); 27] = [
    (2, "ENOENT"),
    (3, "ESRCH"),
    (4, "EINTR"),
    (5, "EIO"),
    (6, "ENXIO"),
    (7, "E2BIG"),
    (9, "EBADF"),
    (10, "ECHILD"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (14, "EFAULT"),
    (16, "EBUSY"),
    (17, "EEXIST"),
    (19, "ENODEV"),
    (22, "EINVAL"),
    (24, "EMFILE"),
    (25, "ENOTTY"),
    (28, "ENOSPC"),
    (32, "EPIPE"),
    (34, "ERANGE"),
    (38, "ENOSYS"),
    (95, "EOPNOTSUPP"),
    (105, "ENOBUFS"),
    (110, "ETIMEDOUT"),
    (121, "EREMOTEIO"),
    (512, "ERESTARTSYS"),
];

/// Its number as a call returns it.
pub(super) fn code(name: &str) -> Option<u32> {
    ERRORS.iter().find(|(_, known)| *known == name).map(|(number, _)| number.wrapping_neg())
}

/// The name of what a call returned.
pub(super) fn name(code: u32) -> Option<&'static str> {
    ERRORS.iter().find(|(number, _)| number.wrapping_neg() == code).map(|(_, name)| *name)
}

/// Whether memory could not be had.
pub(super) fn is_no_memory(code: u32) -> bool {
    name(code) == Some("ENOMEM")
}
