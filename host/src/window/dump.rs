//! Dumps: the window and a snapshot of this moment, in one capture.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::PathBuf,
};

use teeleak_analysis::text;
use teeleak_proto::frame::FILE_HEAD;

use super::{DumpFile, Window, folder, folder::with_mode};

/// Number of names to try for dumps of one second.
const ATTEMPTS: u32 = 1000;

/// A dump that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WindowDump {
    /// The file.
    pub(crate) path: PathBuf,
    /// Number of the window's oldest bytes that did not fit.
    pub(crate) left_out_bytes: u64,
}

impl Window {
    /// Writes a dump: the newest segments of this process that fit into a quarter of the size limit,
    /// and then the whole frames `fresh`.
    ///
    /// # Errors
    /// When it can't be written; no partial file remains.
    pub(crate) fn dump(&mut self, unix: u64, reason: &str, fresh: &[u8]) -> io::Result<WindowDump> {
        let begin = if self.has_segments() { 0 } else { FILE_HEAD.len() + self.preamble.len() };
        let fixed = (begin + fresh.len()) as u64;
        let limit = self.most_bytes / 4;
        if fixed > limit {
            let (fixed, most) = (text::number(fixed), text::number(limit));
            let message = format!(
                "a dump of {fixed} bytes exceeds a quarter of the size limit, {most} bytes"
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let (numbers, copied, left_out_bytes) = self.choose(limit - fixed);
        self.make_room_for_dump(fixed + copied)?;
        let name = self.free_name(unix, reason)?;
        let unfinished = self.path(&folder::unfinished_name(&name));
        let path = self.path(&name);
        let write_result = self.write_dump(&unfinished, &numbers, fresh);
        let bytes = match write_result.and_then(|n| fs::rename(&unfinished, &path).map(|()| n)) {
            Ok(bytes) => bytes,
            Err(error) => {
                // A partial file that remains is deleted at the next start.
                let _ = fs::remove_file(&unfinished);
                return Err(error);
            }
        };
        self.dumps.push_back(DumpFile { name, bytes });
        folder::sync(&self.folder)?;
        Ok(WindowDump { path, left_out_bytes })
    }

    fn has_segments(&self) -> bool {
        self.segments.back().is_some_and(|segment| segment.number >= self.first)
    }

    /// Numbers of the newest segments that fit, oldest first; their bytes; the bytes of the others.
    fn choose(&self, room: u64) -> (Vec<u64>, u64, u64) {
        let (mut numbers, mut copied, mut rest) = (Vec::new(), 0, 0);
        let ours = self.segments.iter().rev().filter(|segment| segment.number >= self.first);
        for segment in ours {
            if rest == 0 && copied + segment.bytes <= room {
                numbers.push(segment.number);
                copied += segment.bytes;
            } else {
                rest += segment.bytes;
            }
        }
        numbers.reverse();
        (numbers, copied, rest)
    }

    fn free_name(&self, unix: u64, reason: &str) -> io::Result<String> {
        let mut names = (0..ATTEMPTS).map(|n| folder::dump_name(unix, reason, n));
        let free = names.find(|name| !self.path(name).exists());
        free.ok_or_else(|| io::Error::other(format!("more than {ATTEMPTS} dumps in one second")))
    }

    fn write_dump(&self, path: &PathBuf, numbers: &[u64], fresh: &[u8]) -> io::Result<u64> {
        // What is there already was left by a killed process.
        let _ = fs::remove_file(path);
        let mut file = with_mode(OpenOptions::new().write(true).create_new(true)).open(path)?;
        file.write_all(&FILE_HEAD)?;
        if numbers.is_empty() {
            file.write_all(&self.preamble)?;
        }
        for number in numbers {
            let mut segment = File::open(self.path(&folder::segment_name(*number)))?;
            segment.seek(SeekFrom::Start(FILE_HEAD.len() as u64))?;
            // No more bytes than room was made for.
            let entry = self.segments.iter().find(|known| known.number == *number);
            let bytes = entry.map_or(0, |known| known.bytes);
            io::copy(&mut segment.take(bytes.saturating_sub(FILE_HEAD.len() as u64)), &mut file)?;
        }
        file.write_all(fresh)?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }

    /// Deletes the oldest dumps, but not the newest one, until there is room for `bytes` more.
    pub(super) fn make_room_for_dump(&mut self, bytes: u64) -> io::Result<()> {
        while self.dumps.len() > 1
            && self.dumps.iter().map(|kept| kept.bytes).sum::<u64>() + bytes > self.most_bytes / 2
        {
            let Some(oldest) = self.dumps.front() else { break };
            folder::delete(&self.folder, &oldest.name)?;
            self.dumps.pop_front();
        }
        Ok(())
    }
}
