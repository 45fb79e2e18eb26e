//! Descriptors and mappings of the TEE's devices, of its shared memory and of dma-bufs.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use teeleak_proto::Uuid;

use crate::model::FileKind;

/// Open files, each with one or more descriptors.
#[derive(Debug, Default)]
pub(super) struct Files {
    next: u64,
    all: FxHashMap<u64, File>,
}

/// An open file.
#[derive(Debug, Default)]
struct File {
    refs: u32,
    sessions: Sessions,
}

/// Sessions opened on a file, with their TAs.
pub(super) type Sessions = BTreeMap<u32, Option<Uuid>>;

impl Files {
    fn open(&mut self) -> u64 {
        self.next += 1;
        self.all.insert(self.next, File { refs: 1, sessions: Sessions::new() });
        self.next
    }

    fn share(&mut self, file: u64) {
        if let Some(file) = self.all.get_mut(&file) {
            file.refs += 1;
        }
    }

    /// Drops a reference; returns the sessions that the kernel closes with the last one.
    fn drop_one(&mut self, file: u64) -> Sessions {
        let Some(known) = self.all.get_mut(&file) else { return Sessions::new() };
        known.refs = known.refs.saturating_sub(1);
        if known.refs > 0 {
            return Sessions::new();
        }
        self.all.remove(&file).map(|file| file.sessions).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug)]
struct Fd {
    kind: FileKind,
    file: u64,
    /// Whether this process opened it, rather than inherited it.
    own: bool,
    /// Whether `execve` closes it.
    cloexec: bool,
}

/// Descriptors and mappings, each with its kind.
type Owned = (Vec<(i64, FileKind)>, Vec<(u64, FileKind)>);

/// Open descriptors and mappings of a process.
#[derive(Debug, Default)]
pub(super) struct Table {
    fds: BTreeMap<i64, Fd>,
    maps: FxHashMap<u64, FileKind>,
    /// Descriptors that were closed and not reused.
    closed: FxHashSet<i64>,
    /// Descriptors that the process opened for files of no interest.
    others: FxHashSet<i64>,
}

/// A closed descriptor.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) kind: FileKind,
    pub(super) own: bool,
    pub(super) sessions: Sessions,
}

impl Table {
    pub(super) fn has_any(&self) -> bool {
        !self.fds.is_empty()
    }

    pub(super) fn contains(&self, fd: i64) -> bool {
        self.fds.contains_key(&fd)
    }

    /// Whether the process opened a file of no interest with this number.
    pub(super) fn has_other(&self, fd: i64) -> bool {
        self.others.contains(&fd)
    }

    pub(super) fn owns(&self, fd: i64) -> bool {
        self.fds.get(&fd).is_some_and(|fd| fd.own)
    }

    /// Number of descriptors and of mappings that the process acquired and still holds.
    pub(super) fn owned_counts(&self) -> (usize, usize) {
        (self.fds.values().filter(|fd| fd.own).count(), self.maps.len())
    }

    /// The table of a new child.
    pub(super) fn inherit(&self, files: &mut Files) -> Self {
        self.fds.values().for_each(|fd| files.share(fd.file));
        let fds = self.fds.iter().map(|(n, fd)| (*n, Fd { own: false, ..*fd })).collect();
        Self { fds, ..Self::default() }
    }

    /// Kind of a descriptor, by its path if the line has it.
    pub(super) fn kind(&mut self, fd: i64, path: Option<&str>, files: &mut Files) -> FileKind {
        let cached_kind = self.fds.get(&fd).map_or(FileKind::Other, |fd| fd.kind);
        let Some(path) = path else { return cached_kind };
        let kind = kind_of(path);
        if kind != cached_kind {
            self.close(fd, files);
        }
        if kind != FileKind::Other && kind != cached_kind {
            let new = Fd { kind, file: files.open(), own: false, cloexec: false };
            self.fds.insert(fd, new);
        }
        kind
    }

    /// Adds a new descriptor.
    pub(super) fn open(&mut self, fd: i64, kind: FileKind, cloexec: bool, files: &mut Files) {
        let file = files.open();
        self.forget(fd);
        self.fds.insert(fd, Fd { kind, file, own: true, cloexec });
    }

    /// Adds another descriptor of the same file.
    pub(super) fn dup(&mut self, old: i64, new: i64, cloexec: bool, files: &mut Files) {
        let Some(from) = self.fds.get(&old).copied() else { return };
        files.share(from.file);
        self.forget(new);
        self.fds.insert(new, Fd { own: true, cloexec, ..from });
    }

    /// Removes a descriptor; `None` for one of no interest.
    pub(super) fn close(&mut self, fd: i64, files: &mut Files) -> Option<Gone> {
        let Fd { kind, file, own, .. } = self.fds.remove(&fd)?;
        self.closed.insert(fd);
        Some(Gone { kind, own, sessions: files.drop_one(file) })
    }

    /// Whether a descriptor was of interest until it was closed.
    pub(super) fn was_closed(&self, fd: i64) -> bool {
        self.closed.contains(&fd)
    }

    /// Records that a number was reused for a file of no interest.
    pub(super) fn reused(&mut self, fd: i64) {
        self.closed.remove(&fd);
        self.others.insert(fd);
    }

    /// Records that a file of no interest was closed.
    pub(super) fn forget(&mut self, fd: i64) {
        self.closed.remove(&fd);
        self.others.remove(&fd);
    }

    /// Descriptors in a range.
    pub(super) fn range(&self, first: i64, last: i64) -> Vec<i64> {
        if first > last {
            return Vec::new();
        }
        self.fds.range(first..=last).map(|(fd, _)| *fd).collect()
    }

    /// Descriptors that `execve` closes.
    pub(super) fn ends_with_program(&self) -> Vec<i64> {
        self.fds.iter().filter(|(_, fd)| fd.cloexec).map(|(n, _)| *n).collect()
    }

    /// Drops the files of an ended process; returns the sessions that the kernel closes with them.
    pub(super) fn forsake(&self, files: &mut Files) -> Sessions {
        self.fds.values().flat_map(|fd| files.drop_one(fd.file)).collect()
    }

    /// Descriptors and mappings that the process acquired and still holds, with their kinds.
    pub(super) fn owned(&self) -> Owned {
        let fds = self.fds.iter().filter(|(_, fd)| fd.own).map(|(n, fd)| (*n, fd.kind)).collect();
        let mut maps: Vec<_> = self.maps.iter().map(|(at, kind)| (*at, *kind)).collect();
        maps.sort_unstable();
        (fds, maps)
    }

    pub(super) fn map(&mut self, address: u64, kind: FileKind) {
        self.maps.insert(address, kind);
    }

    pub(super) fn unmap(&mut self, address: u64) -> Option<FileKind> {
        self.maps.remove(&address)
    }

    /// Removes and returns all mappings, when the program is replaced.
    pub(super) fn unmap_all(&mut self) -> Vec<(u64, FileKind)> {
        let mut maps: Vec<_> = self.maps.drain().collect();
        maps.sort_unstable();
        maps
    }

    /// Adds a session opened on a descriptor.
    pub(super) fn begin(&self, fd: i64, session: u32, ta: Option<Uuid>, files: &mut Files) {
        let file = self.fds.get(&fd).and_then(|fd| files.all.get_mut(&fd.file));
        if let Some(file) = file {
            file.sessions.insert(session, ta);
        }
    }

    /// TA of a session; the session is removed if it `ends`.
    pub(super) fn ta(&self, fd: i64, session: u32, ends: bool, files: &mut Files) -> Option<Uuid> {
        let file = files.all.get_mut(&self.fds.get(&fd)?.file)?;
        if ends { file.sessions.remove(&session)? } else { *file.sessions.get(&session)? }
    }
}

/// Kind of a file, by its path as in `/proc/PID/fd`; the preload library uses the same names.
pub(super) fn kind_of(path: &str) -> FileKind {
    let kinds = [
        ("/dev/teepriv", FileKind::Other),
        ("/dev/tee", FileKind::TeeDevice),
        ("/dmabuf", FileKind::DmaBuf),
        ("anon_inode:dmabuf", FileKind::DmaBuf),
        ("anon_inode:tee_shm", FileKind::TeeShm),
        ("anon_inode:[tee_shm]", FileKind::TeeShm),
        ("/dev/dma_heap/", FileKind::DmaHeap),
        ("/dev/ion", FileKind::DmaHeap),
    ];
    kinds
        .iter()
        .find(|(start, _)| path.starts_with(start))
        .map_or(FileKind::Other, |(_, kind)| *kind)
}
