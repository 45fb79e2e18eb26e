//! Writes a capture file.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use teeleak_analysis::text;
use teeleak_proto::frame::{self, FILE_HEAD, FrameKind};

/// Appends frames to a file. However the program ends, the frames before the last
/// [`CaptureWriter::sync`] can be read.
pub struct CaptureWriter {
    file: BufWriter<File>,
}

impl CaptureWriter {
    /// Creates the file, replacing an existing one.
    ///
    /// # Errors
    /// When the file can't be created or written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(&FILE_HEAD)?;
        Ok(Self { file })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// When it can't be written, or is longer than `limits::FRAME_BYTES`.
    pub fn push(&mut self, kind: FrameKind, payload: &[u8]) -> io::Result<()> {
        let head = frame::head(kind, payload).ok_or_else(|| {
            let message =
                format!("a frame of {} bytes is too long", text::number(payload.len() as u64));
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        self.file.write_all(&head)?;
        self.file.write_all(payload)
    }

    /// Passes all frames to the operating system, so that they survive the end of this process.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Waits until all frames are on disk, so that they survive a power loss.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}
