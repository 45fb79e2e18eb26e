//! A rolling window of captures in a folder, and dumps beside it.
//!
//! ```text
//! window-0000000041.tlk  window-0000000042.tlk  ...   the newest is appended to
//! dump-1795283200-low-water.tlk                       kept until newer ones need the room
//! ```
//!
//! Invariants:
//! - Each file is a complete capture: the file header, then the preamble of every segment.
//! - All files together stay within the size limit: half of it is for the window, half for dumps, of
//!   which the newest is never deleted.
//! - Files are only appended to, and a dump gets its name when it is on disk: after a power loss at
//!   any moment synced data can be read, and the rest is a counted loss.
//! - Units that can't be written are counted; the next unit is tried again.

mod dump;
mod folder;

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

pub(crate) use dump::WindowDump;
use folder::{FolderLock, with_mode};
pub(crate) use folder::{newest_dump, session};
use teeleak_analysis::text;
use teeleak_proto::frame::FILE_HEAD;

/// Smallest size limit: a segment then holds a few pages of a snapshot.
pub(crate) const LEAST_BYTES: u64 = 1 << 20;

/// Segments that fit into the size limit; half of them are the window's.
const SEGMENTS: u64 = 16;

/// A segment; the newest one is appended to.
struct Segment {
    number: u64,
    bytes: u64,
}

/// A dump in the folder.
struct DumpFile {
    name: String,
    bytes: u64,
}

/// Data that could not be written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct LostUnits {
    /// Number of units.
    pub(crate) units: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// A rolling window of captures.
pub(crate) struct Window {
    folder: PathBuf,
    most_bytes: u64,
    /// The frames that each segment starts with, after the file header.
    preamble: Vec<u8>,
    current: Option<File>,
    /// The oldest first.
    segments: VecDeque<Segment>,
    /// The oldest first.
    dumps: VecDeque<DumpFile>,
    /// Number of the next segment.
    next: u64,
    /// Number of the first segment of this process.
    first: u64,
    lost: LostUnits,
    _lock: FolderLock,
}

impl Window {
    /// Opens a folder with the files of earlier windows; files beyond the size limit are deleted.
    ///
    /// # Errors
    /// When the folder can't be created or read, or another process uses it.
    pub(crate) fn open(folder: &Path, most_bytes: u64) -> io::Result<Self> {
        folder::make(folder)?;
        let lock = folder::lock(folder)?;
        let contents = folder::scan(folder)?;
        for name in &contents.unfinished {
            folder::delete(folder, name)?;
        }
        let next = contents.segments.back().map_or(0, |last| last.number + 1);
        let mut window = Self {
            folder: folder.to_owned(),
            most_bytes: most_bytes.max(LEAST_BYTES),
            preamble: Vec::new(),
            current: None,
            segments: contents.segments,
            dumps: contents.dumps,
            next,
            first: next,
            lost: LostUnits::default(),
            _lock: lock,
        };
        window.make_room(0)?;
        window.make_room_for_dump(0)?;
        Ok(window)
    }

    /// Sets the whole frames that each new segment starts with.
    pub(crate) fn set_preamble(&mut self, preamble: Vec<u8>) {
        self.preamble = preamble;
    }

    /// Appends whole frames that belong together; they are never split over two segments.
    ///
    /// # Errors
    /// When they could not be written; they are counted as lost then.
    pub(crate) fn append(&mut self, unit: &[u8]) -> io::Result<()> {
        let result = self.try_append(unit);
        if result.is_err() {
            self.lost.units += 1;
            self.lost.bytes += unit.len() as u64;
        }
        result
    }

    fn try_append(&mut self, unit: &[u8]) -> io::Result<()> {
        if unit.is_empty() {
            return Ok(());
        }
        let bytes = unit.len() as u64;
        let begin = (FILE_HEAD.len() + self.preamble.len()) as u64;
        if begin + bytes > self.most_bytes / 2 {
            let limit = self.most_bytes / 2;
            let (bytes, most) = (text::number(bytes), text::number(limit));
            let message = format!("a unit of {bytes} bytes exceeds the window's {most} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let full = self.segments.back().is_some_and(|current| {
            current.bytes > begin && current.bytes + bytes > self.segment_bytes()
        });
        if full {
            self.end_segment()?;
        }
        self.make_room(bytes + if self.current.is_none() { begin } else { 0 })?;
        if self.current.is_none() {
            self.begin_segment()?;
        }
        self.write(unit)
    }

    /// Waits until all data is on disk.
    ///
    /// # Errors
    /// When the data can't be synced.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.current.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// Data that could not be written so far.
    pub(crate) fn loss(&self) -> LostUnits {
        self.lost
    }

    fn segment_bytes(&self) -> u64 {
        self.most_bytes / SEGMENTS
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn end_segment(&mut self) -> io::Result<()> {
        let synced = self.sync();
        self.current = None;
        synced
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        let number = self.next;
        let path = self.path(&folder::segment_name(number));
        let mut options = OpenOptions::new();
        let file = with_mode(options.create_new(true).append(true)).open(path)?;
        self.next += 1;
        self.segments.push_back(Segment { number, bytes: 0 });
        self.current = Some(file);
        folder::sync(&self.folder)?;
        let begin = [&FILE_HEAD, &*self.preamble].concat();
        self.write(&begin)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (Some(file), Some(segment)) = (&mut self.current, self.segments.back_mut()) else {
            return Err(io::Error::other("no segment is open"));
        };
        match file.write_all(bytes) {
            Ok(()) => segment.bytes += bytes.len() as u64,
            Err(error) => {
                // A partial unit is useless; if it can't be cut off, readers report it as damage.
                if file.set_len(segment.bytes).is_err() {
                    segment.bytes = file.metadata().map_or(segment.bytes, |now| now.len());
                }
                let empty = segment.bytes < FILE_HEAD.len() as u64;
                self.current = None;
                if empty {
                    self.delete_newest();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Deletes the newest segment: without a complete header it is no capture.
    fn delete_newest(&mut self) {
        if let Some(segment) = self.segments.pop_back() {
            // If it remains, the next start finds it.
            let _ = folder::delete(&self.folder, &folder::segment_name(segment.number));
        }
    }

    /// Deletes the oldest segments until there is room for `bytes` more.
    fn make_room(&mut self, bytes: u64) -> io::Result<()> {
        let in_use = |segments: &VecDeque<Segment>| segments.iter().map(|s| s.bytes).sum::<u64>();
        let mut deleted = false;
        while in_use(&self.segments) + bytes > self.most_bytes / 2 {
            let appended = self.current.is_some() && self.segments.len() == 1;
            let Some(oldest) = self.segments.front().filter(|_| !appended) else { break };
            folder::delete(&self.folder, &folder::segment_name(oldest.number))?;
            self.segments.pop_front();
            deleted = true;
        }
        if deleted { folder::sync(&self.folder) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
