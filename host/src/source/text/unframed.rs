//! A text without its frames, as bytes: for readers that take lines as they come.

use std::io::{self, Read};

use teeleak_analysis::parse::framing::{Framing, Unframer};

/// Bytes per read.
const PIECE: usize = 16 * 1024;

/// Reads a text without its frames. Blank lines stand for those that were joined to the one before them,
/// so that lines keep their numbers.
pub(super) struct UnframedText<R> {
    reader: R,
    unframer: Unframer,
    piece: Vec<u8>,
    text: Vec<u8>,
    /// Bytes of `text` that were taken.
    taken: usize,
    is_over: bool,
}

impl<R: Read> UnframedText<R> {
    pub(super) fn new(reader: R, framing: Framing) -> Self {
        let unframer = Unframer::new(framing);
        Self { reader, unframer, piece: vec![0; PIECE], text: Vec::new(), taken: 0, is_over: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        (self.taken, self.is_over) = (0, false);
        self.text.clear();
        let n = self.reader.read(&mut self.piece)?;
        let text = &mut self.text;
        let take = |line: &[u8], lines: u32| {
            text.extend_from_slice(line);
            text.resize(text.len() + lines.max(1) as usize, b'\n');
        };
        match n {
            0 => self.unframer.end(take),
            n => self.unframer.push(&self.piece[..n], take),
        }
        self.is_over = n == 0;
        Ok(())
    }
}

impl<R: Read> Read for UnframedText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() && !self.is_over {
            self.refill()?;
        }
        let n = (self.text.len() - self.taken).min(buffer.len());
        buffer[..n].copy_from_slice(&self.text[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}
