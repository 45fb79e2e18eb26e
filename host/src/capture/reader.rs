//! Reads a capture file, damaged or not.
//!
//! Memory is bounded by the longest frame. Every byte is either part of a frame or counted as damage.

use std::io::{self, Read};

use teeleak_analysis::parse::capture::Damage;
use teeleak_proto::{
    frame::{self, FILE_HEAD, FrameKind, FrameScan, HEAD_BYTES, SYNC},
    limits,
};

/// The next item of a capture file: a frame, or damaged bytes.
#[derive(PartialEq, Eq, Debug)]
pub enum CapturePiece<'r> {
    /// A frame; `kind` is `None` for one that this build doesn't know.
    Frame {
        /// Type of the payload.
        kind: Option<FrameKind>,
        /// Its payload.
        payload: &'r [u8],
    },
    /// Bytes that are not part of any frame.
    Damage(Damage),
}

/// Reads a capture file piece by piece.
pub struct CaptureReader<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// Bytes that may still be checked in vain.
    credit: u64,
}

/// Bytes that may be checked in vain, at first, and for each byte of the file: heads of long frames that are
/// none, side by side, would take a megabyte each. A frame whose turn comes when there is no credit is damage.
const CREDIT: (u64, u64) = (16 << 20, 64);

/// Bytes per read.
const CHUNK_BYTES: usize = 64 << 10;

enum CaptureReadStep {
    Frame { kind: Option<FrameKind>, from: usize, to: usize },
    Damage(Damage),
    End,
}

impl<R: Read> CaptureReader<R> {
    /// Checks the header of a file.
    ///
    /// # Errors
    /// When the file can't be read, is not a capture, or has another format version.
    pub fn new(mut input: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(FILE_HEAD.len());
        input.by_ref().take(FILE_HEAD.len() as u64).read_to_end(&mut head)?;
        check_head(&head)?;
        Ok(Self { input, buffer: Vec::new(), at: 0, ended: false, credit: CREDIT.0 })
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the input can't be read.
    pub fn next_piece(&mut self) -> io::Result<Option<CapturePiece<'_>>> {
        Ok(match self.step()? {
            CaptureReadStep::Frame { kind, from, to } => {
                Some(CapturePiece::Frame { kind, payload: &self.buffer[from..to] })
            }
            CaptureReadStep::Damage(damage) => Some(CapturePiece::Damage(damage)),
            CaptureReadStep::End => None,
        })
    }

    fn step(&mut self) -> io::Result<CaptureReadStep> {
        let mut skipped_bytes = 0;
        let mut is_cut = false;
        loop {
            match self.scan() {
                FrameScan::Frame { .. } if skipped_bytes > 0 => {
                    return Ok(CaptureReadStep::Damage(Damage {
                        bytes: skipped_bytes,
                        at_end: false,
                        is_cut: false,
                    }));
                }
                FrameScan::Frame { kind, bytes, .. } => {
                    let start = self.at + HEAD_BYTES;
                    self.at += bytes;
                    self.credit = self.credit.saturating_add(CREDIT.1 * bytes as u64);
                    return Ok(CaptureReadStep::Frame { kind, from: start, to: self.at });
                }
                FrameScan::NeedMore if !self.ended => self.fill()?,
                FrameScan::NeedMore if self.at == self.buffer.len() => {
                    let damage = Damage { bytes: skipped_bytes, at_end: true, is_cut };
                    return Ok(if skipped_bytes > 0 {
                        CaptureReadStep::Damage(damage)
                    } else {
                        CaptureReadStep::End
                    });
                }
                // At the end of the file an incomplete frame is cut, unless a frame follows.
                scan => {
                    is_cut |= skipped_bytes == 0 && scan == FrameScan::NeedMore;
                    // One that was too long for the credit was not checked.
                    self.credit =
                        self.credit.checked_sub(self.checked_bytes()).unwrap_or(self.credit);
                    skipped_bytes += self.skip();
                }
            }
        }
    }

    fn scan(&self) -> FrameScan<'_> {
        if self.checked_bytes() > self.credit {
            return FrameScan::Damaged;
        }
        frame::scan(&self.buffer[self.at..])
    }

    fn checked_bytes(&self) -> u64 {
        frame::checked_bytes(&self.buffer[self.at..]) as u64
    }

    /// Skips to the next possible start of a frame, by at least one byte; returns the bytes skipped.
    fn skip(&mut self) -> u64 {
        let rest = &self.buffer[self.at + 1..];
        let bytes = 1 + rest.iter().position(|byte| *byte == SYNC).unwrap_or(rest.len());
        self.at += bytes;
        self.credit = self.credit.saturating_add(CREDIT.1 * bytes as u64);
        bytes as u64
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let have = self.buffer.len();
        let room = CHUNK_BYTES.min(limits::FRAME_BYTES + HEAD_BYTES);
        self.buffer.resize(have + room, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[have..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.buffer.truncate(have + read);
        self.ended = read == 0;
        Ok(())
    }
}

/// Bytes of the header that name the format; the next two bytes are its version.
const NAME_BYTES: usize = 8;

/// Whether a file that begins so is a capture, of any version.
#[must_use]
pub fn is_capture(begin: &[u8]) -> bool {
    begin.starts_with(&FILE_HEAD[..NAME_BYTES])
}

fn check_head(head: &[u8]) -> io::Result<()> {
    if head == FILE_HEAD {
        return Ok(());
    }
    let message = if FILE_HEAD.starts_with(head) {
        "the file ends within its header: nothing was recorded".to_owned()
    } else if is_capture(head) {
        let version = u16::from_le_bytes([head[NAME_BYTES], head[NAME_BYTES + 1]]);
        format!(
            "capture format version {version}, expected version 1: use the teeleak that wrote the file"
        )
    } else {
        "not a capture file: expected a file from `teeleak run -o` or `teeleak snapshot -o`"
            .to_owned()
    };
    Err(io::Error::new(io::ErrorKind::InvalidData, message))
}

#[cfg(test)]
mod tests {
    use crate::capture::reader::*;

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = FILE_HEAD.to_vec();
        for payload in payloads {
            bytes.extend_from_slice(&frame::head(FrameKind::Console, payload).unwrap());
            bytes.extend_from_slice(payload);
        }
        bytes
    }

    /// Payloads found, and bytes of damage.
    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, u64) {
        let mut reader = CaptureReader::new(bytes).unwrap();
        let (mut payloads, mut damage) = (Vec::new(), 0);
        while let Some(piece) = reader.next_piece().unwrap() {
            match piece {
                CapturePiece::Frame { payload, .. } => payloads.push(payload.to_vec()),
                CapturePiece::Damage(at) => damage += at.bytes,
            }
        }
        (payloads, damage)
    }

    #[test]
    fn whole_files_are_read_whole() {
        let long = vec![7; 3 * CHUNK_BYTES];
        let (payloads, damage) = read(&file(&[b"one", b"", &long, b"four"]));
        assert_eq!(payloads, [b"one".to_vec(), Vec::new(), long, b"four".to_vec()]);
        assert_eq!(damage, 0);
    }

    #[test]
    fn a_file_cut_at_any_byte_gives_every_whole_frame() {
        let whole = file(&[b"one", b"two", b"three"]);
        let ends = [10, 23, 36, 51];
        for cut in FILE_HEAD.len()..=whole.len() {
            let (payloads, damage) = read(&whole[..cut]);
            let kept = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(payloads.len(), kept, "cut at {cut}");
            assert_eq!(damage, (cut - ends[kept]) as u64, "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_costs_one_frame() {
        let whole = file(&[b"one", b"two", b"three"]);
        for bit in FILE_HEAD.len() * 8..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (payloads, damage) = read(&bytes);
            assert_eq!(payloads.len(), 2, "bit {bit}");
            assert!(damage > 0, "bit {bit}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        let refused = |bytes: &[u8]| CaptureReader::new(bytes).err().unwrap().to_string();
        assert!(refused(b"").contains("ends within its head"));
        assert!(refused(b"TEELEAK\0\x07\0").contains("version 7"));
        assert!(refused(b"D/TC:0 0 a log").contains("not a capture file"));
    }

    #[test]
    fn heads_of_long_frames_side_by_side_hide_no_frame_behind_them() {
        let claim = [&[SYNC, FrameKind::Console as u8][..], &0xf_0000_u32.to_le_bytes()].concat();
        let mut bytes = file(&[b"one"]);
        bytes.extend(claim.repeat(600_000));
        bytes.extend(&file(&[b"two"])[FILE_HEAD.len()..]);
        bytes.extend(vec![0; 1 << 20]);
        assert_eq!(read(&bytes).0, [b"one".to_vec(), b"two".to_vec()]);
    }

    #[test]
    fn without_credit_nothing_is_checked_until_bytes_bring_some() {
        let bytes = file(&[b"one", b"two"]);
        let mut reader = CaptureReader::new(&*bytes).unwrap();
        reader.credit = 0;
        let skipped = Damage { bytes: (HEAD_BYTES + 3) as u64, at_end: false, is_cut: false };
        assert_eq!(reader.next_piece().unwrap(), Some(CapturePiece::Damage(skipped)));
        let kind = Some(FrameKind::Console);
        let two = CapturePiece::Frame { kind, payload: b"two" };
        assert_eq!(reader.next_piece().unwrap(), Some(two));
    }
}
