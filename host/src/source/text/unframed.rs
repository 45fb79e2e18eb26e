//! A text without its frames, as bytes: for readers that take lines as they come.

use std::io::{self, BufRead, Read};

use teeleak_analysis::parse::framing::{Framing, TextUnframer};

/// Bytes per read.
const PIECE: usize = 128 * 1024;

/// Reads a text without its frames, wherever they begin. Blank lines stand for those that were joined to the
/// one before them, so that lines keep their numbers.
pub(super) struct UnframedText<R> {
    reader: R,
    /// Removes the frames, once there were some.
    unframer: Option<TextUnframer>,
    piece: Vec<u8>,
    text: Vec<u8>,
    /// Bytes of `text` that were taken, and those in whole lines.
    taken: usize,
    whole: usize,
    is_over: bool,
}

impl<R: Read> UnframedText<R> {
    pub(super) fn new(reader: R, framing: Option<Framing>) -> Self {
        Self {
            reader,
            unframer: framing.map(TextUnframer::new),
            piece: vec![0; PIECE],
            text: Vec::new(),
            taken: 0,
            whole: 0,
            is_over: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.drain(..self.taken);
        self.taken = 0;
        let n = self.reader.read(&mut self.piece)?;
        self.is_over = n == 0;
        if self.unframer.is_none() {
            self.take_plain(n);
        } else {
            self.take_unframed(n);
        }
        Ok(())
    }

    /// Takes the piece as it is, unless a frame begins in it.
    fn take_plain(&mut self, n: usize) {
        self.text.extend_from_slice(&self.piece[..n]);
        self.whole = match memchr::memrchr(b'\n', &self.text) {
            Some(end) if !self.is_over => end + 1,
            None if !self.is_over && self.text.len() < PIECE => 0,
            _ => self.text.len(),
        };
        if let Some(framing) = Framing::begin_in(&self.text[..self.whole]) {
            let text = std::mem::take(&mut self.text);
            let unframer = self.unframer.insert(TextUnframer::new(framing));
            self.whole = 0;
            unframer.push(&text, |line, lines| add_line(&mut self.text, line, lines));
            self.take_unframed(0);
        }
    }

    fn take_unframed(&mut self, n: usize) {
        let Some(unframer) = &mut self.unframer else { return };
        let take = |line: &[u8], lines: u32| add_line(&mut self.text, line, lines);
        match self.is_over {
            true => unframer.end(take),
            false => unframer.push(&self.piece[..n], take),
        }
        self.whole = self.text.len();
    }
}

fn add_line(text: &mut Vec<u8>, line: &[u8], lines: u32) {
    text.extend_from_slice(line);
    text.resize(text.len() + lines.max(1) as usize, b'\n');
}

impl<R: Read> Read for UnframedText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for UnframedText<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.taken == self.whole && !self.is_over {
            self.refill()?;
        }
        Ok(&self.text[self.taken..self.whole])
    }

    fn consume(&mut self, n: usize) {
        self.taken += n;
    }
}
