//! Splits inputs into chunks that end at line ends.
//!
//! This is the hot path, so it avoids [`teeleak_analysis::parse::lines::LineSplitter`]: a chunk is
//! scanned in the buffer it is read into, and only its last, partial line is copied.

use std::{io::Read, sync::Arc};

use anyhow::Result;
use teeleak_analysis::parse::console::{MAX_LINE, chunk_end};

use super::input::Input;

/// Bytes of a chunk: large enough to make hand-over cheap, small enough for a core's own cache.
pub(super) const CHUNK: usize = 128 * 1024;

/// Position and origin of a chunk.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// Number of the chunk, counted over all inputs.
    pub(super) number: u64,
    /// Name of the input, on its first chunk.
    pub(super) begins: Option<Arc<str>>,
    /// Read error that ended its input after this chunk.
    pub(super) broken: Option<Arc<str>>,
}

/// Reads inputs one after another.
pub(super) struct Chunks {
    inputs: std::vec::IntoIter<Input>,
    open: Option<(Input, Box<dyn Read + Send>)>,
    /// Start of a line that the next chunk continues.
    rest: Vec<u8>,
    number: u64,
    begins: Option<Arc<str>>,
    /// Whether to skip to the next newline because the line is too long.
    skipping: bool,
}

impl Chunks {
    pub(super) fn new(inputs: Vec<Input>) -> Self {
        let inputs = inputs.into_iter();
        let rest = Vec::new();
        Self { inputs, open: None, rest, number: 0, begins: None, skipping: false }
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
            let failure = self.fill(chunk);
            if !chunk.is_empty() || failure.is_some() {
                let label =
                    Label { number: self.number, begins: self.begins.take(), broken: failure };
                self.number += 1;
                return Ok(Some(label));
            }
        }
    }

    fn open_next(&mut self) -> Result<bool> {
        let Some(input) = self.inputs.next() else { return Ok(false) };
        let reader = input.open()?;
        self.begins = Some(input.name());
        self.open = Some((input, reader));
        self.skipping = false;
        Ok(true)
    }

    /// Reads into `chunk` up to the end of a line; returns the read error, if any.
    fn fill(&mut self, chunk: &mut Vec<u8>) -> Option<Arc<str>> {
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
                Err(error) => (is_end, failure) = (true, Some(error.to_string().into())),
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
        } else {
            // Longer than any valid line: pass on just enough for the scanner to reject it.
            chunk.truncate(MAX_LINE + 1);
            chunk.push(b'\n');
            self.skipping = true;
        }
        None
    }

    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let Some((_, reader)) = &mut self.open else { return Ok(0) };
        loop {
            match reader.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
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
        chunks.open = Some((Input::Pipe, Box::new(std::io::Cursor::new(text))));
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
