//! A folder of captures, `push-NNNNNNNNNN.tlk`, that never exceeds its cap.

mod folder;
mod head;

use std::{
    env,
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use teeleak_proto::{
    frame::{self, FILE_HEAD, FrameKind, HEAD_BYTES},
    push::UnwrittenCount,
    record::{Record, RecordWriter},
};

use crate::Page;
use folder::Folder;

/// Default folder of the spool.
pub const FOLDER: &str = "/var/lib/teeleak/spool";

/// Default cap: bytes of all files.
pub const CAP_BYTES: u64 = 16 << 20;

/// Smallest cap, in bytes: some pages of the TA.
const CAP_BYTES_MIN: u64 = 128 << 10;

/// Most files, so that tiny pushes don't fill the folder with names.
pub const FILES_MAX: usize = 1024;

/// A push may take 1/`SHARE` of the cap, so that it can't displace all others.
const SHARE: u64 = 4;

/// The spool. It does not touch the disk before the first page.
#[derive(Debug)]
pub struct Spool {
    folder: Folder,
    open: Option<Open>,
    unwritten: UnwrittenCount,
    /// Whether a write error was printed and nothing was written since.
    is_error_reported: bool,
}

/// The file that a push goes to.
#[derive(Debug)]
struct Open {
    number: u64,
    file: File,
    bytes: u64,
}

impl Spool {
    /// The spool set by the environment.
    #[must_use]
    pub fn from_env() -> Self {
        let folder = env::var_os("TEELEAK_SPOOL").map_or_else(|| FOLDER.into(), PathBuf::from);
        let cap = env::var("TEELEAK_SPOOL_BYTES").ok().and_then(|cap| cap.parse().ok());
        Self::new(folder, cap.unwrap_or(CAP_BYTES))
    }

    /// The spool in a folder, with a cap in bytes, raised to a minimum of some pages.
    #[must_use]
    pub fn new(folder: PathBuf, cap: u64) -> Self {
        let folder = Folder::new(folder, cap.max(CAP_BYTES_MIN));
        Self { folder, open: None, unwritten: UnwrittenCount::default(), is_error_reported: false }
    }

    /// Stores a page. The last page of a push is on disk on return.
    ///
    /// # Errors
    /// When it can't be written; it is then counted.
    pub fn append(&mut self, page: &Page<'_>) -> io::Result<()> {
        let result = self.keep(page);
        match &result {
            Ok(()) => self.is_error_reported = false,
            Err(error) => self.count(page, error),
        }
        result
    }

    fn keep(&mut self, page: &Page<'_>) -> io::Result<()> {
        if page.first {
            // An unfinished push ends here.
            self.end();
        }
        let loss_frame = unwritten_frame(self.unwritten)?;
        let frames = [loss_frame, records_frame(page.records)?].concat();
        let need = frames.len() as u64;
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.begin(page.first, need)?,
        };
        let result = self.write(&mut open, &frames, page.last);
        if result.is_ok() {
            self.unwritten = UnwrittenCount::default();
        }
        if page.last {
            self.folder.set(open.number, open.bytes);
        } else {
            self.open = Some(open);
        }
        result
    }

    /// The file for a page: a new one for the first page of a push. A push that continues after a
    /// restart of tee-supplicant continues in its file.
    fn begin(&mut self, first: bool, need: u64) -> io::Result<Open> {
        self.folder.scan()?;
        if !first && let Some((number, bytes)) = self.folder.newest() {
            let has_head = bytes >= FILE_HEAD.len() as u64;
            if has_head && bytes + need <= self.folder.cap() / SHARE {
                return Ok(Open { number, file: self.folder.reopen(number)?, bytes });
            }
        }
        let head = head::write()?;
        self.folder.make_room(head.len() as u64 + need, None)?;
        let (number, mut file) = self.folder.create()?;
        if let Err(error) = file.write_all(&head) {
            self.folder.remove(number);
            return Err(error);
        }
        self.folder.set(number, head.len() as u64);
        Ok(Open { number, file, bytes: head.len() as u64 })
    }

    fn write(&mut self, open: &mut Open, frames: &[u8], last: bool) -> io::Result<()> {
        let bytes = open.bytes + frames.len() as u64;
        if bytes > self.folder.cap() / SHARE {
            let message = "push exceeds a quarter of the cap: dropped the remainder";
            return Err(io::Error::new(io::ErrorKind::StorageFull, message));
        }
        self.folder.make_room(frames.len() as u64, Some(open.number))?;
        if let Err(error) = open.file.write_all(frames) {
            // A reader would skip the partial frame, but it takes space.
            let _ = open.file.set_len(open.bytes);
            return Err(error);
        }
        open.bytes = bytes;
        self.folder.set(open.number, bytes);
        if last { open.file.sync_data() } else { Ok(()) }
    }

    fn end(&mut self) {
        if let Some(open) = self.open.take() {
            // A sync error can't be handled here.
            let _ = open.file.sync_data();
        }
    }

    fn count(&mut self, page: &Page<'_>, error: &io::Error) {
        self.unwritten.pages = self.unwritten.pages.saturating_add(1);
        let bytes = page.records.len() as u64;
        self.unwritten.bytes = self.unwritten.bytes.saturating_add(bytes);
        if !std::mem::replace(&mut self.is_error_reported, true) {
            let folder = self.folder.path().display();
            // Without stderr the message is dropped.
            let _ = writeln!(io::stderr(), "teeleak: cannot store a push in {folder}: {error}");
        }
    }
}

/// A frame of records.
fn records_frame(records: &[u8]) -> io::Result<Vec<u8>> {
    frame_of(FrameKind::Records, records)
}

fn frame_of(kind: FrameKind, payload: &[u8]) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "a frame is too long");
    let head: [u8; HEAD_BYTES] = frame::head(kind, payload).ok_or_else(too_long)?;
    Ok([&head, payload].concat())
}

/// The frame that reports unwritten pages, empty if there are none.
fn unwritten_frame(unwritten: UnwrittenCount) -> io::Result<Vec<u8>> {
    if unwritten.pages == 0 {
        return Ok(Vec::new());
    }
    let mut records = [0; 64];
    let mut writer = RecordWriter::new(&mut records);
    let no_room = |_| io::Error::from(io::ErrorKind::InvalidData);
    writer.push(&Record::Unwritten(unwritten)).map_err(no_room)?;
    let length = writer.length();
    records_frame(&records[..length])
}
