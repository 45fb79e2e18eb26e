//! Reads a kernel file with limits on bytes and time.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use rustix::fs::OFlags;
use teeleak_analysis::model::LedgerKind;
use teeleak_proto::{
    frame::FrameKind,
    normal_world::{NormalTextFrame, PIECE_BYTES},
};

use super::gaps::{LedgerObstacle, MissedLedgers};
use crate::source::{Sink, live::monotonic_ns, observer::send};

/// Most bytes of one text.
pub(super) const MOST_BYTES: usize = 8 << 20;

/// Time limit for reading one file.
const MOST_TIME: Duration = Duration::from_secs(2);

/// Bytes per read: kernel files that are generated line by line fill a page or more.
const READ_BYTES: usize = 64 << 10;

/// The text of a file.
pub(super) struct LedgerText {
    pub(super) text: Vec<u8>,
    /// Whether the text is incomplete.
    pub(super) cut: bool,
}

/// Opens a file of any type for reading, without blocking.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Reads at most `most` bytes of a file; an incomplete text ends at a line end.
///
/// # Errors
/// When it can't be opened, or the first read fails.
pub(super) fn read(path: &Path, most: usize) -> io::Result<LedgerText> {
    let mut file = open(path)?;
    let began = Instant::now();
    let (mut text, mut used) = (Vec::new(), 0);
    let is_cut = loop {
        if used >= most || began.elapsed() > MOST_TIME {
            break true;
        }
        text.resize((used + READ_BYTES).min(most.max(1)), 0);
        match file.read(&mut text[used..]) {
            Ok(0) => break false,
            Ok(n) => used += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
            Err(error) if used == 0 => return Err(error),
            Err(_) => break true,
        }
    };
    text.truncate(used);
    if is_cut {
        text.truncate(memchr::memrchr(b'\n', &text).map_or(0, |end| end + 1));
    }
    Ok(LedgerText { text, cut: is_cut })
}

/// Passes on the text of a ledger in pieces; counts an incomplete one as missed.
///
/// # Errors
/// When it can't be passed on.
pub(super) fn send_text(
    ledger: LedgerKind,
    path: &str,
    read: &LedgerText,
    missed: &mut MissedLedgers,
    sink: &mut dyn Sink,
) -> Result<()> {
    if read.cut {
        missed.add(LedgerObstacle::of_room(ledger.info().name), 1);
    }
    let monotonic_ns = monotonic_ns();
    let mut pieces: Vec<_> = read.text.chunks(PIECE_BYTES).collect();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    let last = pieces.len() - 1;
    for (n, text) in pieces.into_iter().enumerate() {
        let (continued, cut) = (n > 0, read.cut && n == last);
        send(
            FrameKind::NormalText,
            &NormalTextFrame { path, monotonic_ns, continued, cut, text },
            sink,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::source::normal_world::bytes::*;

    #[test]
    fn a_file_without_end_is_cut() {
        let read = read(Path::new("/dev/zero"), 1 << 20).unwrap();
        assert!(read.cut && read.text.is_empty());
    }

    #[test]
    fn lines_are_whole_where_there_is_more() {
        let read = read(Path::new("/proc/meminfo"), 100).unwrap();
        assert!(read.cut && read.text.ends_with(b"\n") && read.text.len() < 100);
    }

    #[test]
    fn nobody_waits_for_a_writer() {
        let path = std::env::temp_dir().join(format!("teeleak-fifo-{}", std::process::id()));
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let read = read(&path, 100).unwrap();
        assert!(!read.cut && read.text.is_empty());
        std::fs::remove_file(path).unwrap();
    }
}
