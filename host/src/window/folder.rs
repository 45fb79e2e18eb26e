//! File names in the folder of a window, and their durability.

use std::{
    collections::VecDeque,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, OFlags, flock},
    io::Errno,
    process::geteuid,
};
use teeleak_proto::frame::FrameKind;

use super::{DumpFile, Segment};
use crate::capture::{CapturePiece, CaptureReader};

const SEGMENT: &str = "window-";
const DUMP: &str = "dump-";
/// Lock file of the process that writes into the folder.
const LOCK: &str = "lock";

const SUFFIX: &str = ".tlk";

/// Suffix of a dump until it is complete.
const UNFINISHED: &str = ".unfinished";

/// The contents of a folder.
#[derive(Default)]
pub(super) struct FolderContents {
    /// The oldest first.
    pub(super) segments: VecDeque<Segment>,
    /// The oldest first.
    pub(super) dumps: VecDeque<DumpFile>,
    pub(super) unfinished: Vec<String>,
}

pub(super) fn segment_name(number: u64) -> String {
    format!("{SEGMENT}{number:010}{SUFFIX}")
}

/// Name of a dump; `n` distinguishes dumps of the same second.
pub(super) fn dump_name(unix: u64, reason: &str, n: u32) -> String {
    let suffix = if n == 0 { String::new() } else { format!("-{n}") };
    format!("{DUMP}{unix:010}-{reason}{suffix}{SUFFIX}")
}

pub(super) fn unfinished_name(name: &str) -> String {
    format!("{name}{UNFINISHED}")
}

/// Data about the secure world is readable by its owner only.
pub(super) fn with_mode(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
}

/// Creates the folder, for its owner only. One that is there must be of nobody else, and nobody else may write
/// into it: who can put a link there decides which file is overwritten.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let data = fs::metadata(folder)?;
    let (owner, user) = (data.uid(), geteuid().as_raw());
    let refuse = |why: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if owner != user {
        return refuse(format!(
            "refused: it belongs to uid {owner}, and this is uid {user}; choose a folder of yours"
        ));
    }
    if data.mode() & 0o022 != 0 {
        let mode = data.mode() & 0o7777;
        return refuse(format!(
            "refused: others may write into it (mode {mode:04o}); run chmod go-w on it"
        ));
    }
    Ok(())
}

/// Keeps other processes from writing into the folder.
pub(super) struct FolderLock(pub(super) File);

impl Drop for FolderLock {
    /// Closing is not enough: a program that is just being started has the file, too, until it runs.
    fn drop(&mut self) {
        // What fails here is done by the end of this process.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Locks the folder for this process, until the lock is dropped.
pub(super) fn lock(folder: &Path) -> io::Result<FolderLock> {
    let mut options = OpenOptions::new();
    let options = with_mode(options.write(true).create(true).truncate(false));
    let file = options.open(folder.join(LOCK))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(FolderLock(file)),
        Err(Errno::WOULDBLOCK) => {
            let message =
                "another process uses this folder: choose another one, or stop that process";
            Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn scan(folder: &Path) -> io::Result<FolderContents> {
    let mut contents = FolderContents::default();
    let mut dumps = Vec::new();
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let bytes = entry.metadata().map_or(0, |data| data.len());
        if name.starts_with(DUMP) && name.ends_with(UNFINISHED) {
            contents.unfinished.push(name);
        } else if let Some(number) = number(&name, SEGMENT) {
            segments.push(Segment { number, bytes });
        } else if let Some(unix) = number(&name, DUMP) {
            dumps.push((unix, DumpFile { name, bytes }));
        }
    }
    segments.sort_by_key(|segment| segment.number);
    dumps.sort_by(|(a, one), (b, other)| (a, &one.name).cmp(&(b, &other.name)));
    contents.segments = segments.into();
    contents.dumps = dumps.into_iter().map(|(_, kept)| kept).collect();
    Ok(contents)
}

/// The number at the start of a name of this kind.
fn number(name: &str, kind: &str) -> Option<u64> {
    let rest = name.strip_prefix(kind)?.strip_suffix(SUFFIX)?;
    rest.split('-').next()?.parse().ok()
}

/// Deletes a file; a missing file is no error.
pub(super) fn delete(folder: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes created and deleted names durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The segments that the last process wrote, oldest first: those that start with the same frame as
/// the newest one that has a first frame.
pub(crate) fn session(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut meta = None;
    for segment in scan(folder)?.segments.iter().rev() {
        let path = folder.join(segment_name(segment.number));
        let Some(begin) = begin(&path) else { continue };
        if *meta.get_or_insert_with(|| begin.clone()) != begin {
            break;
        }
        paths.push(path);
    }
    paths.reverse();
    Ok(paths)
}

/// The newest dump.
pub(crate) fn newest_dump(folder: &Path) -> io::Result<Option<PathBuf>> {
    Ok(scan(folder)?.dumps.back().map(|kept| folder.join(&kept.name)))
}

/// The first frame of a segment, which records who wrote it.
fn begin(path: &Path) -> Option<Vec<u8>> {
    let mut reader = CaptureReader::new(File::open(path).ok()?).ok()?;
    match reader.next_piece().ok()?? {
        CapturePiece::Frame { kind: Some(FrameKind::Meta), payload } => Some(payload.to_vec()),
        _ => None,
    }
}
