//! Splits inputs into chunks that end at line ends.
//!
//! This is the hot path, so it avoids [`teeleak_analysis::parse::lines::LineSplitter`]: a chunk is
//! scanned in the buffer it is read into, and only its last, partial line is copied.

use std::{
    io::{self, Read},
    sync::Arc,
};

use anyhow::Result;
use teeleak_analysis::parse::{
    console::{MAX_LINE, chunk_end},
    framing::{Framing, FramingCounts, TextUnframer},
};

use super::{input::TextInput, read_failure::ReadFailure};

/// Bytes of a chunk: large enough to make hand-over cheap, small enough for a core's own cache.
pub(super) const CHUNK: usize = 128 * 1024;

/// Bytes of a framed text that are read at once.
const PIECE: usize = 16 * 1024;

/// Position and origin of a chunk.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// Number of the chunk, counted over all inputs.
    pub(super) number: u64,
    /// Name of the input, on its first chunk.
    pub(super) begins: Option<Arc<str>>,
    /// Read error that ended its input after this chunk.
    pub(super) broken: Option<ReadFailure>,
    /// Of a text whose frames were removed.
    pub(super) unframed: Option<Unframed>,
}

/// How the lines of a chunk relate to those of its source.
#[derive(Clone, Default, Debug)]
pub(super) struct Unframed {
    /// For each line, the number of lines of the source that end with it.
    pub(super) source_lines: Vec<u32>,
    /// What was removed, on the last chunk that had frames.
    pub(super) counts: Option<FramingCounts>,
}

/// Reads inputs one after another.
pub(super) struct Chunks {
    inputs: std::vec::IntoIter<TextInput>,
    open: Option<Box<dyn Read + Send>>,
    /// Removes the frames of the open input, if it has any.
    unframer: Option<TextUnframer>,
    /// Bytes that were read and are to be read once more.
    again: io::Cursor<Vec<u8>>,
    /// Start of a line that the next chunk continues.
    rest: Vec<u8>,
    number: u64,
    begins: Option<Arc<str>>,
    /// Whether to skip to the next newline because the line is too long.
    skipping: bool,
}

impl Chunks {
    pub(super) fn new(inputs: Vec<TextInput>) -> Self {
        let inputs = inputs.into_iter();
        Self {
            inputs,
            open: None,
            unframer: None,
            again: io::Cursor::default(),
            rest: Vec::new(),
            number: 0,
            begins: None,
            skipping: false,
        }
    }

    /// Fills `chunk`; `None` at the end of the last input.
    ///
    /// # Errors
    /// When an input can't be opened. A later read error is in the label: what was read before it
    /// counts.
    pub(super) fn next(&mut self, chunk: &mut Vec<u8>) -> Result<Option<Label>> {
        loop {
            if self.open.is_none() && !self.open_next()? {
                return Ok(None);
            }
            let mut unframed = None;
            let read_error = match self.unframer.take() {
                Some(unframer) => self.fill_unframed(unframer, chunk, &mut unframed),
                None => self.fill(chunk),
            };
            if unframed.is_none() && read_error.is_none() && self.begins_frame(chunk) {
                continue;
            }
            self.cut_long_line(chunk);
            if !chunk.is_empty() || read_error.is_some() || unframed.is_some() {
                let beginning = self.begins.take();
                let label =
                    Label { number: self.number, begins: beginning, broken: read_error, unframed };
                self.number += 1;
                return Ok(Some(label));
            }
        }
    }

    fn open_next(&mut self) -> Result<bool> {
        let Some(input) = self.inputs.next() else { return Ok(false) };
        let text = input.open()?;
        self.begins = Some(input.name());
        self.open = Some(text.reader);
        self.unframer = text.framing.map(TextUnframer::new);
        self.skipping = false;
        Ok(true)
    }

    /// Reads into `chunk` up to the end of a line; returns the read error, if any.
    fn fill(&mut self, chunk: &mut Vec<u8>) -> Option<ReadFailure> {
        // Zeroed once, then overwritten; truncated to the bytes read below.
        chunk.resize(CHUNK, 0);
        chunk[..self.rest.len()].copy_from_slice(&self.rest);
        let mut len = self.rest.len();
        self.rest.clear();
        let mut failure = None;
        let mut is_end = false;
        while len < CHUNK && !is_end {
            match self.read(&mut chunk[len..]) {
                Ok(0) => is_end = true,
                Ok(n) => len = self.skip(chunk, len + n),
                Err(error) => (is_end, failure) = (true, Some(error.into())),
            }
        }
        chunk.truncate(len);
        if is_end {
            self.open = None;
            return failure;
        }
        let end = chunk_end(chunk, chunk.len() - 1);
        if chunk[..end].ends_with(b"\n") {
            self.rest.extend_from_slice(&chunk[end..]);
            chunk.truncate(end);
        }
        None
    }

    /// Passes on just enough of a line that is longer than any valid one for the scanner to reject it.
    fn cut_long_line(&mut self, chunk: &mut Vec<u8>) {
        if self.open.is_some() && chunk.len() == CHUNK && !chunk.ends_with(b"\n") {
            chunk.truncate(MAX_LINE + 1);
            chunk.push(b'\n');
            self.skipping = true;
        }
    }

    /// Whether frames begin in `chunk`: it is read again, without them.
    fn begins_frame(&mut self, chunk: &mut Vec<u8>) -> bool {
        let framing = if self.skipping { None } else { Framing::begin_in(chunk) };
        if let Some(framing) = framing {
            self.unframer = Some(TextUnframer::new(framing));
            chunk.append(&mut self.rest);
            self.read_again(chunk);
            chunk.clear();
        }
        self.unframer.is_some()
    }

    /// Puts bytes before those that are still to be read.
    fn read_again(&mut self, bytes: &[u8]) {
        let read = usize::try_from(self.again.position()).unwrap_or(usize::MAX);
        let unread = self.again.get_ref().get(read..).unwrap_or_default();
        self.again = io::Cursor::new([bytes, unread].concat());
        // The input may have been at its end.
        self.open.get_or_insert_with(|| Box::new(io::empty()));
    }

    /// Reads into `chunk` without the frames of the text; returns the read error, if any.
    fn fill_unframed(
        &mut self,
        mut unframer: TextUnframer,
        chunk: &mut Vec<u8>,
        unframed: &mut Option<Unframed>,
    ) -> Option<ReadFailure> {
        let Unframed { source_lines, counts } = unframed.insert(Unframed::default());
        chunk.clear();
        let mut take = |line: &[u8], lines: u32| {
            chunk.extend_from_slice(line);
            chunk.push(b'\n');
            source_lines.push(lines);
            chunk.len()
        };
        let mut piece = vec![0; PIECE];
        let mut len = 0;
        let mut read = self.read(&mut piece);
        while let Ok(1..) = read {
            unframer.push(&piece[..read.unwrap_or(0)], |line, lines| len = take(line, lines));
            if len >= CHUNK {
                match unframer.take_plain_rest() {
                    Some((rest, removed)) => {
                        *counts = Some(removed);
                        self.read_again(&rest);
                    }
                    None => self.unframer = Some(unframer),
                }
                return None;
            }
            read = self.read(&mut piece);
        }
        self.open = None;
        unframer.end(|line, lines| len = take(line, lines));
        *counts = Some(unframer.counts());
        if !unframer.is_ended() {
            chunk.pop();
        }
        read.err().map(Into::into)
    }

    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let n = self.again.read(room)?;
        let Some(reader) = self.open.as_mut().filter(|_| n == 0) else { return Ok(n) };
        loop {
            match reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// Drops the tail of a too-long line from the first `len` bytes; returns the remaining bytes.
    fn skip(&mut self, chunk: &mut [u8], len: usize) -> usize {
        if !self.skipping {
            return len;
        }
        let Some(end) = memchr::memchr(b'\n', &chunk[..len]) else { return 0 };
        self.skipping = false;
        chunk.copy_within(end + 1..len, 0);
        len - end - 1
    }
}

#[cfg(test)]
mod tests {
    use crate::source::text::chunks::*;

    fn read(text: Vec<u8>) -> Vec<Vec<u8>> {
        let mut chunks = Chunks::new(Vec::new());
        chunks.open = Some(Box::new(io::Cursor::new(text)));
        let mut all = Vec::new();
        let mut chunk = Vec::new();
        while let Some(label) = chunks.next(&mut chunk).unwrap() {
            assert_eq!(label.number, all.len() as u64);
            all.push(chunk.clone());
        }
        all
    }

    #[test]
    fn chunks_are_the_text_in_whole_lines() {
        let text = b"0123456789abcdef\n".repeat(40_000);
        let chunks = read(text.clone());
        assert!(chunks.len() > 2);
        assert!(chunks.iter().all(|chunk| chunk.ends_with(b"\n")));
        assert_eq!(chunks.concat(), text);
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_a_chunk() {
        let text = [b"first\n".as_slice(), &vec![b'x'; 3 * CHUNK], b"\nlast"].concat();
        let chunks = read(text);
        assert_eq!(chunks[0], b"first\n");
        let lines: Vec<_> = chunks.concat().split(|b| *b == b'\n').map(<[u8]>::len).collect();
        assert_eq!(lines, [5, MAX_LINE + 1, 4]);
    }
}
