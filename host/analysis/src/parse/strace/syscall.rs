//! System calls that matter; what a program itself prints between them may look like any other.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What a call does, whichever of its names it goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Syscall {
    Ioctl,
    Open,
    OpenAt,
    Dup,
    Fcntl,
    Close,
    CloseRange,
    Mmap,
    Munmap,
    /// Makes a task.
    Make,
    Exec,
    ExecAt,
    Exit,
    Unshare,
}

/// A flag of memory that no file stands behind.
static ANONYMOUS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("MAP_ANON"));

/// What fcntl is asked for that makes a copy of a descriptor.
static COPY: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("F_DUPFD"));

impl Syscall {
    /// The call of this name; those that come most often stand first.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ioctl" => Self::Ioctl,
            "close" => Self::Close,
            "mmap" | "mmap2" => Self::Mmap,
            "munmap" => Self::Munmap,
            "openat" | "openat2" => Self::OpenAt,
            "dup" | "dup2" | "dup3" => Self::Dup,
            "fcntl" | "fcntl64" => Self::Fcntl,
            "open" => Self::Open,
            "close_range" => Self::CloseRange,
            "clone" | "clone2" | "clone3" | "fork" | "vfork" => Self::Make,
            "execve" => Self::Exec,
            "execveat" => Self::ExecAt,
            "exit" | "exit_group" => Self::Exit,
            "unshare" => Self::Unshare,
            _ => return None,
        })
    }

    /// Whether it can tell something: most maps are of files and of memory that no file stands behind.
    pub(super) fn matters(self, text: &str) -> bool {
        match self {
            Self::Mmap => ANONYMOUS.find(text.as_bytes()).is_none(),
            Self::Fcntl => COPY.find(text.as_bytes()).is_some(),
            _ => true,
        }
    }
}
