//! One ring file, read while its process writes to it.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::Path,
};

use anyhow::Result;
use rustix::fs::{Mode, OFlags};
use teeleak_proto::{
    client::{
        HEAD_BYTES, SlotState,
        batch::{self, BatchHead, PROCESS_BYTES, ProcessState},
        head::{self, HeadError, RingHead},
    },
    frame::FrameKind,
};

use crate::source::Sink;

/// Slots per copy; a frame of them stays far below `limits::FRAME_BYTES`.
const AT_ONCE: u64 = 512;

/// A ring file.
pub struct RingFile {
    file: File,
    head: RingHead,
    /// Ticket to read next.
    next: u64,
    /// Lost records not yet reported in a frame.
    lost: u64,
    reported_head: Option<RingHead>,
}

/// A piece copied from the ring.
struct RingPiece {
    /// Complete slots, in capture byte order.
    slots: Vec<u8>,
    first: u64,
    /// Whether it ends at a record that is still being written.
    stopped: bool,
}

impl RingFile {
    /// Opens a ring file; `None` while its head is still being written.
    ///
    /// # Errors
    /// When it can't be read, is no regular file, or is of another version.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "expected a regular file"));
        }
        match read_head(&file)? {
            Ok(head) => Ok(Some(Self { file, head, next: 0, lost: 0, reported_head: None })),
            Err(HeadError::Magic(0)) => Ok(None),
            Err(error) => {
                let text = format!("expected a ring head, found {error:?}");
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            }
        }
    }

    /// The user that the file belongs to.
    ///
    /// # Errors
    /// When the system does not say it.
    pub fn owner(&self) -> io::Result<u32> {
        Ok(self.file.metadata()?.uid())
    }

    /// Its head as of the last read.
    #[must_use]
    pub fn head(&self) -> &RingHead {
        &self.head
    }

    /// Passes on new records. If the process has `ended`, does not wait for pending ones.
    ///
    /// # Errors
    /// When the file can't be read or the sink does not take it.
    pub fn poll(&mut self, ended: bool, sink: &mut dyn Sink) -> Result<()> {
        self.look()?;
        if self.reported_head.is_none() {
            self.report_process(ProcessState::Running, sink)?;
        }
        let end = self.head.tickets;
        while self.next < end {
            let piece = self.take(end, ended)?;
            if !piece.slots.is_empty() {
                self.pass(&piece, sink)?;
            }
            if piece.stopped {
                break;
            }
        }
        if ended {
            self.end(sink)?;
        }
        Ok(())
    }

    /// Copies the next slots and skips lost records.
    fn take(&mut self, until: u64, ended: bool) -> io::Result<RingPiece> {
        self.skip_overwritten();
        let (slots, slot_bytes) = (self.head.slots, self.head.slot_words * 8);
        let first = self.next;
        // Stop at the end of the file, where the ring wraps.
        let n = until.saturating_sub(first).min(AT_ONCE).min(slots - first % slots);
        let n_bytes = usize::try_from(n).unwrap_or(0) * slot_bytes;
        let offset = HEAD_BYTES as u64 + first % slots * slot_bytes as u64;
        let mut copy = vec![0; n_bytes];
        self.file.read_exact_at(&mut copy, offset)?;
        // A writer takes its ticket before it touches the slot: if no later ticket for a slot was
        // issued by the end of the copy, the slot was not modified meanwhile.
        self.look()?;
        let mut piece = RingPiece { slots: Vec::with_capacity(n_bytes), first, stopped: false };
        for slot in copy.chunks_exact(slot_bytes) {
            let overwritten = self.head.tickets > self.next.saturating_add(slots);
            match batch::slot_state(slot, self.next) {
                SlotState::Whole if !overwritten => piece.slots.extend_from_slice(slot),
                SlotState::Pending if !overwritten && !ended && !self.is_stuck() => {
                    piece.stopped = true;
                    break;
                }
                _ => self.lost += 1,
            }
            self.next += 1;
        }
        batch::to_capture_order(&mut piece.slots);
        Ok(piece)
    }

    fn skip_overwritten(&mut self) {
        let oldest = self.head.tickets.saturating_sub(self.head.slots);
        if oldest > self.next {
            self.lost += oldest - self.next;
            self.next = oldest;
        }
    }

    /// Whether half a ring was written since: the writer of this record was stopped or gave up.
    fn is_stuck(&self) -> bool {
        self.head.tickets.saturating_sub(self.next) > self.head.slots / 2
    }

    fn pass(&mut self, taken: &RingPiece, sink: &mut dyn Sink) -> Result<()> {
        let payload = [&self.batch_head(taken.first).encode(), &taken.slots[..]].concat();
        self.lost = 0;
        sink.frame(Some(FrameKind::ClientCalls), &payload)
    }

    fn batch_head(&self, first: u64) -> BatchHead {
        BatchHead {
            pid: self.head.pid,
            slot_words: u32::try_from(self.head.slot_words).unwrap_or(0),
            born_ns: self.head.born_ns,
            first,
            lost: self.lost,
        }
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.lost > 0 {
            let head = self.batch_head(self.next).encode();
            self.lost = 0;
            sink.frame(Some(FrameKind::ClientCalls), &head)?;
        }
        self.report_process(ProcessState::Ended, sink)
    }

    /// Passes on the final state of a process that still runs when tracing stops.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.report_process(ProcessState::Running, sink)
    }

    /// Passes on the current head.
    fn report_process(&mut self, state: ProcessState, sink: &mut dyn Sink) -> Result<()> {
        self.reported_head = Some(self.head);
        let mut payload = Vec::with_capacity(PROCESS_BYTES);
        payload.push(state as u8);
        let mut words = vec![0; head::WORDS * 8];
        self.file.read_exact_at(&mut words, 0)?;
        batch::to_capture_order(&mut words);
        payload.append(&mut words);
        sink.frame(Some(FrameKind::ClientProcess), &payload)
    }

    fn look(&mut self) -> io::Result<()> {
        if let Ok(head) = read_head(&self.file)? {
            // The number and size of slots never change; ignore a writer that changes them.
            self.head =
                RingHead { slots: self.head.slots, slot_words: self.head.slot_words, ..head };
        }
        Ok(())
    }
}

fn read_head(file: &File) -> io::Result<Result<RingHead, HeadError>> {
    let mut bytes = [0; head::WORDS * 8];
    file.read_exact_at(&mut bytes, 0)?;
    let mut words = [0; head::WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_ne_bytes(bytes.try_into().unwrap_or_default());
    }
    Ok(RingHead::decode(&words))
}
